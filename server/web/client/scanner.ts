/**
 * A scanner that types: characters less than FAST_MS apart, ended by Enter. Pure: key and time come in.
 * People type slower, so nothing that a hand writes is taken for a code.
 */
export const FAST_MS = 50
export const LEAST = 6

export interface Scan {
  typed: string
  at: number
}
export const IDLE: Scan = { typed: '', at: 0 }

/** The scan after one key, and what was read when it is complete. */
export function feed(scan: Scan, key: string, now: number): { scan: Scan; read: string | null } {
  const typed = now - scan.at < FAST_MS ? scan.typed : ''
  if (key === 'Enter') return { scan: IDLE, read: typed.length >= LEAST ? typed : null }
  if (key.length !== 1) return { scan: key === 'Shift' ? scan : IDLE, read: null }
  return { scan: { typed: (typed + key).slice(-400), at: now }, read: null }
}

/** The check-in code of 8 digits, or the link at the end of a booking page's address; null for any other code. */
export function codeOf(read: string): string | null {
  const text = read.trim()
  if (/^\d{8}$/.test(text)) return text
  const found = /\/b\/([A-Za-z0-9_-]{16,40})(?:[?#].*)?$/.exec(text)
  return found ? found[1]! : null
}
