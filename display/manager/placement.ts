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
/** The overrides over the hall's files; what is not named here is as the files say. */
export interface Wish {
  modes: Record<string, string>
  services: Record<string, string>
  windows: Record<string, Place>
  mandates: Mandate[]
  [more: string]: unknown
}
export interface PlacedWindow extends Place {
  id: string
  number: string
  name: string
  kind: string
}
export interface PlacedService {
  id: string
  name: string
  department: string
  department_id: string
  queue: string
  file_queue: string
}
export interface Placed {
  version: number
  placement: Wish
  queues: { id: string; name: string; name_en: string; mode: string }[]
  classes: { id: string; name: string; name_en: string; queues: string[] }[]
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
export function setQueues(wish: Wish, window: PlacedWindow, typed: string): Wish {
  const queues = [...new Set(typed.toUpperCase().match(/[A-Z]+/g) || [])]
  const { classes, overflow } = wish.windows[window.id] || window
  return { ...wish, windows: { ...wish.windows, [window.id]: { queues, classes, overflow } } }
}

/** 委托受理: the service's department has agreed in writing, from `since` (ISO date) on. */
export function giveMandate(wish: Wish, service: PlacedService, since: string, document: string): Wish {
  const others = wish.mandates.filter((m) => m.service !== service.id)
  return { ...wish, mandates: [...others, { department: service.department_id, service: service.id, since, document }] }
}
