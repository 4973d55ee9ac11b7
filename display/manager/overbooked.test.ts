import { describe, expect, it } from 'vitest'
import { freeTimes, overWords } from './overbooked'

describe('more booked than there are places', () => {
  it('offers the times that have a place, by time', () => {
    const days = [{ date: '2026-03-04', slots: [{ at: '2026-03-04T02:00:00+00:00', free: 1 }] }, { date: '2026-03-03', slots: [{ at: '2026-03-03T02:00:00+00:00', free: 0 }, { at: '2026-03-03T03:00:00+00:00', free: 2 }] }]
    expect(freeTimes({ days })).toEqual([{ at: '2026-03-03T03:00:00+00:00', free: 2 }, { at: '2026-03-04T02:00:00+00:00', free: 1 }])
  })
  it('says in one line what a leave would add, and nothing where it adds nothing', () => {
    const at = '2026-03-03T02:00:00+00:00'
    expect(overWords([{ queue: 'B', at, over: 2 }, { queue: 'C', at, over: 1 }], (x) => x.slice(11, 16))).toBe('02:00 B +2、02:00 C +1')
    expect(overWords(undefined, (x) => x)).toBe('')
  })
})
