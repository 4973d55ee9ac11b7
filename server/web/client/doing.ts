// What a hall is doing just now, and when somebody is back. Pure: the time comes as an argument.
import type { Day } from './contract'

/** Today's opening hours. `weekday`: 0 = Sunday … 6 = Saturday, in the hall's own zone; `special`: those of the date, where they are others. */
export function hoursOf(hours: Record<string, unknown>, weekday: number, special?: [string, string][]): string[] {
  if (special) return special.map(([from, to]) => `${from}–${to}`)
  const name = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'][weekday]
  const spans = (hours[name] ?? (weekday >= 1 && weekday <= 5 ? hours.weekday : undefined) ?? []) as [string, string][]
  return spans.map(([from, to]) => `${from}–${to}`)
}

/** What the hall is doing, for everybody who looks up: the day's state, and two that only its hours tell. */
export type Doing = Day['state'] | 'rest' | 'lunch'
/**
 * `day`: the last one that was opened, which need not be today's. `today`: its ISO date; `spans`: its hours as hoursOf says them.
 * `time`: local HH:MM. `served`: some window works.
 */
export function doingOf(day: Pick<Day, 'date' | 'state'>, today: string, spans: readonly string[], time: string, served: boolean): Doing {
  const ended = (span: string) => span.slice(-5) <= time
  if (day.state === 'planned' || (day.state === 'closed' && day.date !== today)) return !spans.length ? 'rest' : spans.every(ended) ? 'closed' : 'planned'
  const between = spans.some(ended) && spans.some((s) => s.slice(0, 5) > time) && !spans.some((s) => s.slice(0, 5) <= time && !ended(s))
  return day.state === 'open' && between && !served ? 'lunch' : day.state
}
/** Are the sums of `day` those of `today`, an ISO date? They stay when a day has ended; the next morning they are of another. */
export const isOfToday = (day: Pick<Day, 'date' | 'state'> | null, today: string): boolean => !!day && (day.state !== 'closed' || day.date === today)
/** Of what a desk may do, that which has sense on such a day: where none runs nobody holds a number, so there is nobody to call. */
export const sensible = (can: readonly string[], day: Day['state']): readonly string[] => (/open|closing/.test(day) ? can : can.filter((act) => !/^call-/.test(act)))

/** When a paused window goes on: its local time, 'soon' once that is past, null when nobody said. */
export function returnOf(pause: { back_at: string | null } | null | undefined, now: number): number | 'soon' | null {
  if (!pause || !pause.back_at) return null
  const at = Date.parse(pause.back_at)
  return at > now ? at : 'soon'
}
