/** What was typed or drawn and is not saved: whoever would lose it is asked first, wherever they go. */
import { onUnmounted, shallowReactive, watch } from 'vue'
import type { Msg } from './flow'

const held = shallowReactive(new Set<object>())

/** While `is` says so, the part of the page that calls this holds something unsaved; what is no longer shown holds nothing. */
export function unsaved(is: () => boolean): void {
  const me = {}
  watch(is, (now) => (now ? held.add(me) : held.delete(me)), { immediate: true, flush: 'sync' })
  onUnmounted(() => held.delete(me))
}

/** Go at once where nothing would be lost, else ask. */
export function leaving(say: (msg: Msg) => void, go: () => void): void {
  if (held.size) say({ name: 'ask', ask: { deed: 'lose', go } })
  else go()
}

/** A page that is reloaded or closed asks in the browser's own words. */
export function guard(page: EventTarget): void {
  page.addEventListener('beforeunload', (event) => {
    if (!held.size) return
    event.preventDefault()
    ;(event as BeforeUnloadEvent).returnValue = '' // browsers before Chrome 119 ask by this alone
  })
}
