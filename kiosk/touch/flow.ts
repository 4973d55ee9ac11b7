/**
 * The kiosk as a machine. Pure: no clock, no DOM, no socket; the time comes in with the message.
 *
 *   home -> (list | search) -> guide -> taking -> number -> home        taking -> refused | lost -> guide, or taking again
 *   taking -> confirm (many are ahead, or the same service again) -> taking with the answer, or home
 *   guide -> home with the service in the basket (several matters on one number) -> guide of the next, or taking at once
 *   home -> check_in (or a scan) -> taking -> number                    an appointment's code instead of a service
 *   the server is away, and the host beside the kiosk has numbers: guide -> taking (spare) -> number; lost -> taking (spare)
 *   a card: guide -> taking with it; else -> mine (what its holder has here) -> number, taking (check-in by card) or all
 *
 * A number is taken once: `take` counts only on the guide (or again, with the same request_id, on `lost`), and it leaves
 * that step at the first touch. What one visitor chose (language, large type, contrast, low) ends with the visit.
 */
import type { Both, CardRead, Lang, Slip, Taken } from '@client/contract'

export type Tab = 'theme' | 'event' | 'department'
export type Step =
  | { step: 'home' }
  | { step: 'all' }
  | { step: 'list'; by: Tab; id: string }
  | { step: 'search'; query: string }
  | { step: 'guide'; service: string; priority: string | null; from: Step }
  | { step: 'taking'; request_id: string; service: string; further?: string[]; priority: string | null; code?: string; slow: boolean; confirmed?: string[]; spare?: boolean }
  | { step: 'confirm'; service: string; further?: string[]; priority: string | null; refused: string; text: Both | null; facts: Record<string, unknown>; confirmed: string[] }
  | { step: 'number'; taken: Taken; slip: Slip | null; reprint: Reprint; until: number }
  | { step: 'check_in'; code: string }
  /** Lay a card; or, with one, the numbers and bookings of its holder. */
  | { step: 'mine' }
  | { step: 'refused'; service: string; code?: string; spare?: boolean; refused: string; text: Both | null; facts: Record<string, unknown> }
  | { step: 'lost'; request_id: string; service: string; further?: string[]; priority: string | null; code?: string; confirmed?: string[] }
export type Reprint = 'no' | 'asking' | 'refused'
export interface Look {
  lang: Lang | '' // '': the kiosk's own, which its address may name
  elder: boolean
  contrast: boolean
  low: boolean
}
export interface Kiosk {
  at: Step
  tab: Tab
  /** Services chosen before the one that is read now: they all go on one number, in this order. */
  basket: string[]
  /** The class that was named while they were chosen. */
  claimed: string | null
  look: Look
  /** The card that was laid in this visit; it goes with every request and ends with the visit. */
  card?: CardRead
  touched_at: number
  /** Seconds left before an abandoned visit ends; null while somebody is there. */
  warning_s: number | null
}

export const IDLE_S = 60
export const WARN_S = 15
/** A start page that nobody has touched for so long invites whoever passes by. */
export const ATTRACT_S = 120
export const NUMBER_S = 30
export const NUMBER_ELDER_S = 60
export const CODE_DIGITS = 8
/** Instead of a check-in code: the card says whose appointment it is. */
export const BY_CARD = 'card'
/** Services on one number; the server takes no more. */
export const MOST_SERVICES = 5

const PLAIN: Look = { lang: '', elder: false, contrast: false, low: false }
export const start = (now: number): Kiosk => ({ at: { step: 'home' }, tab: 'theme', basket: [], claimed: null, look: PLAIN, touched_at: now, warning_s: null })

export type Msg =
  | { name: 'touched'; now: number }
  | { name: 'tick'; now: number }
  | { name: 'home' }
  | { name: 'back' }
  | { name: 'tab'; tab: Tab }
  | { name: 'all' }
  | { name: 'list'; by: Tab; id: string }
  | { name: 'search' }
  | { name: 'typed'; query: string }
  | { name: 'service'; service: string }
  | { name: 'priority'; priority: string | null }
  | { name: 'look'; look: Partial<Look> }
  /** One more matter: this one is put aside and the next is looked for. */
  | { name: 'more' }
  | { name: 'drop'; service: string }
  /** spare: 离线取号, of the host beside us. */
  | { name: 'take'; request_id: string; spare?: boolean }
  /** After a power cut: the request that may have been cut off is sent again. */
  | { name: 'resumed'; request_id: string; service: string; further?: string[]; priority: string | null; code?: string; confirmed?: string[] }
  /** The wish that got no answer is for the host beside us. */
  | { name: 'instead' }
  | { name: 'check_in' }
  | { name: 'digits'; code: string }
  /** The eight digits were typed, or a code was scanned. */
  | { name: 'code'; code: string; request_id: string }
  | { name: 'card'; card: CardRead; request_id: string; now: number }
  /** The reading is no longer good: lay the card once more. */
  | { name: 'card.old' }
  | { name: 'mine' }
  | { name: 'by_card'; request_id: string }
  /** One of the numbers somebody has already. */
  | { name: 'show'; taken: Taken; now: number }
  | { name: 'slow' }
  | { name: 'taken'; taken: Taken; now: number }
  | { name: 'refused'; refused: string; text: Both | null; facts?: Record<string, unknown> }
  | { name: 'lost' }
  | { name: 'slip'; ticket: number; slip: Slip; now: number }
  | { name: 'reprint' }
  | { name: 'reprint.refused' }
  | { name: 'stay'; now: number }

const numberSeconds = (look: Look) => (look.elder ? NUMBER_ELDER_S : NUMBER_S)
const to = (kiosk: Kiosk, at: Step): Kiosk => ({ ...kiosk, at })

export function next(kiosk: Kiosk, msg: Msg): Kiosk {
  const at = kiosk.at
  switch (msg.name) {
    case 'touched':
      return { ...kiosk, touched_at: msg.now, warning_s: null }
    case 'tick':
      return tick(kiosk, msg.now)
    case 'look':
      return { ...kiosk, look: { ...kiosk.look, ...msg.look } }
    case 'home':
      if (at.step === 'taking') return kiosk
      // Who is collecting services goes back to the start with them; everybody else leaves.
      return kiosk.basket.length && browsing(at) ? to(kiosk, { step: 'home' }) : start(kiosk.touched_at)
    case 'back':
      return back(kiosk)
    case 'tab':
      return { ...kiosk, tab: msg.tab }
    case 'all':
      return at.step === 'home' || at.step === 'mine' ? to(kiosk, { step: 'all' }) : kiosk
    case 'list':
      return at.step === 'home' || at.step === 'all' ? to(kiosk, { step: 'list', by: msg.by, id: msg.id }) : kiosk
    case 'search':
      return at.step === 'home' || at.step === 'all' || at.step === 'list' ? to(kiosk, { step: 'search', query: '' }) : kiosk
    case 'typed':
      return at.step === 'search' ? to(kiosk, { ...at, query: msg.query.slice(0, 24) }) : kiosk
    case 'service':
      return at.step === 'home' || at.step === 'all' || at.step === 'list' || at.step === 'search'
        ? to(kiosk, { step: 'guide', service: msg.service, priority: kiosk.claimed, from: at })
        : kiosk
    case 'priority':
      return at.step === 'guide' ? to(kiosk, { ...at, priority: msg.priority }) : kiosk
    case 'more':
      return at.step === 'guide' && mayAdd(kiosk, at.service) ? { ...to(kiosk, { step: 'home' }), basket: [...kiosk.basket, at.service], claimed: at.priority } : kiosk
    case 'drop':
      return { ...kiosk, basket: kiosk.basket.filter((s) => s !== msg.service) }
    case 'take':
      if (at.step === 'guide' || (at.step === 'home' && kiosk.basket.length)) {
        const [service = '', ...further] = at.step === 'guide' ? chosen(kiosk, at.service) : kiosk.basket
        const taking: Step = { step: 'taking', request_id: msg.request_id, service, ...extra(further), priority: at.step === 'guide' ? at.priority : kiosk.claimed, slow: false }
        return msg.spare ? withoutCard(kiosk, taking) : to(kiosk, taking)
      }
      // The citizen has answered: another request, which says so.
      if (at.step === 'confirm') {
        const confirmed = [...at.confirmed, at.refused]
        return to(kiosk, { step: 'taking', request_id: msg.request_id, service: at.service, ...extra(at.further), priority: at.priority, slow: false, confirmed })
      }
      // The same request again: it may have reached the server, and must not become a second number.
      return at.step === 'lost' ? to(kiosk, { ...at, step: 'taking', slow: false }) : kiosk
    case 'resumed':
      return at.step === 'home'
        ? to(kiosk, { step: 'taking', request_id: msg.request_id, service: msg.service, ...extra(msg.further), priority: msg.priority, ...(msg.code ? { code: msg.code } : {}), slow: false, confirmed: msg.confirmed })
        : kiosk
    case 'instead':
      // The same request: should the server have heard it, it takes its own number back.
      return at.step === 'lost' && at.service
        ? withoutCard(kiosk, { step: 'taking', request_id: at.request_id, service: at.service, ...extra(at.further), priority: at.priority, slow: false })
        : kiosk
    case 'check_in':
      return at.step === 'home' || at.step === 'mine' ? to(kiosk, { step: 'check_in', code: '' }) : kiosk
    case 'digits':
      return at.step === 'check_in' ? to(kiosk, { ...at, code: msg.code.replace(/\D/g, '').slice(0, CODE_DIGITS) }) : kiosk
    case 'code':
      return at.step === 'home' || at.step === 'check_in' || at.step === 'all' || at.step === 'list' || at.step === 'mine' || at.step === 'search' || (at.step === 'refused' && at.code)
        ? to(kiosk, { step: 'taking', request_id: msg.request_id, service: '', priority: null, code: msg.code, slow: false })
        : kiosk
    case 'card':
      return laid(kiosk, msg.card, msg.request_id, msg.now)
    case 'card.old':
      return { ...kiosk, card: undefined }
    case 'mine':
      return at.step === 'home' || at.step === 'check_in' ? to(kiosk, { step: 'mine' }) : kiosk
    case 'by_card':
      return at.step === 'mine' && kiosk.card
        ? to(kiosk, { step: 'taking', request_id: msg.request_id, service: '', priority: null, code: BY_CARD, slow: false })
        : kiosk
    case 'show':
      return at.step === 'mine'
        ? { ...to(kiosk, { step: 'number', taken: msg.taken, slip: msg.taken.slip, reprint: 'no', until: msg.now + numberSeconds(kiosk.look) * 1000 }), touched_at: msg.now }
        : kiosk
    case 'slow':
      return at.step === 'taking' ? to(kiosk, { ...at, slow: true }) : kiosk
    case 'taken':
      if (at.step !== 'taking') return kiosk
      return {
        ...to(kiosk, { step: 'number', taken: msg.taken, slip: msg.taken.slip, reprint: 'no', until: msg.now + numberSeconds(kiosk.look) * 1000 }),
        touched_at: msg.now,
      }
    case 'refused':
      if (at.step === 'taking' && msg.facts && msg.facts.confirm === true) {
        const { service, priority, confirmed } = at
        return to(kiosk, { step: 'confirm', service, ...extra(at.further), priority, refused: msg.refused, text: msg.text, facts: msg.facts, confirmed: confirmed || [] })
      }
      return at.step === 'taking'
        ? {
            ...to(kiosk, { step: 'refused', service: at.service, ...(at.code ? { code: at.code } : {}), ...(at.spare ? { spare: true } : {}), refused: msg.refused, text: msg.text, facts: msg.facts || {} }),
            card: msg.refused === 'card-expired' ? undefined : kiosk.card,
          }
        : kiosk
    case 'lost':
      return at.step === 'taking'
        ? to(kiosk, { step: 'lost', request_id: at.request_id, service: at.service, ...extra(at.further), priority: at.priority, confirmed: at.confirmed, ...(at.code ? { code: at.code } : {}) })
        : kiosk
    case 'slip':
      return slipSaid(kiosk, msg.ticket, msg.slip, msg.now)
    case 'reprint':
      return at.step === 'number' && mayReprint(at) ? to(kiosk, { ...at, reprint: 'asking' }) : kiosk
    case 'reprint.refused':
      return at.step === 'number' ? to(kiosk, { ...at, reprint: 'refused' }) : kiosk
    case 'stay':
      return at.step === 'number'
        ? { ...to(kiosk, { ...at, until: msg.now + numberSeconds(kiosk.look) * 1000 }), touched_at: msg.now }
        : kiosk
  }
}

/** A card was laid. While something is being asked of the server, or a question stands, it has to wait. */
function laid(kiosk: Kiosk, card: CardRead, request_id: string, now: number): Kiosk {
  const at = kiosk.at
  if (at.step === 'taking' || at.step === 'confirm' || at.step === 'lost' || (kiosk.card && kiosk.card.id === card.id)) return kiosk
  // A number on the screen is somebody's who is done: the card may be the next person's.
  const visit = at.step === 'number' ? start(now) : kiosk
  const look = card.aged ? { ...visit.look, elder: true } : visit.look
  const seen: Kiosk = { ...visit, look, card, touched_at: now, warning_s: null }
  if (at.step === 'guide') return next(seen, { name: 'take', request_id })
  // The number was refused for want of a card: here it is.
  if (at.step === 'refused' && !at.code && (at.refused === 'identity-needed' || at.refused === 'card-expired')) {
    return to(seen, { step: 'taking', request_id, service: at.service, priority: null, slow: false })
  }
  return to(seen, { step: 'mine' })
}
/** The host knows nobody: whose card was laid is not asked, and not said. */
const withoutCard = (kiosk: Kiosk, taking: Extract<Step, { step: 'taking' }>): Kiosk => ({ ...to(kiosk, { ...taking, spare: true }), card: undefined })
const extra = (further: string[] | undefined) => (further && further.length ? { further } : {})
/** Where somebody still looks around, and nothing has been asked of the server. */
const browsing = (at: Step) => at.step === 'home' || at.step === 'all' || at.step === 'list' || at.step === 'search' || at.step === 'guide'
/** Everything that would stand on the number if it were taken while `service` is read. */
export const chosen = (kiosk: Kiosk, service: string): string[] => [...kiosk.basket.filter((s) => s !== service), service]
export const mayAdd = (kiosk: Kiosk, service: string): boolean => kiosk.basket.indexOf(service) < 0 && kiosk.basket.length < MOST_SERVICES - 1

/** By value: what the face holds is not this very object. */
const isPlain = (look: Look): boolean => look.lang === PLAIN.lang && !look.elder && !look.contrast && !look.low
/** Nobody's: the start page as a newcomer finds it. */
const resting = (kiosk: Kiosk): boolean => kiosk.at.step === 'home' && isPlain(kiosk.look) && kiosk.tab === 'theme' && !kiosk.card && !kiosk.basket.length
export const attracts = (kiosk: Kiosk, now: number): boolean => resting(kiosk) && now - kiosk.touched_at >= ATTRACT_S * 1000

function tick(kiosk: Kiosk, now: number): Kiosk {
  const at = kiosk.at
  if (at.step === 'taking') return kiosk
  if (at.step === 'number') return now >= at.until ? start(now) : kiosk
  const quiet_s = (now - kiosk.touched_at) / 1000
  if (resting(kiosk) || quiet_s < IDLE_S) return kiosk.warning_s === null ? kiosk : { ...kiosk, warning_s: null }
  if (quiet_s >= IDLE_S + WARN_S) return start(now)
  // The start page holds nothing of anybody: it is tidied up without a question.
  if (at.step === 'home' && !kiosk.card && !kiosk.basket.length) return start(now)
  const warning_s = Math.ceil(IDLE_S + WARN_S - quiet_s)
  return warning_s === kiosk.warning_s ? kiosk : { ...kiosk, warning_s }
}

function back(kiosk: Kiosk): Kiosk {
  const at = kiosk.at
  if (at.step === 'guide') return to(kiosk, at.from)
  if (at.step === 'refused' && at.code === BY_CARD) return to(kiosk, { step: 'mine' })
  if (at.step === 'refused' && at.code) return to(kiosk, { step: 'check_in', code: '' })
  if (at.step === 'refused' && at.spare) return to(kiosk, { step: 'home' })
  if (at.step === 'refused') return to(kiosk, { step: 'guide', service: at.service, priority: null, from: { step: 'home' } })
  if (at.step === 'all' || at.step === 'list' || at.step === 'search' || at.step === 'check_in' || at.step === 'mine') return to(kiosk, { step: 'home' })
  return kiosk
}

export const SLIP_OVER: Slip['state'][] = ['printed', 'unsure', 'failed']
export const mayReprint = (at: { taken: Taken; slip: Slip | null; reprint: Reprint }): boolean =>
  at.slip !== null && SLIP_OVER.indexOf(at.slip.state) >= 0 && at.reprint === 'no'

/** News of a slip. A late word about the first paper does not undo what the reprint says. */
function slipSaid(kiosk: Kiosk, ticket: number, slip: Slip, now: number): Kiosk {
  const at = kiosk.at
  if (at.step !== 'number' || at.taken.ticket.id !== ticket) return kiosk
  if ((slip.copy || 1) < ((at.slip && at.slip.copy) || 1)) return kiosk
  const over = SLIP_OVER.indexOf(slip.state) >= 0
  // Whoever has to read the number or wait for a second paper gets the full time again.
  const until = over && slip.state !== 'printed' ? Math.max(at.until, now + numberSeconds(kiosk.look) * 1000) : at.until
  return to(kiosk, { ...at, slip, reprint: over && at.reprint === 'asking' ? 'no' : at.reprint, until })
}
