import { expect, test } from 'vitest'
import { compared } from './sealed'

test('what a day was sealed as stands beside what it comes to, the usual sums first', () => {
  const late = { ZW001: { minutes: 9, served: 1 } }
  const rows = compared({ expired: 2, taken: 3, done: 1, overtime: late }, { taken: 2, done: 1, expired: 1, transferred: 1, overtime: late })
  expect(rows.map((row) => [row.key, row.then, row.now, row.differs])).toEqual([
    ['taken', '3', '2', true], ['done', '1', '1', false], ['expired', '2', '1', true], ['transferred', '0', '1', true],
  ])
  expect(compared({ offline: { lent: 5, used: 2 } }, { offline: { lent: 6, used: 2 }, overtime: late })).toEqual([{ key: 'offline.lent', then: '5', now: '6', differs: true }])
  expect(compared({ taken: 1 }, { taken: 1, offline: { lent: 6, out: 6 } }).map((row) => [row.key, row.then, row.now])).toEqual([['taken', '1', '1'], ['offline.lent', '0', '6'], ['offline.out', '0', '6']])
})
