// Which window takes what, as the manager edits it. Pure: each move makes a new wish; the server checks and publishes.

export const MODES = ['by_department', 'grouped', 'undifferentiated'] as const
export interface Change {
  kind: string
  what: string
  name: string
  before: string
  after: string
}
interface Place {
  queues: string[]
  classes: string[]
  overflow: string[]
}
export interface Mandate {
  department: string
  service: string
  since: string
  document: string
}
/** A kind of comprehensive window: the queues that windows of it take together. */
export interface WindowClass {
  id: string
  name: string
  name_en: string
  queues: string[]
}
/** The overrides over the hall's files; what is not named here is as the files say. */
export interface Wish {
  modes: Record<string, string>
  services: Record<string, string>
  windows: Record<string, Place>
  classes: WindowClass[]
  mandates: Mandate[]
  [more: string]: unknown
}
export interface PlacedWindow extends Place {
  id: string
  number: string
  name: string
  name_en: string
  kind: string
}
export interface PlacedService {
  id: string
  name: string
  name_en: string
  department: string
  department_en: string
  department_id: string
  queue: string
  file_queue: string
}
export interface Placed {
  version: number
  placement: Wish
  queues: { id: string; name: string; name_en: string; mode: string }[]
  classes: WindowClass[]
  windows: PlacedWindow[]
  services: PlacedService[]
  versions: { version: number; at: string | null; person: string; name: string; note: string; changes: Change[]; rolled_back_to: number | null }[]
}

/** Back in the queue of the files it needs no override. */
export function moveService(wish: Wish, service: PlacedService, queue: string): Wish {
  const services = { ...wish.services, [service.id]: queue }
  if (queue === service.file_queue) delete services[service.id]
  return { ...wish, services }
}

export const inMode = (wish: Wish, queue: string, mode: string): Wish => ({ ...wish, modes: { ...wish.modes, [queue]: mode } })

/** `typed`: queue letters with anything between them, in the order in which they are served. */
const letters = (typed: string): string[] => [...new Set(typed.toUpperCase().match(/[A-Z]+/g) || [])]

export function setQueues(wish: Wish, window: PlacedWindow, typed: string): Wish {
  const queues = letters(typed)
  const { classes, overflow } = wish.windows[window.id] || window
  return { ...wish, windows: { ...wish.windows, [window.id]: { queues, classes, overflow } } }
}

/** 委托受理: the service's department has agreed in writing, from `since` (ISO date) on. */
export function giveMandate(wish: Wish, service: PlacedService, since: string, document: string): Wish {
  const others = wish.mandates.filter((m) => m.service !== service.id)
  return { ...wish, mandates: [...others, { department: service.department_id, service: service.id, since, document }] }
}

// ---- window classes (综合窗口类别) ---------------------------------------------------------------------

/** All classes as they would be: those of the files, and what the wish says instead or adds. */
export function classesOf(placed: Placed, wish: Wish): WindowClass[] {
  const known = placed.classes.filter((c) => !wish.classes.some((w) => w.id === c.id))
  return [...known, ...wish.classes].sort((a, b) => a.id.localeCompare(b.id, 'en', { numeric: true }))
}
/** The first id that no class has: K1, K2 … */
export function freshClass(placed: Placed, wish: Wish): WindowClass {
  const taken = classesOf(placed, wish).map((c) => c.id)
  let n = 1
  while (taken.includes(`K${n}`)) n += 1
  return { id: `K${n}`, name: '', name_en: '', queues: [] }
}
export function setClass(wish: Wish, one: WindowClass): Wish {
  return { ...wish, classes: [...wish.classes.filter((c) => c.id !== one.id), one] }
}
/** Name or queues of a class, as typed. */
export const named = (one: WindowClass, field: 'name' | 'name_en', typed: string): WindowClass => ({ ...one, [field]: typed.trim() })
export const withQueues = (one: WindowClass, typed: string): WindowClass => ({ ...one, queues: letters(typed) })
/** The windows of a class; a window may belong to several. */
export const inClass = (wish: Wish, window: PlacedWindow, id: string): boolean => (wish.windows[window.id] || window).classes.includes(id)
export function toggleClass(wish: Wish, window: PlacedWindow, id: string): Wish {
  const { queues, classes, overflow } = wish.windows[window.id] || window
  const after = classes.includes(id) ? classes.filter((c) => c !== id) : [...classes, id]
  return { ...wish, windows: { ...wish.windows, [window.id]: { queues, classes: after, overflow } } }
}
