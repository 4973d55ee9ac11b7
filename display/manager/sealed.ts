// A closed day's sums as they were sealed, beside what its events come to now. Pure: no clock, no DOM, no socket.

export type Sums = Record<string, unknown>
export interface Row {
  key: string
  then: string
  now: string
  differs: boolean
}
const ORDER = ['taken', 'done', 'no_show', 'cancelled', 'expired']
const told = (value: unknown): string => (value === undefined ? '0' : String(value))
const parts = (value: unknown): [string, unknown][] => (value && typeof value === 'object' ? Object.entries(value) : [])
/** What has parts becomes `offline.lent` and so on; what has parts of parts (each clerk's overtime) is kept as it was sealed and in no row. */
const flat = (sums: Sums): Sums =>
  Object.fromEntries(Object.entries(sums).flatMap(([key, value]) => (typeof value === 'object' ? parts(value).map(([part, n]) => [`${key}.${part}`, n]) : [[key, value]])).filter(([, n]) => typeof n !== 'object'))

/** Every sum of either, the usual ones first. A part is told only where it differs. */
export function compared(sealed: Sums, counted: Sums): Row[] {
  const place = (key: string) => (ORDER.includes(key) ? ORDER.indexOf(key) : ORDER.length)
  const [was, is] = [flat(sealed), flat(counted)]
  return Object.keys({ ...was, ...is })
    .map((key) => ({ key, then: told(was[key]), now: told(is[key]), differs: told(was[key]) !== told(is[key]) }))
    .filter((row) => row.differs || !row.key.includes('.'))
    .sort((a, b) => place(a.key) - place(b.key) || a.key.localeCompare(b.key))
}
