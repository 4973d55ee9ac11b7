/**
 * The guide's tablet as a machine: sign in, then one page at a time, each for one kind of deed. Pure: no clock, no DOM, no
 * socket; the time comes in with the message.
 *
 *   loading -> login -> at work (hall | take | aids | ask | find | book)        signed out anywhere -> login
 *   take: services (1 … 5) -> class, with a reason unless it is ordinary -> paper at a kiosk or none -> taken -> the next one
 *   one deed at a time: a second press while one runs does nothing; what can be taken back says until when
 */
import type { Me, Slip, Taken } from '@client/contract'

export type Page = 'hall' | 'take' | 'aids' | 'ask' | 'find' | 'book'
export const PAGES: Page[] = ['hall', 'take', 'aids', 'ask', 'find', 'book']
export const ORDINARY = 'ordinary'
export const MOST_SERVICES = 5
export const LEAST_REASON = 2

export interface Take {
  /** In the order in which they stand on the number. */
  services: string[]
  priority: string
  reason: string
  /** Where the paper comes out; '' = on this screen only. */
  kiosk: string
  taken: Taken | null
}
export interface Undo {
  what: 'enquiry' | 'aid'
  id: number
  text: string
  /** ms of the server's clock */
  until: number
}
export interface Toast {
  id: number
  tone: 'bad' | 'good'
  text: string
}
export interface Guide {
  step: 'loading' | 'login' | 'work'
  /** The one-time password must be replaced now. */
  change: boolean
  me: Me | null
  page: Page
  take: Take
  /** The number that is looked for, filled in from another page. */
  number: string
  busy: string | null
  undo: Undo | null
  trouble: string | null
  toasts: Toast[]
  toasted: number
}
export type Msg =
  | { name: 'signed-in'; me: Me }
  | { name: 'signed-out' }
  | { name: 'password-change-needed' }
  | { name: 'trouble'; text: string }
  | { name: 'begin'; act: string }
  | { name: 'done'; text?: string; undo?: Undo }
  | { name: 'refused'; text: string }
  | { name: 'page'; page: Page }
  | { name: 'service'; service: string; several: boolean }
  | { name: 'drop'; service: string }
  | { name: 'priority'; priority: string }
  | { name: 'reason'; reason: string }
  | { name: 'kiosk'; kiosk: string }
  | { name: 'taken'; taken: Taken }
  | { name: 'slip'; ticket: number; slip: Slip }
  /** The one before is served: somebody else comes. */
  | { name: 'next' }
  | { name: 'find'; number: string }
  | { name: 'tick'; now: number }
  | { name: 'toast-gone'; id: number }

const nobody = (kiosk: string): Take => ({ services: [], priority: ORDINARY, reason: '', kiosk, taken: null })
export const start = (kiosk = ''): Guide => ({
  step: 'loading', change: false, me: null, page: 'hall', take: nobody(kiosk), number: '', busy: null, undo: null, trouble: null, toasts: [], toasted: 0,
})

/** What is still missing before a number can be taken; null when nothing is. */
export function missing(take: Take): 'service' | 'reason' | null {
  if (!take.services.length) return 'service'
  return take.priority !== ORDINARY && take.reason.trim().length < LEAST_REASON ? 'reason' : null
}
export function wish(take: Take): Record<string, unknown> {
  const [service, ...further] = take.services
  return {
    service, ...(further.length ? { further } : {}), ...(take.kiosk ? { kiosk: take.kiosk } : {}),
    ...(take.priority === ORDINARY ? {} : { priority: take.priority, reason: take.reason.trim() }),
  }
}

export function next(guide: Guide, msg: Msg): Guide {
  const { take } = guide
  const wants = (change: Partial<Take>): Guide => (take.taken || guide.busy === 'take' ? guide : { ...guide, take: { ...take, ...change } })
  switch (msg.name) {
    case 'signed-in':
      return { ...guide, step: 'work', change: false, me: msg.me, busy: null, trouble: null }
    case 'signed-out':
      // Nothing of the visitor before is left for whoever signs in.
      return { ...start(take.kiosk), step: 'login', toasts: guide.toasts, toasted: guide.toasted }
    case 'password-change-needed':
      return { ...guide, step: 'login', change: true, busy: null, trouble: null }
    case 'trouble':
      return { ...guide, busy: null, trouble: msg.text }
    case 'begin':
      return guide.busy ? guide : { ...guide, busy: msg.act, trouble: null }
    case 'done':
      return toast({ ...guide, busy: null, undo: msg.undo || guide.undo, toasts: guide.toasts.filter((t) => t.tone !== 'bad') }, 'good', msg.text)
    case 'refused':
      return toast({ ...guide, busy: null }, 'bad', msg.text)
    case 'page':
      return guide.step === 'work' ? { ...guide, page: msg.page, number: '', take: take.taken ? nobody(take.kiosk) : take } : guide
    case 'service':
      if (take.services.indexOf(msg.service) >= 0) return guide
      if (!msg.several) return wants({ services: [msg.service] })
      return take.services.length < MOST_SERVICES ? wants({ services: [...take.services, msg.service] }) : guide
    case 'drop':
      return wants({ services: take.services.filter((s) => s !== msg.service) })
    case 'priority':
      return wants({ priority: msg.priority, reason: msg.priority === ORDINARY ? '' : take.reason })
    case 'reason':
      return wants({ reason: msg.reason.slice(0, 200) })
    case 'kiosk':
      return { ...guide, take: { ...take, kiosk: msg.kiosk } }
    case 'taken':
      return { ...guide, busy: null, take: { ...take, taken: msg.taken } }
    case 'slip':
      return take.taken && take.taken.ticket.id === msg.ticket ? { ...guide, take: { ...take, taken: { ...take.taken, slip: msg.slip } } } : guide
    case 'next':
      return { ...guide, take: nobody(take.kiosk) }
    case 'find':
      return { ...guide, page: 'find', number: msg.number }
    case 'tick':
      return guide.undo && msg.now >= guide.undo.until ? { ...guide, undo: null } : guide
    case 'toast-gone':
      return { ...guide, toasts: guide.toasts.filter((t) => t.id !== msg.id) }
  }
}

function toast(guide: Guide, tone: Toast['tone'], text: string | undefined): Guide {
  if (!text) return guide
  const id = guide.toasted + 1
  return { ...guide, toasted: id, toasts: [...guide.toasts.filter((t) => t.text !== text), { id, tone, text }].slice(-2) }
}

// ---- the hall at a glance -----------------------------------------------------------------------------
export interface Machine {
  name: string
  kind: string
  kiosk: string | null
  state: 'ok' | 'warn' | 'down' | 'unknown'
  reason: string
}
export interface Kiosk {
  id: string
  prints: boolean
}
export interface KioskCard {
  id: string
  prints: boolean
  /** The worst of its machines. */
  state: Machine['state']
  troubles: Machine[]
  left: number | null
}
const RANK: Machine['state'][] = ['ok', 'unknown', 'warn', 'down']

/** One card per kiosk, those in trouble first. */
export function kioskCards(kiosks: Kiosk[], machines: Machine[], left: (kiosk: string) => number | null): KioskCard[] {
  const worst = (own: Machine[]) => own.reduce<Machine['state']>((bad, m) => (RANK.indexOf(m.state) > RANK.indexOf(bad) ? m.state : bad), 'ok')
  return kiosks
    .map(({ id, prints }) => {
      // A scanner or reader that has not been used yet is no trouble; a printer nobody hears of is.
      const own = machines.filter((m) => m.kiosk === id && (m.state !== 'unknown' || m.kind === 'printer'))
      return { id, prints, state: worst(own), troubles: own.filter((m) => m.state !== 'ok'), left: left(id) }
    })
    .sort((a, b) => RANK.indexOf(b.state) - RANK.indexOf(a.state) || (a.id < b.id ? -1 : 1))
}
/** Those whose oldest has waited too long, then those with most people; `now` ms. */
export function queueOrder<Q extends { id: string; waiting: number; over_target_from?: string | null }>(queues: Q[], now: number): Q[] {
  const late = (q: Q) => (q.over_target_from && Date.parse(q.over_target_from) <= now ? 1 : 0)
  return [...queues].sort((a, b) => late(b) - late(a) || b.waiting - a.waiting || (a.id < b.id ? -1 : 1))
}
