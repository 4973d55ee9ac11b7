/**
 * The card on this kiosk's reader, and the code before its scanner. What is read is told to the machine (flow.ts); what it
 * carries lives there and ends with the visit. Nothing of it is kept in the browser's storage but a request that is under way.
 */
import { onUnmounted, ref, watch, type ComputedRef, type Ref } from 'vue'
import { beep } from '@client/beep'
import type { CardRead, HallEvent, KioskPicture, Mine } from '@client/contract'
import type { Live } from '@client/face'
import { newRequestId, post } from '@client/link'
import { codeOf } from '@client/scanner'
import { has, t } from '@client/text'
import type { Kiosk, Msg } from './flow'

const TROUBLE_MS = 6000
const ASK_MS = 60000
/** A reader that can read: it is declared here, and nothing is known to be wrong with it. */
export const canRead = (state: string | undefined): boolean => state === 'ok'
/** On these pages a card is expected: a reader that looks only when asked is asked to look. */
const wanted = (kiosk: Kiosk) => kiosk.at.step === 'guide' || kiosk.at.step === 'check_in' || (kiosk.at.step === 'mine' && !kiosk.card)

export interface Cards {
  /** What to tell somebody whose card or code could not be read; '' when there is nothing. */
  trouble: Ref<string>
  /** Numbers and bookings of whoever laid the card; null while they are looked up. */
  mine: Ref<Mine | null>
  scanned: (text: string) => void
}

/** alone: the server is away, and the host beside the kiosk gives its numbers. */
export function useCards(live: Live<KioskPicture>, kiosk: Ref<Kiosk>, ready: ComputedRef<boolean>, alone: () => boolean, say: (msg: Msg) => void): Cards {
  const trouble = ref('')
  const mine = ref<Mine | null>(null)
  let quiet: ReturnType<typeof setTimeout> | undefined
  const tell = (words: string) => {
    trouble.value = words
    clearTimeout(quiet)
    quiet = setTimeout(() => (trouble.value = ''), TROUBLE_MS)
  }
  function scanned(text: string) {
    const code = codeOf(text)
    if (alone()) tell(t('touch.spare.no_check_in')) // only the server knows who has booked
    else if (code) say({ name: 'code', code, request_id: newRequestId() })
    else tell(t('touch.code_foreign'))
  }
  live.on('card.read', (event: HallEvent) => {
    trouble.value = ''
    beep()
    say({ name: 'card', card: event as unknown as CardRead, request_id: newRequestId(), now: Date.now() })
  })
  live.on('card.failed', (event: HallEvent) => {
    const words = 'touch.card_failed.' + String(event.reason)
    tell(t(has(words) ? words : 'touch.card_failed.moved'))
  })
  live.on('code.scanned', (event: HallEvent) => {
    beep()
    say({ name: 'touched', now: Date.now() })
    scanned(String(event.text))
  })
  live.on('code.failed', () => tell(t('touch.code_foreign')))

  // whose numbers are they
  watch(() => (kiosk.value.at.step === 'mine' && kiosk.value.card ? kiosk.value.card.reading : null), async (reading) => {
    mine.value = null
    if (!reading) return
    const answer = await post<Mine>('/api/tickets/mine', { reading }, { bare: true })
    if (!kiosk.value.card || kiosk.value.card.reading !== reading) return
    if (answer.ok) mine.value = answer.body
    else say({ name: 'card.old' })
  })

  // a reader that waits to be asked
  const ask = (on: boolean) => void live.send('want_card', { wanted: on })
  let again: ReturnType<typeof setInterval> | undefined
  watch(() => ready.value && live.phase === 'live' && wanted(kiosk.value), (on, was) => {
    clearInterval(again)
    if (on) {
      ask(true)
      again = setInterval(() => ask(true), ASK_MS)
    } else if (was && live.phase === 'live') ask(false)
  })
  onUnmounted(() => {
    clearInterval(again)
    clearTimeout(quiet)
  })
  return { trouble, mine, scanned }
}
