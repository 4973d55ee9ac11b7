/** What every Vue face starts with: its picture as reactive state, a ticking clock, and a start that does not give up. */
import { createApp, h, onMounted, onUnmounted, reactive, ref, shallowReactive, shallowRef, type App, type Component, type FunctionalComponent, type Ref } from 'vue'
import type { Picture } from './apply'
import { serverNow } from './clock'
import type { Hall, HallEvent, Lang, Rows } from './contract'
import { connect, deviceKey, dropDeviceKey, get, getCsrf, type Phase } from './link'
import { keep, kept } from './keep'
import { loadOthers, loadText, setHome } from './text'
import './theme.css'

/** Seconds without a word after which a face says that its picture is old. */
export const STALE_S = 15

const AGAIN_MS = 5000
/** What a face asks for over HTTP and keeps, beside its picture. */
interface Kept {
  version: () => string | undefined
  load: () => Promise<unknown>
  /** Not asked again before. */
  due: number
}
const beside: Kept[] = [{ version: () => hall.facts?.version, load: loadHall, due: 0 }]
/** `load` is asked again whenever `version` is not that of the picture: after a publication, and after one that was missed. */
export const keepUp = (version: Kept['version'], load: Kept['load']) => void beside.push({ version, load, due: 0 })
function catchUp(facts: string | undefined) {
  for (const one of beside) {
    if (!facts || one.version() === facts || Date.now() < one.due) continue
    one.due = Date.now() + AGAIN_MS
    void one.load()
  }
}

export interface Live<P extends { rows: object; values: object }> {
  /** enrol: this device has no valid key.  session: nobody is signed in. */
  phase: 'enrol' | 'session' | 'connecting' | 'live' | 'offline'
  revision: number
  rows: Rows<P['rows']>
  values: Partial<P['values']>
  /** No contact for STALE_S: what is shown may be old. */
  stale: boolean
  age_s: number
  on: (name: string, play: (event: HallEvent) => void) => void
  /** Call after enrolling or signing in. */
  reconnect: () => void
  resync: () => void
  send: (name: string, body: object) => Promise<boolean>
}

/**
 * Follow one namespace for the life of a face.
 * who = 'device': the key of this address; 'staff': the session's CSRF token and what `auth` adds.
 */
export function useLive<P extends { rows: object; values: object }>(
  namespace: string,
  who: 'device' | 'staff' = 'device',
  auth: () => Record<string, unknown> = () => ({}),
): Live<P> {
  const players: Record<string, ((event: HallEvent) => void)[]> = {}
  let heard = Date.now()
  let link: ReturnType<typeof connect> | null = null

  const live = reactive({
    phase: 'connecting', revision: 0, rows: {}, values: {}, stale: false, age_s: 0,
    on: (name: string, play: (event: HallEvent) => void) => void (players[name] = players[name] || []).push(play),
    reconnect: () => {
      live.phase = 'connecting'
      if (link) link.reconnect()
      else start()
    },
    resync: () => link && link.resync(),
    send: (name: string, body: object) => (link ? link.send(name, body) : Promise.resolve(false)),
  }) as Live<P>

  const onPhase = (phase: Phase) => {
    if (phase === 'unknown-device') {
      dropDeviceKey()
      live.phase = 'enrol'
    } else live.phase = phase === 'session-needed' ? 'session' : phase
  }
  function start() {
    link = connect(namespace, {
      probes: namespace === '/kiosk',
      auth: () => (who === 'device' ? { key: deviceKey(), ...auth() } : { csrf: getCsrf(), ...auth() }),
      onPhase,
      onPicture: (picture: Picture) => {
        live.revision = picture.revision
        live.rows = picture.rows as Rows<P['rows']>
        live.values = picture.values as Partial<P['values']>
      },
      onEvent: (event) => {
        for (const play of [...(players[event.name] || []), ...(players['*'] || [])]) play(event)
      },
      onHeard: () => {
        heard = Date.now()
        live.age_s = 0
        live.stale = false
      },
    })
  }
  if (doorKey()) live.phase = 'offline'
  else if (who === 'device' && !deviceKey()) live.phase = 'enrol'
  else start()

  const timer = setInterval(() => {
    live.age_s = Math.floor((Date.now() - heard) / 1000)
    live.stale = live.age_s >= STALE_S
    // Each at a moment of its own second: two hundred screens do not ask at once.
    if (live.phase === 'live') catchUp((live.values as { facts?: string }).facts)
  }, 1000)
  onUnmounted(() => {
    clearInterval(timer)
    if (link) link.close()
  })
  return live
}

/** Width and height of `box` in rem, measured again whenever they change; `start` until it stands on the page. */
export function useRoom(box: Ref<HTMLElement | null>, start: { wide: number; high: number }): Ref<{ wide: number; high: number }> {
  const room = shallowRef(start)
  const measure = () => {
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize)
    if (box.value) room.value = { wide: box.value.clientWidth / rem, high: box.value.clientHeight / rem }
  }
  const watcher = new ResizeObserver(measure)
  onMounted(() => {
    measure()
    watcher.observe(box.value!)
  })
  onUnmounted(() => watcher.disconnect())
  return room
}

/** True from the frame after a component's first one: what nobody looks at first waits for it, so that a touch is answered at once. */
export function usePainted(): Ref<boolean> {
  const painted = ref(false)
  let frame = 0
  const then = (go: () => void) => (frame = requestAnimationFrame(go))
  onMounted(() => then(() => then(() => (painted.value = true))))
  onUnmounted(() => cancelAnimationFrame(frame))
  return painted
}

/** The server's time, ticking. */
export function useNow(every_ms = 1000): Ref<number> {
  const now = ref(serverNow())
  const timer = setInterval(() => (now.value = serverNow()), every_ms)
  onUnmounted(() => clearInterval(timer))
  return now
}

export const hall = shallowReactive<{ facts: Hall | null }>({ facts: null })
export async function loadHall(): Promise<boolean> {
  const answer = await get<Hall>('/api/hall')
  if (answer.ok) {
    hall.facts = answer.body
    keep('wucha:hall', answer.body)
  } else if (!hall.facts) hall.facts = kept<Hall>('wucha:hall')
  return hall.facts !== null
}

/** The language that a face's address asks for: /hall/B1?lang=en. */
export const ASKED = (/[?&]lang=([a-z]{2,3})\b/.exec(location.search) || [])[1]

/** The id in this face's address: /touch/K1 -> K1. */
export const faceId = (): string =>
  document.documentElement.dataset.id || decodeURIComponent(location.pathname.split('/')[2] || '')

/** The key that the device host beside this kiosk wrote into the page: it serves the page itself, for the server is away. */
export const doorKey = (): string => document.documentElement.dataset.door || ''

/**
 * True when the server now serves another build, or the hall wears another look, than what is running here. Ask when nobody is using the face, then reload.
 */
export async function outdated(): Promise<boolean> {
  try {
    const reply = await fetch(location.pathname, { cache: 'no-store' })
    if (!reply.ok) return false
    const served = ((await reply.text()).match(/\/assets\/[\w.-]+\.js|\/brand\.css\?v=\w+/g) || []).join()
    const styles = Array.from(document.querySelectorAll('link[rel=stylesheet]'), (s) => s.getAttribute('href') || '').filter((s) => s.indexOf('/brand.css') === 0)
    const running = [...Array.from(document.scripts, (s) => s.getAttribute('src') || '').filter((s) => s.indexOf('/assets/') === 0), ...styles]
    return served !== '' && running.some((src) => served.indexOf(src) < 0)
  } catch {
    return false
  }
}

const LATER_MS = 2000
/**
 * A component that comes when it is first shown, so that a face carries what it shows every day.
 * soon: fetched by itself a little after the start, where a touch must not wait for it.
 */
export function later<C extends Component>(load: () => Promise<{ default: C }>, soon = false): C {
  const found = shallowRef<Component | null>(null)
  let asked = false
  const ask = () => {
    if (asked) return
    asked = true
    load().then(
      (module) => (found.value = module.default),
      () => setTimeout(() => ((asked = false), ask()), LATER_MS),
    )
  }
  if (soon) setTimeout(ask, LATER_MS)
  const Later: FunctionalComponent = (_props, { attrs, slots }) => {
    if (!found.value) return void ask()
    return h(found.value, attrs, slots)
  }
  Later.inheritAttrs = false
  return Later as Component as C
}

/**
 * Load words and hall facts, then show the face. Without a server it waits and says so; nobody has to press F5.
 * home: the language it begins with when its address asks for none.
 */
export async function startFace(Face: Component, more: () => Promise<boolean> = async () => true, home: Lang = 'zh'): Promise<App> {
  const first = ASKED || home
  const root = document.getElementById('app')!
  for (;;) {
    const done = await Promise.all([loadText(first === 'zh' ? ['zh'] : ['zh', first]), loadHall(), more()])
    if (done.every(Boolean)) break
    if (!root.firstChild) {
      const words = document.createElement('p') // the only words not in config/text: there is no text yet
      words.className = 'boot'
      words.textContent = '正在连接大厅服务器…  Connecting…'
      root.appendChild(words)
    }
    await new Promise((go) => setTimeout(go, 3000))
  }
  root.textContent = ''
  setHome(first)
  const app = createApp(Face)
  app.config.errorHandler = (error) => {
    console.error(error)
  }
  app.mount(root)
  setTimeout(loadOthers, LATER_MS)
  return app
}
