// What the configuration page knows: items of an area with what the draft says of them. Pure; the server checks everything again.

export type Value = unknown
export type Item = Record<string, Value>
export type Draft = Record<string, Item | null>

export interface Field {
  name: string
  kind: string
  required: boolean
  least: number | null
  most: number | null
  options: string[]
  of: string
  fresh: boolean
  tomorrow: boolean
  admin: boolean
  delegated: boolean
  group: string
}
export interface Change {
  item: string
  name: string
  kind: 'new' | 'changed' | 'gone'
  field: string
  before: Value
  after: Value
}
export interface Trouble {
  item: string
  name: string
  field: string
  code: string
  text: { zh: string; en: string }
}
export interface Named {
  id: string
  name: string
  name_en: string
}
export interface Version {
  version: number
  at: string | null
  person: string
  name: string
  note: string
  since: string | null
  state: 'waiting' | 'withdrawn' | 'published'
  changes: Change[]
  rolled_back_to: number | null
}
export interface Area {
  id: string
  edit: boolean
  gone: boolean
  fresh: boolean
  single: boolean
  over: boolean // a change may take booked places away: its comparison says which
  key: string
  department: string | null // whose items these are, for who speaks for one
  fields: Field[]
  known: Record<string, Named[]>
  version: number
  in_force: number
  since: string | null
  items: Record<string, Item>
  draft: { rev: number; base: number; items: Draft; person: string; name: string; at: string | null }
  versions: Version[]
}
export interface AreaRow {
  id: string
  edit: boolean
  items: number
  version: number
  draft: boolean
  since: string | null
}
export interface Row {
  id: string
  item: Item
  state: 'same' | 'changed' | 'new' | 'gone'
  troubles: number
}

/** What a list shows of an item beside its name. */
export const COLUMNS: Record<string, string[]> = {
  services: ['department', 'queue', 'avg_minutes', 'fee_yuan', 'closed'],
  queues: ['last_number', 'day_quota', 'last_ticket', 'lunch'],
  hours: ['weekday', 'saturday'],
  years: ['closed', 'weekend_workdays'],
  days: ['kind', 'hours', 'reason'],
  people: ['department', 'role', 'title', 'skills', 'left'],
  departments: ['place', 'phone', 'kind'],
  posts: ['a', 'b'],
  rosters: ['week', 'days'],
  windows: ['number', 'kind', 'zone', 'out'],
  plan: ['width', 'height'],
  boards: ['parts', 'areas', 'lang'],
  notices: ['urgent', 'boards', 'until'],
  media: ['order', 'boards', 'since', 'until'],
  nearby: ['address', 'phone', 'distance_km', 'url'],
}

/** Items as they would be with the draft. */
export function drafted(items: Record<string, Item>, draft: Draft): Record<string, Item> {
  const found: Record<string, Item> = {}
  for (const id of Object.keys(items)) if (draft[id] !== null) found[id] = { ...items[id], ...draft[id] }
  for (const id of Object.keys(draft)) if (draft[id] && !(id in found)) found[id] = { ...draft[id] }
  return found
}

/** The list: what is in it, then what is new; items to be removed stay visible until it is published. */
export function rowsOf(area: Area, find: string, troubles: Trouble[] = []): Row[] {
  const draft = area.draft.items
  const now = drafted(area.items, draft)
  const ids = [...Object.keys(area.items), ...Object.keys(draft).filter((id) => draft[id] && !(id in area.items))]
  const wanted = find.trim().toLowerCase()
  return ids
    .map((id): Row => {
      const item = now[id] || area.items[id] || {}
      const state = draft[id] === null ? 'gone' : !(id in area.items) ? 'new' : id in draft ? 'changed' : 'same'
      return { id, item, state, troubles: troubles.filter((t) => t.item === id).length }
    })
    .sort((a, b) => (area.id === 'media' ? Number(a.item.order || 0) - Number(b.item.order || 0) : 0))
    .filter((row) => !wanted || `${row.id} ${JSON.stringify(row.item)}`.toLowerCase().includes(wanted))
}

export const title = (id: string, item: Item): string => String(item.name || item.zh || item.reason || id)

/** The draft with one item as its form has it; what is as it was is not in it. */
export function withItem(area: Area, id: string, form: Item): Draft {
  const was = area.items[id]
  const fields: Item = {}
  for (const name of Object.keys(form)) if (!was || !same(was[name], form[name])) fields[name] = form[name]
  const draft = { ...area.draft.items }
  if (was && !Object.keys(fields).length) delete draft[id]
  else draft[id] = fields
  return draft
}
export function without(area: Area, id: string): Draft {
  const draft = { ...area.draft.items }
  if (id in area.items) draft[id] = null
  else delete draft[id]
  return draft
}
export function asItWas(area: Area, id: string): Draft {
  const draft = { ...area.draft.items }
  delete draft[id]
  return draft
}
export const same = (a: Value, b: Value): boolean => JSON.stringify(a ?? null) === JSON.stringify(b ?? null)

/** An empty form; a choice that must be made begins with its first option. */
export function blank(area: Area): Item {
  const item: Item = {}
  for (const f of area.fields) {
    if (f.kind === 'yes_no') item[f.name] = false
    else if (f.kind === 'choice' && f.required) item[f.name] = f.options[0]
    else if (LISTS.includes(f.kind)) item[f.name] = []
    else if (f.kind === 'until') item[f.name] = {}
    else if (f.name === 'order') item[f.name] = Object.keys(area.items).length + 1
    else if (f.kind === 'number' || f.kind === 'decimal' || f.kind === 'limit' || f.kind === 'time' || f.kind === 'moment') continue
    else item[f.name] = ''
  }
  return item
}
/** What is drawn has no place in a form. */
export const DRAWN = ['zones', 'spots']
export const LISTS = [...DRAWN, 'choices', 'words', 'spans', 'refs', 'materials', 'holidays', 'dates', 'shifts', 'shift_days']

/** The form's fields in their groups, in order. */
export function groups(fields: Field[]): { id: string; fields: Field[] }[] {
  const found: { id: string; fields: Field[] }[] = []
  for (const f of fields.filter((one) => !DRAWN.includes(one.kind))) {
    const group = found.find((g) => g.id === f.group)
    if (group) group.fields.push(f)
    else found.push({ id: f.group, fields: [f] })
  }
  return found
}

/** One row of a roster: of every week on `days`, or of one `date`. */
export interface Shift {
  days?: string[]
  date?: string
  start: string
  end: string
  person: string
  since?: string | null
  until?: string | null
  reason?: string
}
/** The day so many days after `day`, both as 2026-03-02. */
export function dayAfter(day: string, days: number): string {
  const at = new Date(`${day}T00:00:00Z`)
  at.setUTCDate(at.getUTCDate() + days)
  return at.toISOString().slice(0, 10)
}
export const WEEK = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']

/** Words of the server's texts: {yes, no, empty}, choice(field, option) and name(of, id). */
export interface Words {
  list: (parts: string[]) => string
  space: string // between words that stand in a row
  aside: (words: string) => string
  yes: string
  no: string
  empty: string
  nobody: string
  file: string
  day: (day: string) => string
  date: (from: string, to?: string) => string // ISO dates as people write them; two are a run of days
  choice: (field: string, option: string) => string
  name: (of: string, id: string) => string
}
/** A value as people read it, on one line. */
export function shown(field: Field | undefined, value: Value, words: Words): string {
  if (typeof value === 'boolean') return value ? words.yes : words.no
  if (value === null || value === undefined || value === '' || (Array.isArray(value) && !value.length)) return words.empty
  const kind = field ? field.kind : ''
  if (kind === 'choice') return words.choice(field!.name, String(value))
  if (kind === 'photo' || kind === 'medium') return words.file
  if (kind === 'ref') return words.name(field!.of, String(value))
  if (kind === 'limit') {
    const limit = value as { n: number; unit: string }
    return limit.unit === 'immediate' || limit.unit === 'none' ? words.choice('unit', limit.unit) : `${limit.n} ${words.choice('unit', limit.unit)}`
  }
  if (kind === 'shift_days') return words.list(spells(value as Shift[]).map((one) => part(field, kind, one, words)))
  if (Array.isArray(value)) return words.list(value.map((one) => part(field, kind, one, words)))
  if (kind === 'until') return words.list(Object.entries(value as Record<string, string>).map(([skill, day]) => `${skill} ${words.date(day)}`)) || words.empty
  if (kind === 'moment') return `${words.date(String(value).slice(0, 10))} ${String(value).slice(11, 16)}`
  return kind === 'date' ? words.date(String(value)) : String(value)
}
/** Single days of a roster with the same person at the same time as runs of days, so that a copied week is read in one breath. */
function spells(rows: Shift[]): Shift[] {
  const found: Shift[] = []
  for (const row of [...rows].sort((a, b) => (a.date || '').localeCompare(b.date || '') || a.start.localeCompare(b.start))) {
    const run = found.find((f) => f.start === row.start && f.end === row.end && f.person === row.person && dayAfter((f.until || f.date)!, 1) === row.date)
    if (run) run.until = row.date!
    else found.push({ ...row })
  }
  return found
}
/** Of what is drawn only what is not on the other side: nobody looks for one window among sixty. */
export function differing(value: Value, other: Value, field: Field | undefined): Value {
  if (!field || !DRAWN.includes(field.kind) || !Array.isArray(value)) return value
  const there = new Set((Array.isArray(other) ? other : []).map((one) => JSON.stringify(one)))
  return value.filter((one) => !there.has(JSON.stringify(one)))
}
function part(field: Field | undefined, kind: string, one: unknown, words: Words): string {
  if (kind === 'choices') return words.choice(field!.name, String(one))
  if (kind === 'refs') return words.name(field!.of, String(one))
  if (kind === 'spans') return (one as string[]).join('–')
  if (kind === 'spots' || kind === 'zones') {
    const s = one as { kind?: string; id?: string; name: string; x: number; y: number; w?: number; h?: number }
    const what = s.kind === 'window' ? words.name('spots', s.id!) : s.name || [s.kind ? words.choice('spot', s.kind) : '', s.id].filter(Boolean).join(' ')
    return what + words.aside([s.x, s.y, ...(kind === 'zones' ? [`${s.w} × ${s.h}`] : [])].join(', '))
  }
  if (kind === 'materials') {
    const m = one as { name: string; name_en?: string; form: string }
    return m.name + (m.name_en ? ' ' + m.name_en : '') + words.aside(words.choice('form', m.form))
  }
  if (kind === 'shifts' || kind === 'shift_days') {
    const s = one as Shift
    const when = kind === 'shifts' ? (s.days || []).map((day) => words.day(day)).join(words.space) : words.date(s.date!, s.until || undefined)
    const dates = kind === 'shifts' && (s.since || s.until) ? words.aside([s.since, s.until].map((day) => (day ? words.date(day) : '')).join('–')) : ''
    return `${when}${dates} ${s.start}–${s.end} ${s.person ? words.name('people', s.person) : words.nobody}`
  }
  if (kind === 'holidays') {
    const h = one as { name: string; from: string; to: string }
    return `${h.name} ${words.date(h.from, h.to)}`
  }
  return kind === 'dates' ? words.date(String(one)) : String(one)
}

/** Is an uploaded file of this name a film? The server names it by what is in it. */
export const isFilm = (name: string): boolean => /\.(mp4|webm)$/.test(name)
