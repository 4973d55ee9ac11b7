// The hall seen by whoever answers for it today. Pure: no clock, no DOM, no socket.
import type { AlarmAnswer, Both, Day, DeviceRow, Emergency, HallAlarm, ManagerQueueRow, ManagerWindowRow, Me, PostRow, RatingsValue, Tidal, UnprintedSlip } from '@client/contract'

// ---- what is open on the screen -----------------------------------------------------------------------

export type Tab = 'live' | 'tickets' | 'orders' | 'complaints' | 'leave' | 'trail' | 'placement' | 'config' | 'brand' | 'slips' | 'voice' | 'devices' | 'wiring' | 'staff'
/** Tabs that belong together; one that stands in no group is a group of its own. */
const GROUPS: [string, Tab[]][] = [
  ['work', ['tickets', 'orders', 'complaints']],
  ['set', ['config', 'placement', 'brand', 'slips', 'voice']],
  ['machines', ['devices', 'wiring']],
]
export function grouped(tabs: readonly Tab[]): { id: string; tabs: Tab[] }[] {
  const found: { id: string; tabs: Tab[] }[] = []
  for (const tab of tabs) {
    const id = GROUPS.find(([, own]) => own.includes(tab))?.[0] ?? tab
    const group = found.find((g) => g.id === id)
    if (group) group.tabs.push(tab)
    else found.push({ id, tabs: [tab] })
  }
  return found
}
export interface Issued {
  kind: Kind
  where: string
  code: string
  url: string | null // null: a device host has no face to open
  expires_at: string
}
export type Kind = 'kiosk' | 'pad' | 'board' | 'window_screen' | 'host'
/** What a browser can be enrolled as. A device host gets its key on its own machine. */
export const KINDS: Kind[] = ['kiosk', 'pad', 'board', 'window_screen']
/** Deeds that are asked about first, because they cannot be taken back in one move. */
export type Ask =
  | { deed: 'open-day' }
  | { deed: 'believe-clock' } // the server's clock was doubted, a person has looked
  | { deed: 'trust-clock' } // the same while a day is open
  | { deed: 'stop-day' } // no new numbers
  | { deed: 'close-day' } // the rest expires
  | { deed: 'reopen-day' } // numbers again, although the hall was closing
  | { deed: 'close-day-anyway' } // although somebody is not served yet
  | { deed: 'lose'; go: () => void } // what is not saved
  | { deed: 'revoke'; id: string; name: string }
  | { deed: 'reset-password'; id: string; name: string }
export interface Toast {
  id: number
  tone: 'bad' | 'good'
  text: string
}
export interface Office {
  step: 'loading' | 'login' | 'password' | 'office'
  me: Me | null
  tab: Tab
  busy: boolean
  trouble: string | null
  ask: Ask | null
  issued: Issued | null
  once: { name: string; password: string } | null // shown once, gone with the next move
  toasts: Toast[]
  toasted: number
}
export type Msg =
  | { name: 'signed-in'; me: Me }
  | { name: 'signed-out' }
  | { name: 'password-change-needed' }
  | { name: 'begin' }
  | { name: 'trouble'; text: string }
  | { name: 'tab'; tab: Tab }
  | { name: 'ask'; ask: Ask | null }
  | { name: 'issued'; issued: Issued | null }
  | { name: 'once'; name_of: string; password: string }
  | { name: 'done'; text?: string }
  | { name: 'refused'; text: string }
  | { name: 'toast-gone'; id: number }

export const start: Office = {
  step: 'loading', me: null, tab: 'live', busy: false, trouble: null, ask: null, issued: null, once: null, toasts: [], toasted: 0,
}

export function next(office: Office, msg: Msg): Office {
  switch (msg.name) {
    case 'signed-in':
      return { ...office, step: 'office', me: msg.me, busy: false, trouble: null }
    case 'signed-out':
      return { ...start, step: 'login', toasts: office.toasts, toasted: office.toasted }
    case 'password-change-needed':
      return { ...office, step: 'password', busy: false, trouble: null }
    case 'begin':
      return office.busy ? office : { ...office, busy: true, trouble: null }
    case 'trouble':
      return { ...office, busy: false, trouble: msg.text }
    case 'tab':
      return { ...office, tab: msg.tab, once: null, ask: null }
    case 'ask':
      return office.busy ? office : { ...office, ask: msg.ask, once: null }
    case 'issued':
      return { ...office, busy: false, issued: msg.issued }
    case 'once':
      return { ...office, busy: false, ask: null, once: { name: msg.name_of, password: msg.password } }
    case 'done':
      return toast({ ...office, busy: false, ask: null }, 'good', msg.text)
    case 'refused':
      return toast({ ...office, busy: false, ask: null }, 'bad', msg.text)
    case 'toast-gone':
      return { ...office, toasts: office.toasts.filter((t) => t.id !== msg.id) }
  }
}

function toast(office: Office, tone: Toast['tone'], text: string | undefined): Office {
  if (!text) return office
  const id = office.toasted + 1
  return { ...office, toasted: id, toasts: [...office.toasts.filter((t) => t.text !== text), { id, tone, text }].slice(-3) }
}

/** What a role may do here; the server decides again. */
export interface Rights {
  day: boolean
  tickets: boolean // help somebody with the number they hold
  orders: boolean
  complaints: boolean
  make: boolean // open an order and work on it
  plan: boolean
  leave: boolean
  decide: boolean
  trail: boolean
  placement: boolean
  config: boolean
  brand: boolean
  slips: boolean
  voice: boolean
  publish: boolean
  devices: boolean
  wiring: boolean
  staff: boolean
}
const BESIDE_CITIZEN = ['clerk', 'back_clerk', 'duty_leader', 'guide']
export function may(role: string | undefined): Rights {
  const leads = role === 'manager' || role === 'duty_leader'
  const published = leads || role === 'supervisor'
  const machines = role === 'manager' || role === 'admin'
  const beside = BESIDE_CITIZEN.indexOf(role || '') >= 0
  return {
    tickets: beside,
    orders: beside || role === 'manager' || role === 'supervisor', complaints: role === 'manager' || role === 'supervisor', make: beside, plan: leads || role === 'guide',
    leave: beside || role === 'manager', decide: leads, trail: role === 'manager' || role === 'supervisor',
    day: leads, placement: published, config: published || role === 'admin' || role === 'chief_representative', brand: role === 'manager', slips: published, voice: published, publish: role === 'manager', devices: machines, wiring: machines, staff: role === 'admin',
  }
}

/** A printer's paper since somebody said that the roll is new; left_slips null: the roll's length is unknown. */
export interface Roll {
  used_mm: number
  slips: number
  since: string | null
  roll_mm: number
  left_slips: number | null
}

// ---- alarms -------------------------------------------------------------------------------------------

/** When a fact becomes an alarm. Seconds; the server may send the hall's own as values.limits. */
export interface Limits {
  queue_over: number
  idle_with_queue_s: number
  paused_s: number
}
export const LIMITS: Limits = { queue_over: 20, idle_with_queue_s: 300, paused_s: 1200 }

export interface Alarm {
  id: string
  level: 'red' | 'yellow'
  kind: 'wait' | 'long' | 'uncovered' | 'idle' | 'paused' | 'device' | 'slip' | 'slip_unsure' | 'emergency' | 'tidal' | 'post' | 'leader' | 'missing' | 'hall'
  what: string // queue, window number, device or kiosk
  detail: string // device reason
  count: number | null
  since: string | null
  text?: Both // words that came with the alarm
  by?: AlarmAnswer // who has taken it on
}
export interface Facts {
  windows: ManagerWindowRow[]
  queues: ManagerQueueRow[]
  devices: DeviceRow[]
  slips: UnprintedSlip[]
  alarms?: HallAlarm[]
  day: Day | null
  emergencies?: Emergency[]
  tidal?: Tidal[]
  posts?: Record<string, PostRow>
}

/** Everything that wants a person now: red first, people before machines before paper, then the oldest. */
export function alarms(facts: Facts, now: number, limits: Limits = LIMITS): Alarm[] {
  const found: Alarm[] = []
  const add = (alarm: Partial<Alarm> & Pick<Alarm, 'kind' | 'level' | 'what'>) =>
    found.push({ id: `${alarm.kind}:${alarm.what}:${alarm.detail ?? ''}`, detail: '', count: null, since: null, ...alarm })
  const working = facts.day?.state === 'open' || facts.day?.state === 'closing'

  for (const e of facts.emergencies ?? []) add({ kind: 'emergency', level: e.state === 'open' ? 'red' : 'yellow', what: e.window, since: e.at })
  for (const r of facts.tidal ?? []) if (r.state === 'requested') add({ kind: 'tidal', level: 'yellow', what: r.number, since: r.at })
  for (const p of Object.values(facts.posts ?? {})) {
    if (p.called === 'b_called') add({ kind: 'post', level: 'yellow', what: p.number })
    if (p.called === 'leader_called') add({ kind: 'leader', level: 'yellow', what: p.number })
  }
  for (const [id, gone] of Object.entries(emptyPosts(facts, now))) {
    if (gone.called === 'none' && over(gone.since, now, MISSING_S)) add({ kind: 'missing', level: 'yellow', what: facts.posts![id]!.number, detail: gone.person || '–', since: gone.since })
  }
  for (const q of facts.queues) {
    if (working && q.waiting > 0 && q.windows_open === 0) add({ kind: 'uncovered', level: 'red', what: q.id, count: q.waiting, since: q.oldest_at })
    if (pressure(q, now).light === 'red') add({ kind: 'wait', level: 'red', what: q.id, count: q.waiting, since: q.oldest_at })
    else if (q.waiting >= limits.queue_over) add({ kind: 'long', level: 'yellow', what: q.id, count: q.waiting, since: q.oldest_at })
  }
  for (const w of facts.windows) {
    if (w.state === 'paused' && over(w.since, now, limits.paused_s)) add({ kind: 'paused', level: 'yellow', what: w.number, since: w.since })
    const owed = facts.queues.filter((q) => w.queues.includes(q.id)).reduce((sum, q) => sum + q.waiting, 0)
    if (w.state === 'open' && !w.ticket && owed > 0 && over(w.idle_since, now, limits.idle_with_queue_s)) {
      add({ kind: 'idle', level: 'yellow', what: w.number, count: owed, since: w.idle_since })
    }
  }
  for (const d of facts.devices) {
    if (d.state === 'down') add({ kind: 'device', level: 'red', what: d.name, detail: d.reason, since: d.at })
    if (d.state === 'warn') add({ kind: 'device', level: 'yellow', what: d.name, detail: d.reason, since: d.at })
  }
  for (const kiosk of new Set(facts.slips.map((s) => s.kiosk))) {
    for (const [state, kind, level] of [['failed', 'slip', 'red'], ['unsure', 'slip_unsure', 'yellow']] as const) {
      const slips = facts.slips.filter((s) => s.kiosk === kiosk && s.state === state)
      if (slips.length) add({ kind, level, what: kiosk, count: slips.length, since: slips.map((s) => s.at).sort()[0] })
    }
  }
  for (const a of facts.alarms || []) add({ kind: 'hall', level: a.level, what: a.kind, detail: a.what, since: a.since, text: a.text })
  return found.sort((a, b) => rank(a) - rank(b) || (a.since ?? '').localeCompare(b.since ?? ''))
}
/** 空岗 is told after this many seconds, before anybody is called. */
const MISSING_S = 120
/** Who ought to sit at a post at this moment. */
export function expectedAt(post: PostRow | undefined, now: number): { person: string | null; since: string; until: string } | null {
  return post?.shifts?.find((s) => Date.parse(s.since) <= now && now < Date.parse(s.until)) ?? null
}
/** A post that should be staffed now and is not: whom the roster names (null: whoever), since when, until when, and who was asked instead. */
export interface Empty {
  person: string | null
  since: string
  until: string
  called: PostRow['called']
}
/** 空岗 by window, while the hall works. */
export function emptyPosts(facts: Facts, now: number): Record<string, Empty> {
  const found: Record<string, Empty> = {}
  if (facts.day?.state !== 'open' && facts.day?.state !== 'closing') return found
  for (const window of facts.windows) {
    const post = facts.posts?.[window.id]
    const expected = window.state === 'closed' ? expectedAt(post, now) : null
    if (!expected) continue
    const since = window.since && window.since > expected.since ? window.since : expected.since
    found[window.id] = { person: expected.person, since, until: expected.until, called: post!.called }
  }
  return found
}
const AFTER: Partial<Record<Alarm['kind'], number>> = { emergency: -1, device: 1, slip: 2, slip_unsure: 2 }
const rank = (alarm: Alarm): number => (alarm.level === 'red' ? 0 : 10) + (AFTER[alarm.kind] ?? 0)
const over = (from: string | null, now: number, limit_s: number): boolean => from !== null && now - Date.parse(from) >= limit_s * 1000

/** An answer holds as long as the alarm is the same one, and a quarter of an hour in any case; a redder alarm asks anew. */
export const ANSWER_MS = 15 * 60_000
export function answered(found: Alarm[], answers: AlarmAnswer[], now: number): Alarm[] {
  const holds = (alarm: Alarm, answer: AlarmAnswer) =>
    answer.alarm === alarm.id && !(alarm.level === 'red' && answer.level === 'yellow') &&
    (now - Date.parse(answer.at) < ANSWER_MS || (alarm.since !== null && answer.since !== null && Date.parse(alarm.since) === Date.parse(answer.since)))
  const all = found.map((alarm) => ({ ...alarm, by: answers.find((answer) => holds(alarm, answer)) }))
  return [...all.filter((alarm) => !alarm.by), ...all.filter((alarm) => alarm.by)]
}

// ---- figures ------------------------------------------------------------------------------------------

/** The floor plan: windows by zone, zones and windows in the order of the window numbers. */
export function zones(windows: ManagerWindowRow[]): { zone: string; windows: ManagerWindowRow[] }[] {
  const plan: { zone: string; windows: ManagerWindowRow[] }[] = []
  for (const w of [...windows].sort((a, b) => a.number.localeCompare(b.number, 'en', { numeric: true }))) {
    const place = plan.find((z) => z.zone === w.zone)
    if (place) place.windows.push(w)
    else plan.push({ zone: w.zone, windows: [w] })
  }
  return plan
}

/** A queue against its promise: share of the target used by the one who waits longest. Null without a promise. */
export function pressure(queue: ManagerQueueRow, now: number): { oldest_s: number | null; share: number | null; light: 'none' | 'green' | 'amber' | 'red' } {
  const oldest_s = queue.oldest_at && queue.waiting ? Math.max(0, Math.floor((now - Date.parse(queue.oldest_at)) / 1000)) : null
  if (oldest_s === null || !queue.target_s) return { oldest_s, share: null, light: oldest_s === null ? 'none' : 'green' }
  const share = oldest_s / queue.target_s
  return { oldest_s, share, light: share > 1 ? 'red' : share >= 0.8 ? 'amber' : 'green' }
}

export interface Satisfaction {
  rated: number
  levels: { level: number; n: number; share: number }[]
  rated_rate: number | null // rated / asked
  satisfied_rate: number | null // levels 5, 4 and 3 / rated
}
export function satisfaction(ratings: RatingsValue | null | undefined): Satisfaction {
  const counts = ratings?.counts ?? {}
  const of = (level: number) => counts[String(level)] ?? 0
  const rated = [5, 4, 3, 2, 1].reduce((sum, level) => sum + of(level), 0)
  return {
    rated,
    levels: [5, 4, 3, 2, 1].map((level) => ({ level, n: of(level), share: rated ? of(level) / rated : 0 })),
    rated_rate: ratings?.asked ? rated / ratings.asked : null,
    satisfied_rate: rated ? (of(5) + of(4) + of(3)) / rated : null,
  }
}
/** 0.9876 -> "98.8 %", rounded down so that 99.96 is never shown as 100. */
export function percent(share: number | null): string {
  if (share === null) return '–'
  const tenths = Math.floor(share * 1000 + 1e-9) / 10
  return `${Number.isInteger(tenths) ? tenths : tenths.toFixed(1)} %`
}
/** Devices worst first. */
export function byHealth(devices: DeviceRow[]): DeviceRow[] {
  const order = ['down', 'warn', 'unknown', 'ok']
  return [...devices].sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state) || a.name.localeCompare(b.name, 'en', { numeric: true }))
}
