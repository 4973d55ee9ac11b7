/** What the phone page decides by itself: how often to ask, and when to call its owner. Pure. */
import type { MyTicket } from '@client/contract'

export const QUICK_S = 3
export const CALM_S = 10
export const SLOW_S = 60 // an answer to a complaint takes days
/** A called citizen who was told three times and is on the way needs no fourth shake. */
export type Alarm = 'called' | 'near' | null

/** Seconds until the next question; null when nothing can change any more. */
export function pollAfter(mine: MyTicket): number | null {
  const { state, near } = mine.ticket
  const answer = mine.complaints && mine.complaints.some((one) => one.due !== null) ? SLOW_S : null
  if (state === 'cancelled' || state === 'expired') return answer
  if (state === 'done') return mine.rating.can ? CALM_S : answer
  if (state === 'called') return QUICK_S
  return (state === 'waiting' || state === 'away') && near ? QUICK_S : CALM_S
}

/** Between two answers: was the owner called, or is it time to come back to the hall? */
export function alarm(before: MyTicket | null, now: MyTicket): Alarm {
  const was = before && before.ticket
  const is = now.ticket
  if (is.state === 'called' && (!was || was.state !== 'called' || is.calls > was.calls || is.window !== was.window)) return 'called'
  const near = (t: MyTicket['ticket']) => (t.state === 'waiting' || t.state === 'away') && t.near === true
  // By phone: the turn has come and nobody is there, the last word before the number is missed.
  if (was && is.remote && was.remote && is.remote.present_by && !was.remote.present_by && is.state === 'away') return 'near'
  return was && near(is) && !near(was) ? 'near' : null
}

/** Must the page be drawn anew? The server's own time is no news. */
export const changed = (before: MyTicket | null, now: MyTicket): boolean =>
  !before || JSON.stringify({ ...before, at: '' }) !== JSON.stringify({ ...now, at: '' })

/** May a new drawing replace the page, or would it take a half-filled form out of somebody's hands? */
export const mayRedraw = (before: MyTicket | null, now: MyTicket, filling: boolean): boolean =>
  !filling || !before || before.ticket.state !== now.ticket.state || (before.rating.can && !now.rating.can)
