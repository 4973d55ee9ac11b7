/** When the hall is open, as its own facts say: hours of the week, and dates that differ. Pure: the time comes as an argument. */
import type { Day, Hall } from '@client/contract'
import { doingOf } from '@client/doing'

export type Spans = [string, string][]
export interface Opening {
  /** ISO date. */
  day: string
  /** 08:30 */
  from: string
}
type Facts = Pick<Hall, 'hours' | 'special'>
/** The hall tells the dates that differ for so many days ahead. */
const AHEAD = 60

/** Opening hours of an ISO date; none: it is closed. */
export function spansOn(hall: Facts, day: string): Spans {
  if (hall.special && day in hall.special) return hall.special[day]!
  const n = new Date(day + 'T12:00:00Z').getUTCDay()
  return (n === 0 ? hall.hours.sunday : n === 6 ? hall.hours.saturday : hall.hours.weekday) || []
}

/** The next time that it opens after `now` (09:05) of `today`; null when that is further away than anybody was told. */
export function nextOpening(hall: Facts, today: string, now: string): Opening | null {
  for (let n = 0; n < AHEAD; n++) {
    const day = new Date(Date.parse(today + 'T12:00:00Z') + n * 86400000).toISOString().slice(0, 10)
    const span = spansOn(hall, day).filter(([from]) => n > 0 || from > now)[0]
    if (span) return { day, from: span[0] }
  }
  return null
}

/** Why no numbers are given on a day that is over, or was never opened: before its hours, after them, or none today. */
export function whyClosed(hall: Facts, opened: string | null, today: string, now: string): 'planned' | 'closed' | 'holiday' {
  if (opened === today) return 'closed'
  const spans = spansOn(hall, today)
  return !spans.length ? 'holiday' : now < spans[spans.length - 1]![1] ? 'planned' : 'closed'
}

/** When the lunch break ends (14:00); '' while there is none, or while a window works through it. */
export function lunchUntil(hall: Facts, day: Pick<Day, 'date' | 'state'>, today: string, now: string, served: boolean): string {
  const spans = spansOn(hall, today).map((span) => span.join('–'))
  const after = doingOf(day, today, spans, now, served) === 'lunch' ? nextOpening(hall, today, now) : null
  return after ? after.from : ''
}
