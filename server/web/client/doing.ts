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
/** The time from which on today is asked when the hall opens next: a day that a person ended does not open again in the afternoon. */
export const askedFrom = (day: Pick<Day, 'date' | 'state'>, today: string, time: string): string =>
  day.date === today && (day.state === 'closing' || day.state === 'closed') ? '24:00' : time
/** When the hall opens next, after `time` on the first of `days`: the day's place among them and HH:MM. Each day: its hours. */
export function opensNext(days: readonly (readonly string[])[], time: string): { day: number; from: string } | null {
  for (let day = 0; day < days.length; day++) {
    const span = days[day].find((s) => day > 0 || s.slice(0, 5) > time)
    if (span) return { day, from: span.slice(0, 5) }
  }
  return null
}

/** When a paused window goes on: its local time, 'soon' once that is past, null when nobody said. */
export function returnOf(pause: { back_at: string | null } | null | undefined, now: number): number | 'soon' | null {
  if (!pause || !pause.back_at) return null
  const at = Date.parse(pause.back_at)
  return at > now ? at : 'soon'
}
