/**
 * Ratings that nobody has decided about yet: kept on the pad's own disk, handed over oldest first, each with the id it was
 * given under, so that the server takes it once however often it is told. How old one may be is the server's rule: it refuses
 * what comes too late and writes that down; only then is it forgotten here.
 */
import type { Answer } from '@client/post'

export interface Kept {
  request_id: string
  body: Record<string, unknown>
}
export interface Shelf {
  read: () => Kept[]
  write: (rows: Kept[]) => void
}
export type Send = (one: Kept, own: boolean) => Promise<Answer<unknown>>

/** More than a window can finish in the day for which the server takes them; some 150 kB. */
export const MOST = 400

/** No answer, and none of a server that cannot write just now, says that it was taken or never will be. */
export const isDecided = (answer: Answer<unknown>): boolean => answer.ok || (answer.status !== 0 && answer.status !== 429 && answer.status < 500)

export function shelve(shelf: Shelf, one: Kept): void {
  shelf.write([...shelf.read().filter((k) => k.request_id !== one.request_id), one].slice(-MOST))
}

/**
 * Tells the server what is kept, until one finds no server; the answer to `own` when it came to it. One that the server fails at
 * stays and does not hold up the others.
 */
export async function handOver(shelf: Shelf, send: Send, own = ''): Promise<Answer<unknown> | null> {
  for (const one of shelf.read()) {
    const mine = one.request_id === own
    const answer = await send(one, mine)
    if (isDecided(answer)) shelf.write(shelf.read().filter((k) => k.request_id !== one.request_id))
    if (mine) return answer
    if (!answer.ok && answer.status === 0) return null
  }
  return null
}
