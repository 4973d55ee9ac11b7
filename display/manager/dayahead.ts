// A day to come against its roster, as lines of a table. Pure: no clock, no DOM, no socket.

export interface QueueHalf {
  queue: string
  arrivals: number
  rostered: number
  guess: number
  wait: number | null // minutes, the middle one of who came then
  wait_90: number | null
  within: number | null // share called within the target
  goal: number
  late: boolean
}
/** GET /api/day-ahead */
export interface DayAhead {
  day: string | null // null: the hall is closed then
  basis: 'learned' | 'file' | 'none' | 'closed'
  expected: number
  booked: number
  played: number
  halves: { at: string; arrivals: number; rostered: number; guess: number; queues: QueueHalf[] }[]
  more: {
    queue: string
    from: string
    to: string
    before: number
    windows: { id: string; number: string; tidal: boolean }[]
    after: number | null
    kept: boolean
  } | null
}
export interface Row {
  at: string
  arrivals: number
  windows: string // rostered / asked for
  short: boolean // fewer rostered than the first guess
  queue: string // the one that is late, or waits longest
  wait: string
  within: string
  late: boolean
}
/** One line for each half hour in which somebody is expected, with the queue that needs a look first. */
export function rows(found: DayAhead): Row[] {
  return found.halves
    .filter((half) => half.arrivals >= 1 || half.queues.some((q) => q.late))
    .map((half) => {
      const asked = half.queues.filter((q) => q.within !== null)
      const first = [...asked].sort((a, b) => Number(b.late) - Number(a.late) || a.within! - a.goal - (b.within! - b.goal))[0]
      return {
        at: half.at,
        arrivals: half.arrivals,
        windows: `${half.rostered} / ${half.guess}`,
        short: half.queues.some((q) => q.arrivals >= 1 && q.rostered < q.guess),
        queue: first ? first.queue : '',
        wait: !first || first.wait === null ? '–' : `${first.wait}`,
        within: first ? `${Math.round(first.within! * 100)} %` : '–',
        late: !!first && first.late,
      }
    })
}
/** Which sentence says what to do. */
export function verdict(found: DayAhead): 'enough' | 'mended' | 'better' | 'none_left' | 'closed' | 'unknown' {
  if (!found.day) return 'closed'
  if (found.basis === 'none' && !found.booked) return 'unknown'
  if (!found.more) return 'enough'
  if (!found.more.windows.length) return 'none_left'
  return found.more.kept ? 'mended' : 'better'
}
