// The clerk's desk: sign in, take a window, then one act at a time. Pure: no clock, no DOM, no socket.
//
//   loading -> login -> choose -> desk            the server says what the desk may do (desk.can);
//      |         ^         ^        |             here is only what is open on the screen and what runs
//      +---------+---------+--------+             signed out anywhere -> login

import type { Me, Present } from '@client/contract'

export type Act =
  | 'call-next' | 'recall' | 'start' | 'finish' | 'no-show' | 'hold' | 'transfer'
  | 'pause' | 'resume' | 'close' | 'unhold' | 'return' | 'release' | 'let-go'
  | 'undo' | 'call-choice' | 'services' | 'correct' | 'emergency' | 'notice'
export interface Target {
  kind: 'queue' | 'window' | 'person'
  id: string
  name: string
  paused?: boolean
}
export type Panel =
  | { kind: 'pause' }
  | { kind: 'finish' }
  | { kind: 'close' }
  | { kind: 'transfer'; to: Target | null } // two steps: where to, then confirm
  | { kind: 'choice' }
  | { kind: 'services' }
  | { kind: 'correct'; leg: number }
  | { kind: 'aside' } // the held and the missed, by digit
  | { kind: 'keys' }
  | { kind: 'notice' }
/** A one-time notice to print. missing: places in the list of materials, none = all; kiosk '' = where the number was taken. */
export interface NoticeWish {
  kiosk: string
  missing: number[]
  note: string
}
export interface Toast {
  id: number
  tone: 'bad' | 'good'
  text: string
}
export type Step =
  | { name: 'loading' }
  | { name: 'login'; change: boolean } // change: the one-time password must be replaced now
  | { name: 'choose'; taken: { window: string; text: string } | null } // taken: someone sits there, take over?
  | { name: 'desk'; window: string }
export interface Clerk {
  step: Step
  me: Me | null
  busy: Act | 'sign-in' | 'open' | null // one deed at a time: a second press waits for nothing and does nothing
  panel: Panel | null
  trouble: string | null // why signing in or opening did not work
  waits: Partial<Record<Act, number>> // acts the server asked to wait with: until when, ms of its clock
  toasts: Toast[]
  toasted: number
}
export type Msg =
  | { name: 'signed-in'; me: Me }
  | { name: 'signed-out' }
  | { name: 'password-change-needed' }
  | { name: 'begin'; act: Clerk['busy'] }
  | { name: 'trouble'; text: string }
  | { name: 'taken'; window: string; text: string }
  | { name: 'not-taken' } // changed one's mind about taking over
  | { name: 'opened'; window: string }
  | { name: 'left' } // window closed, or another clerk took it
  | { name: 'panel'; panel: Panel | null }
  | { name: 'target'; to: Target | null }
  | { name: 'done'; text?: string }
  | { name: 'refused'; text: string; act?: Act; until?: number }
  | { name: 'toast-gone'; id: number }

export const start: Clerk = { step: { name: 'loading' }, me: null, busy: null, panel: null, trouble: null, waits: {}, toasts: [], toasted: 0 }

export function next(clerk: Clerk, msg: Msg): Clerk {
  switch (msg.name) {
    case 'signed-in':
      return { ...clerk, me: msg.me, busy: null, trouble: null, step: { name: 'choose', taken: null } }
    case 'signed-out':
      return { ...start, toasts: clerk.toasts, toasted: clerk.toasted, step: { name: 'login', change: false } }
    case 'password-change-needed':
      return { ...clerk, busy: null, trouble: null, step: { name: 'login', change: true } }
    case 'begin':
      return clerk.busy ? clerk : { ...clerk, busy: msg.act, trouble: null }
    case 'trouble':
      return { ...clerk, busy: null, trouble: msg.text }
    case 'taken':
      return clerk.step.name === 'choose'
        ? { ...clerk, busy: null, step: { name: 'choose', taken: { window: msg.window, text: msg.text } } }
        : clerk
    case 'not-taken':
      return clerk.step.name === 'choose' ? { ...clerk, step: { name: 'choose', taken: null } } : clerk
    case 'opened':
      return clerk.me ? { ...clerk, busy: null, trouble: null, step: { name: 'desk', window: msg.window } } : clerk
    case 'left':
      return clerk.me ? { ...clerk, busy: null, panel: null, step: { name: 'choose', taken: null } } : clerk
    case 'panel':
      return clerk.step.name === 'desk' && !clerk.busy ? { ...clerk, panel: msg.panel } : clerk
    case 'target':
      return clerk.panel?.kind === 'transfer' && !clerk.busy ? { ...clerk, panel: { kind: 'transfer', to: msg.to } } : clerk
    case 'done':
      return toast({ ...clerk, busy: null, panel: null, waits: {}, toasts: clerk.toasts.filter((t) => t.tone !== 'bad') }, 'good', msg.text)
    case 'refused': // the panel stays: the clerk may choose something else
      return toast({ ...clerk, busy: null, waits: msg.act && msg.until ? { ...clerk.waits, [msg.act]: msg.until } : clerk.waits }, 'bad', msg.text)
    case 'toast-gone':
      return { ...clerk, toasts: clerk.toasts.filter((t) => t.id !== msg.id) }
  }
}

function toast(clerk: Clerk, tone: Toast['tone'], text: string | undefined): Clerk {
  if (!text) return clerk
  const id = clerk.toasted + 1
  return { ...clerk, toasted: id, toasts: [...clerk.toasts.filter((t) => t.text !== text), { id, tone, text }].slice(-3) }
}

// ---- keys ---------------------------------------------------------------------------------------------

/** Physical keys, so that a Chinese input method in between changes nothing. */
export const KEYS: { code: string; key: string; act: Act }[] = [
  { code: 'Space', key: '␣', act: 'call-next' },
  { code: 'KeyR', key: 'R', act: 'recall' },
  { code: 'KeyS', key: 'S', act: 'start' },
  { code: 'KeyF', key: 'F', act: 'finish' },
  { code: 'KeyX', key: 'X', act: 'no-show' },
  { code: 'KeyH', key: 'H', act: 'hold' },
  { code: 'KeyT', key: 'T', act: 'transfer' },
  { code: 'KeyZ', key: 'Z', act: 'undo' },
  { code: 'KeyC', key: 'C', act: 'call-choice' },
  { code: 'KeyA', key: 'A', act: 'services' },
  { code: 'KeyP', key: 'P', act: 'pause' },
  { code: 'KeyP', key: 'P', act: 'resume' },
  { code: 'KeyQ', key: 'Q', act: 'close' },
  { code: 'KeyE', key: 'E', act: 'emergency' }, // held for a second, like its button
]
export const keyOf = (act: Act): string => KEYS.find((k) => k.act === act)?.key ?? ''

export interface Press {
  code: string
  repeat: boolean
  typing: boolean // the focus is in a field
  chord: boolean // with ctrl, alt or meta: belongs to the browser
}
/** The act a key stands for now, or null. With a panel open only the panel listens. */
export function actOf(press: Press, can: readonly string[], clerk: Clerk): Act | null {
  if (press.repeat || press.typing || press.chord || clerk.panel || clerk.busy || clerk.step.name !== 'desk') return null
  return KEYS.find((k) => k.code === press.code && can.includes(k.act))?.act ?? null
}
/** What a key opens on this desk alone. */
export type Own = 'aside' | 'correct' | 'handover' | 'keys'
export const OWN_KEYS: { code: string; key: string; own: Own }[] = [
  { code: 'KeyU', key: 'U', own: 'aside' },
  { code: 'KeyM', key: 'M', own: 'correct' },
  { code: 'KeyO', key: 'O', own: 'handover' },
  { code: 'Slash', key: '?', own: 'keys' },
]
export function ownOf(press: Press, clerk: Clerk): Own | null {
  if (press.repeat || press.typing || press.chord || clerk.panel || clerk.busy || clerk.step.name !== 'desk') return null
  return OWN_KEYS.find((k) => k.code === press.code)?.own ?? null
}
export const ownKey = (own: Own): string => OWN_KEYS.find((k) => k.own === own)!.key

/** Minutes a pause may last; null: not said. */
export const PAUSE_MINUTES = [null, 5, 10, 15, 30, 60, 120] as const
/** The choice beside `minutes`, as the arrow keys move it. */
export function minutesBeside(minutes: number | null, step: 1 | -1): number | null {
  const at = PAUSE_MINUTES.indexOf(minutes as (typeof PAUSE_MINUTES)[number])
  return PAUSE_MINUTES[Math.min(PAUSE_MINUTES.length - 1, Math.max(0, at + step))]!
}

/** The address of the department's own system for this ticket: references only, each escaped. */
export function handoverUrl(
  template: string,
  ticket: { id: string | number; leg: string | number; number: string; service: { id: string }; task_code?: string },
  window: string,
  clerk: string,
): string {
  const facts: Record<string, string> = {
    number: ticket.number, ticket: String(ticket.id), leg: String(ticket.leg), service: ticket.service.id, task_code: ticket.task_code || '', window, clerk,
  }
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => (name in facts ? encodeURIComponent(facts[name]!) : whole))
}

/** 1…9 choose within an open panel: the index, or null. */
export function choiceOf(press: Press, count: number): number | null {
  if (press.repeat || press.typing || press.chord) return null
  const digit = /^(?:Digit|Numpad)([1-9])$/.exec(press.code)
  const index = digit ? Number(digit[1]) - 1 : -1
  return index >= 0 && index < count ? index : null
}
/** Acts that want a choice first. */
export const panelOf = (act: Act): Panel | null =>
  act === 'pause' || act === 'close' || act === 'finish' || act === 'services'
    ? { kind: act }
    : act === 'transfer' ? { kind: 'transfer', to: null } : act === 'call-choice' ? { kind: 'choice' } : null

// ---- figures ------------------------------------------------------------------------------------------

export type Light = 'none' | 'green' | 'amber' | 'red'
/** Traffic light of a running time. Without limits there is no colour: nothing is guessed. */
export function light(elapsed_s: number | null, amber_s: number | null, red_s: number | null): Light {
  if (elapsed_s === null || (amber_s === null && red_s === null)) return 'none'
  if (red_s !== null && elapsed_s >= red_s) return 'red'
  return amber_s !== null && elapsed_s >= amber_s ? 'amber' : 'green'
}
/** How long one waits for a citizen who was called, and for a service that takes long: seconds, and times the usual. */
export const CALLED_S = { amber: 60, red: 120 }
export const SERVING_TIMES = { amber: 1.5, red: 3 }
/** Seconds from `from` (ISO) to `now` (ms); null when unknown; never below zero. */
export function since(from: string | null | undefined, now: number): number | null {
  const begun = from ? Date.parse(from) : NaN
  return Number.isNaN(begun) ? null : Math.max(0, Math.floor((now - begun) / 1000))
}
/** 65 -> 1:05, 3725 -> 1:02:05. */
export function clockOf(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return '–'
  const s = Math.max(0, Math.round(seconds))
  const two = (n: number) => String(n).padStart(2, '0')
  const hours = Math.floor(s / 3600)
  const minutes = Math.floor((s % 3600) / 60)
  return hours ? `${hours}:${two(minutes)}:${two(s % 60)}` : `${minutes}:${two(s % 60)}`
}
/** Seconds that a hold has lasted beyond its limit; 0 before it. */
export const overdue = (until: string, now: number): number => since(until, now) || 0
/** Missed calls whose holders may still come back. */
export const inTime = <T extends { until: string | null }>(missed: readonly T[], now: number): T[] => missed.filter((m) => !barred(m, now))
/** Why who missed the call here cannot come back: as often as allowed, or too late; null: they can. */
export const barred = (m: { until: string | null }, now: number): 'spent' | 'late' | null =>
  m.until === null ? 'spent' : Date.parse(m.until) > now ? null : 'late'
/** Whole seconds left to take something back; 0 when there is nothing or it is too late. */
export function undoLeft(undo: { until: string } | null | undefined, now: number): number {
  return undo ? Math.max(0, Math.floor((Date.parse(undo.until) - now) / 1000)) : 0
}
/** Where a ticket can go: other queues first, then other windows that are staffed, then colleagues; never where it is. */
export function targets(
  queues: { id: string; name: string }[],
  here: { queue: string | null; window: string },
  people: Present[],
  named: (one: Present) => string,
): Target[] {
  const there = people.filter((p) => p.window !== here.window)
  return [
    ...queues.filter((q) => q.id !== here.queue).map((q): Target => ({ kind: 'queue', id: q.id, name: `${q.id} ${q.name}` })),
    ...there.map((p): Target => ({ kind: 'window', id: p.window, name: p.number, paused: p.state === 'paused' })),
    ...there.map((p): Target => ({ kind: 'person', id: p.id, name: `${named(p)} · ${p.number}` })),
  ]
}
