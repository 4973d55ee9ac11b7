// Today beside a usual day, and the next two hours, as lines and bars. Pure: no clock, no DOM, no socket.

export type Measure = 'arrivals' | 'served' | 'wait'
export const MEASURES: Measure[] = ['arrivals', 'served', 'wait']
export interface Figures {
  arrivals: number
  served: number
  wait: number | null // minutes
}
export interface Half {
  at: string // HH:MM
  today: Figures | null // null: still to come
  usual: Figures | null
}
/** GET /api/usual-day */
export interface UsualDay {
  day: string
  at: string
  basis: 'weekday' | 'days' | null
  days: string[]
  fewest: number
  halves: Half[]
  so_far: Figures
  usual_so_far: Figures | null
}
export interface Bar {
  at: string
  today: number | null
  usual: number | null
}
export const bars = (found: UsualDay, measure: Measure): Bar[] =>
  found.halves.map((half) => ({ at: half.at, today: half.today && half.today[measure], usual: half.usual && half.usual[measure] }))

/** The top of the scale: a round number not below the largest value. */
export function top(values: (number | null)[]): number {
  const most = Math.max(1, ...values.map((value) => value ?? 0))
  const step = 10 ** Math.floor(Math.log10(most))
  return [1, 2, 4, 5, 10].map((n) => n * step).find((n) => n >= most)!
}
/** "+12 %" against the usual; empty when there is nothing to hold it against. */
export function against(now: number | null, usual: number | null | undefined): string {
  if (now === null || usual === null || usual === undefined || usual === 0) return ''
  const share = Math.round((now / usual - 1) * 100)
  return share === 0 ? '±0 %' : `${share > 0 ? '+' : '−'}${Math.abs(share)} %`
}

// ---------------------------------------------------------------- the next two hours

export interface Range {
  middle: number | null // null: longer than two hours
  low: number | null
  high: number | null
}
export interface Part {
  from: string
  to: string
  arrivals: Range | null
  waiting: Range
  wait: Range | null
  within: number | null
  open: number
  needed: number | null
}
export interface Advice {
  queue: string
  from: string
  wait: number | null
  target: number
  windows: { id: string; number: string; tidal: boolean }[]
  after: number | null
  kept: boolean
}
/** GET /api/forecast */
export interface Forecast {
  at: string
  basis: 'learned' | 'file' | 'none' | 'closed'
  minutes: number
  futures: number
  queues: Record<string, { target: number; goal: number; parts: Part[] | null }>
  advice: Advice | null
}
export type Tone = 'good' | 'warn' | 'bad' | 'plain'
export interface Cell {
  arrivals: string
  waiting: string
  wait: string
  windows: string
  tone: Tone
}
const LONGER = '120+'
const one = (value: number | null) => (value === null ? LONGER : String(value))
/** "12 (8–20)"; only the middle where the range is nothing else. */
export function ranged(range: Range | null): string {
  if (!range) return '—'
  const { low, middle, high } = range
  return low === middle && high === middle ? one(middle) : `${one(middle)} (${one(low)}–${one(high)})`
}
/** A half hour: red when the middle wait breaks the promise, amber when the wait of one in ten would. */
export function tone(part: Part, target: number): Tone {
  if (!part.wait) return 'plain'
  const over = (value: number | null) => value === null || value > target
  return over(part.wait.middle) ? 'bad' : over(part.wait.high) ? 'warn' : 'good'
}
export const cell = (part: Part, target: number): Cell => ({
  arrivals: ranged(part.arrivals), waiting: ranged(part.waiting), wait: ranged(part.wait),
  windows: part.needed === null ? `${part.open}/—` : `${part.open}/${part.needed}`, tone: tone(part, target),
})
/** Worst first: a queue's worst half hour, then the queue nobody can know of, then by letter. */
export function ordered(found: Forecast): string[] {
  const worst = (queue: string) => {
    const { parts, target } = found.queues[queue]!
    if (!parts) return 2
    return Math.min(...parts.map((part) => ['bad', 'warn', 'good', 'plain'].indexOf(tone(part, target))))
  }
  return Object.keys(found.queues).sort((a, b) => worst(a) - worst(b) || a.localeCompare(b))
}
/** Queues that nobody can foresee, since no window of them is open or planned. */
export const unforeseen = (found: Forecast): string[] => ordered(found).filter((queue) => !found.queues[queue]!.parts)
/** Which sentence an advice is said with. */
export function saying(advice: Advice): 'open' | 'open_helps' | 'none_left' {
  return !advice.windows.length ? 'none_left' : advice.kept ? 'open' : 'open_helps'
}
export const minutes = (value: number | null): string => one(value)
