/** What the list of complaints and bad ratings says in figures, and in which colour a limit is shown. Pure. */
import type { ComplaintRow } from '@client/contract'

export const isOpen = (x: ComplaintRow): boolean => x.state === 'received' || x.state === 'working'
/** What is due next. */
export const dueOf = (x: ComplaintRow): string | null => (x.state === 'received' ? x.contact_due : x.state === 'working' ? x.answer_due : null)

/** Whoever it is about, or who answered it the first time, leaves the answer to others. */
export const mayAnswer = (x: ComplaintRow): boolean => isOpen(x) && !x.mine && !x.answered_first
export const mayExtend = (x: ComplaintRow): boolean => mayAnswer(x) && x.state === 'working' && !x.extended && !x.late

export type Typed = Record<number, string>
/** Which of the fields a deed used up; what was typed into the others stays. */
export const usedBy = (path: string): 'words' | 'why' | 'owner' | null => (({ answer: 'words', extend: 'why', assign: 'owner' }) as const)[path] ?? null
/** What was typed and can still be read on the page: an answer as long as its row is shown (a colleague may have
 *  been faster), a reason as long as it is asked for. */
export const holding = (rows: ComplaintRow[], words: Typed, why: Typed): boolean =>
  rows.some((x) => (words[x.id]?.trim() && (mayAnswer(x) || !isOpen(x))) || (why[x.id]?.trim() && mayExtend(x)))

export type Share = { n: number; of: number }
export interface Sums {
  open: number
  late: number
  /** Of those whose time to be taken up, or to be answered, is known to be kept or missed. */
  taken_up: Share
  answered: Share
}
const kept = (done: string | null, due: string | null, now: number): boolean | null =>
  due === null ? null : done ? Date.parse(done) <= Date.parse(due) : now > Date.parse(due) ? false : null

export function sums(rows: ComplaintRow[], now: number): Sums {
  const share = (said: (boolean | null)[]): Share => {
    const known = said.filter((one) => one !== null)
    return { n: known.filter(Boolean).length, of: known.length }
  }
  return {
    open: rows.filter(isOpen).length,
    late: rows.filter((x) => x.late).length,
    taken_up: share(rows.map((x) => kept(x.contacted_at, x.contact_due, now))),
    answered: share(rows.map((x) => kept(x.ended_at, x.answer_due, now))),
  }
}

const HINT_MS = 24 * 3600 * 1000
/** Red when it is late, yellow within a day of its end. */
export function tone(x: ComplaintRow, now: number): 'bad' | 'warn' | 'plain' {
  const due = dueOf(x)
  if (x.late) return 'bad'
  return due && Date.parse(due) - now < HINT_MS ? 'warn' : 'plain'
}
export const endedLate = (x: ComplaintRow): boolean => !!x.ended_at && !!x.answer_due && Date.parse(x.ended_at) > Date.parse(x.answer_due)
