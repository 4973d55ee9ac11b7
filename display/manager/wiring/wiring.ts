// What a device host tells of its lines, and what an installer does with it. Pure: no clock, no DOM, no socket.

export type Kind = 'printer' | 'strip' | 'keypad' | 'reader' | 'scanner'
export interface Line {
  line: string
  baud: number
  driver: string
  state: 'ready' | 'fault' | 'opening'
  devices: string[]
  withheld: boolean
  jobs: Record<string, number>
  retries: number
  losses: number
  silences: number
  p50_ms: number | null
  max_ms: number | null
}
export interface Machine {
  name: string
  model: string
  kind: Kind
  address: number
  line: string
  window: string | null
  kiosk: string | null
  virtual: boolean
  moves: boolean // its protocol has a command for another address
  addressed: boolean // it has an address at all
}
export interface Port {
  url: string
  device: string
  about: string
  state: 'free' | 'busy' | 'declared' | 'forbidden' | 'gone'
}
export interface Model {
  name: string
  title: string
  driver: string
  kind: Kind
  baud: number
  moves: boolean
}
/** A fact of the host that the server refused; the other fields say what it was about. */
export interface Dead {
  at: string
  name: string
  refused: string
  text: { zh: string; en: string } | null
  [about: string]: string | { zh: string; en: string } | null
}
export interface Host {
  id: string
  enrolled_as: string
  here: boolean
  name?: string
  computer?: string
  file?: string
  troubles?: string[]
  refused?: string // why the server lets it do nothing
  untold?: { waiting: number; oldest_s: number; dead: Dead[] } // what the server has not heard yet, and what it refused
  lines?: Line[]
  devices?: Machine[]
  ports?: Port[]
  models?: Model[]
}
export interface Found {
  url: string
  driver: string
  kind: Kind
  baud: number
  address: number
  detail: string
}
export interface Progress {
  running: boolean
  url: string
  driver: string
  baud: number
  done: number
  steps: number
  listening: boolean
  found: Found[]
}
export interface Entry {
  n: number
  at: string
  way: '>' | '<' | '!'
  hex: string
  said: [string, Record<string, unknown>][]
}
export interface Trace {
  line: string
  driver: string
  baud: number
  withheld: boolean
  entries: Entry[]
  last: number
}
/** How a test went; `waiting` and `sending` go on. */
export interface Tried {
  state: 'waiting' | 'sending' | 'confirmed' | 'sent' | 'unsure' | 'failed'
  reason: string
}

export const KINDS: Kind[] = ['printer', 'strip', 'reader', 'keypad']
const KEPT = 2000

/** Lines with the machines on them, in the host's order; lost ones first. */
export function byLine(host: Host): { line: Line; machines: Machine[] }[] {
  const machines = host.devices ?? []
  const rows = (host.lines ?? []).map((line) => ({ line, machines: machines.filter((m) => line.devices.includes(m.name)) }))
  return rows.sort((a, b) => Number(b.line.state === 'fault') - Number(a.line.state === 'fault'))
}
/** Ports that a search may ask. */
export const freePorts = (host: Host): Port[] => (host.ports ?? []).filter((port) => port.state !== 'declared')
/** The models that speak what was found. */
export const fitting = (host: Host, found: Found): Model[] => (host.models ?? []).filter((model) => model.driver === found.driver)
/** Can the machine that was found be given another address, as this model speaks to it? */
export const canMove = (host: Host, model: string): boolean => (host.models ?? []).some((one) => one.name === model && one.moves)
/** The first address from `from` on that no machine of this line has. */
export function freeAddress(machines: Machine[], from: number): number {
  const taken = new Set(machines.map((machine) => machine.address))
  let at = from
  while (taken.has(at)) at++
  return at
}
/** Where a machine of this kind stands: a printer in a kiosk, everything else at a window. */
export const placed = (kind: Kind): 'kiosk' | 'window' => (kind === 'printer' || kind === 'reader' ? 'kiosk' : 'window')
export const nameFor = (kind: Kind, place: string): string => `${kind}-${place}`
export const isSocket = (url: string): boolean => /^socket:\/\/[A-Za-z0-9.-]+:\d{1,5}$/.test(url.trim())
export const going = (tried: Tried | undefined): boolean => tried?.state === 'waiting' || tried?.state === 'sending'
export const sum = (jobs: Record<string, number>): number => Object.values(jobs).reduce((all, n) => all + n, 0)

/** The entries seen so far and those that came; the oldest go. */
export function joined(seen: Entry[], came: Entry[]): Entry[] {
  const last = seen.length ? seen[seen.length - 1]!.n : 0
  return [...seen, ...came.filter((entry) => entry.n > last)].slice(-KEPT)
}
/** Time of day to the millisecond, as the host's clock had it. */
export const clockOf = (at: string): string => at.slice(11, 23)

/** A trace as `wucha devices replay` reads it. */
export function traceFile(trace: Pick<Trace, 'line' | 'driver' | 'baud'>, entries: Entry[]): string {
  const began = entries.length ? Date.parse(entries[0]!.at) : 0
  const rows = entries.map((e) => `${((Date.parse(e.at) - began) / 1000).toFixed(6).padStart(12)} ${e.way} ${e.hex}`)
  const head = ['# wucha trace 1', `# line ${trace.line}   driver ${trace.driver}   baud ${trace.baud}   from ${entries[0]?.at ?? '-'}`]
  return [...head, ...rows].join('\n') + '\n'
}

const WAITS_S = 10 // a fact is on its way for a moment; longer, the server does not answer
/** What the host could not tell for a while: null when there is nothing to say. */
export const untoldLong = (host: Host): { n: number; s: number } | null =>
  host.untold && host.untold.waiting && host.untold.oldest_s >= WAITS_S ? { n: host.untold.waiting, s: host.untold.oldest_s } : null
/** What a refused fact was about, as it stands in the host's log. */
export const about = (row: Dead): string =>
  Object.keys(row).filter((key) => ['at', 'name', 'refused', 'text'].indexOf(key) < 0).map((key) => key + '=' + row[key]).join(' ')
