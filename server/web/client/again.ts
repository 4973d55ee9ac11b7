// When a hall that does nothing just now opens again. Pure: the time comes as an argument.
import { fullDate, hhmm, isoDay } from './clock'
import type { Hall } from './contract'
import { type Doing, hoursOf } from './doing'

/** What it does when its windows are empty. */
export const AWAY: readonly Doing[] = ['planned', 'closed', 'rest', 'lunch']
const AHEAD = 30 // days looked through for the next one that opens
const DAY_MS = 86_400_000
const MIDNIGHT = '24:00'
/** When the hall opens next, after `time` on the first of `days`: the day's place among them and HH:MM. Each day: its hours. */
export function opensNext(days: readonly (readonly string[])[], time: string): { day: number; from: string } | null {
  for (let day = 0; day < days.length; day++) {
    const span = days[day].find((s) => day > 0 || s.slice(0, 5) > time)
    if (span) return { day, from: span.slice(0, 5) }
  }
  return null
}

/** The hours of today and of the days after it, as hoursOf says them. */
export function spansAhead(hall: Pick<Hall, 'hours' | 'special' | 'zone'>, now: number): string[][] {
  const today = Date.parse(isoDay(now, hall.zone) + 'T12:00Z')
  return Array.from({ length: AHEAD }, (_, n) => {
    const at = new Date(today + n * DAY_MS)
    return hoursOf(hall.hours, at.getUTCDay(), hall.special?.[at.toISOString().slice(0, 10)])
  })
}
/** When a hall that does nothing just now opens again, in words: its time, and the day where that is another; '' while it serves or nobody knows. */
export function againOf(doing: Doing, days: readonly (readonly string[])[], now: number, zone: string, lang: string): string {
  const time = doing === 'closed' ? MIDNIGHT : hhmm(now, zone) // a day that is over does not begin again by itself
  const next = AWAY.includes(doing) ? opensNext(days, time) : null
  return !next ? '' : next.day ? `${fullDate(now + next.day * DAY_MS, lang, zone).join(' ')} ${next.from}` : next.from
}
