// How well the foretold waits came true, as lines of a table. Pure: no clock, no DOM, no socket.

export interface Figures {
  calls: number
  kept: number | null // share called within "not later than"
  error_min: number | null
  near: number | null
  at_most_min: number | null
  waited_min: number | null
}
/** GET /api/accuracy */
export interface Accuracy {
  first: string
  last: string
  shown: boolean // does this hall tell people at all
  taken: Figures
  moved: Figures
  queues: Record<string, Figures>
  days: Record<string, Figures>
}
export type By = 'queue' | 'day'
export type Tone = 'good' | 'warn' | 'plain'
export interface Line {
  key: string
  calls: number
  kept: string
  error: string
  promised: string
  waited: string
  tone: Tone
}
export const PERIODS = [1, 7, 14, 30]
const AIM = [0.88, 0.93] // of all promises; a single day or queue may fall to WORST
const WORST = 0.84
const FEW = 30 // below so many people a share proves nothing

export const share = (value: number | null) => (value === null ? '—' : `${(value * 100).toFixed(0)} %`)
export const minutes = (value: number | null) => (value === null ? '—' : value.toFixed(1))

/** Is "not later than" kept often enough? Kept more often than aimed at only means that it is said with much room. */
export function tone(figures: Figures, least = AIM[0]!): Tone {
  if (figures.kept === null || figures.calls < FEW) return 'plain'
  return figures.kept < least ? 'warn' : 'good'
}

/** One line per queue in the order of their letters, or per day, the newest first. */
export function lines(found: Accuracy, by: By): Line[] {
  const parts = Object.entries(by === 'queue' ? found.queues : found.days)
  parts.sort(([a], [b]) => (by === 'queue' ? a.localeCompare(b) : b.localeCompare(a)))
  return parts.map(([key, f]) => ({
    key, calls: f.calls, kept: share(f.kept), error: minutes(f.error_min), promised: minutes(f.at_most_min), waited: minutes(f.waited_min), tone: tone(f, WORST),
  }))
}
