import { describe, expect, it } from 'vitest'
import { freeTimes, nearest, overWords } from './overbooked'

describe('more booked than there are places', () => {
  it('offers the times that have a place, by time', () => {
    const days = [{ date: '2026-03-04', slots: [{ at: '2026-03-04T02:00:00+00:00', free: 1 }] }, { date: '2026-03-03', slots: [{ at: '2026-03-03T02:00:00+00:00', free: 0 }, { at: '2026-03-03T03:00:00+00:00', free: 2 }] }]
    expect(freeTimes({ days })).toEqual([{ at: '2026-03-03T03:00:00+00:00', free: 2 }, { at: '2026-03-04T02:00:00+00:00', free: 1 }])
  })
  it('proposes the time nearest to the one that was booked', () => {
    const free = ['2026-03-03T00:30:00+00:00', '2026-03-03T03:00:00+00:00', '2026-03-04T02:00:00+00:00'].map((at) => ({ at, free: 1 }))
    expect(nearest(free, '2026-03-03T02:00:00+00:00')).toBe('2026-03-03T03:00:00+00:00')
    expect(nearest([], '2026-03-03T02:00:00+00:00')).toBe('')
  })
  it('says in one line what a leave would add, and nothing where it adds nothing', () => {
    const at = '2026-03-03T02:00:00+00:00'
    expect(overWords([{ queue: 'B', at, over: 2 }, { queue: 'C', at, over: 1 }], (x) => x.slice(11, 16))).toBe('02:00 B +2、02:00 C +1')
    expect(overWords(undefined, (x) => x)).toBe('')
  })
})
