// A closed day's sums as they were sealed, beside what its events come to now. Pure: no clock, no DOM, no socket.

export type Sums = Record<string, unknown>
export interface Row {
  key: string
  then: string
  now: string
  differs: boolean
}
const ORDER = ['taken', 'done', 'no_show', 'cancelled', 'expired']
const told = (value: unknown): string => (value === undefined ? '0' : typeof value === 'object' ? JSON.stringify(value) : String(value))

/** Every sum of either, the usual ones first. What has parts is told only where it differs. */
export function compared(sealed: Sums, counted: Sums): Row[] {
  const place = (key: string) => (ORDER.includes(key) ? ORDER.indexOf(key) : ORDER.length)
  return Object.keys({ ...sealed, ...counted })
    .map((key) => ({ key, then: told(sealed[key]), now: told(counted[key]), differs: told(sealed[key]) !== told(counted[key]) }))
    .filter((row) => row.differs || typeof sealed[row.key] !== 'object')
    .sort((a, b) => place(a.key) - place(b.key) || a.key.localeCompare(b.key))
}
