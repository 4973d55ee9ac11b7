import { describe, expect, it } from 'vitest'
import { type DayAhead, type QueueHalf, rows, verdict } from './dayahead'

const queue = (q: string, more: Partial<QueueHalf> = {}): QueueHalf => ({ queue: q, arrivals: 4, rostered: 2, guess: 1, wait: 3, wait_90: 8, within: 0.95, goal: 0.8, late: false, ...more })
const day = (more: Partial<DayAhead> = {}): DayAhead => ({
  day: '2026-03-03', basis: 'file', expected: 300, booked: 4, played: 12, more: null,
  halves: [
    { at: '08:00', arrivals: 0, rostered: 0, guess: 0, queues: [] },
    { at: '09:00', arrivals: 12, rostered: 4, guess: 3, queues: [queue('A'), queue('B', { within: 0.85 })] },
    { at: '10:00', arrivals: 20, rostered: 4, guess: 6, queues: [queue('A', { within: 0.4, late: true, guess: 4, wait: 31 }), queue('B', { within: 0.2, goal: 0.1 })] },
  ],
  ...more,
})
const more = { queue: 'A', from: '10:00', to: '11:30', before: 0.4, windows: [{ id: 'W04', number: '4', tidal: true }], after: 0.9, kept: true }

describe('a day to come', () => {
  it('names in each half hour the queue that needs a look first', () => {
    const [nine, ten, ...rest] = rows(day())
    expect(rest).toEqual([])
    expect(nine).toMatchObject({ at: '09:00', windows: '4 / 3', queue: 'B', within: '85 %', late: false, short: false })
    expect(ten).toMatchObject({ queue: 'A', wait: '31', within: '40 %', late: true, short: true })
  })
  it('shows nobody called as no wait', () => {
    const halves = [{ at: '12:00', arrivals: 2, rostered: 0, guess: 1, queues: [queue('A', { wait: null, within: 0, late: true })] }]
    expect(rows(day({ halves }))[0]).toMatchObject({ wait: '–', within: '0 %', late: true })
    expect(rows(day({ halves: [{ ...halves[0]!, queues: [] }] }))[0]).toMatchObject({ queue: '', within: '–' })
  })
  it('says what to do', () => {
    expect(verdict(day())).toBe('enough')
    expect(verdict(day({ more }))).toBe('mended')
    expect(verdict(day({ more: { ...more, kept: false } }))).toBe('better')
    expect(verdict(day({ more: { ...more, windows: [], after: null, kept: false } }))).toBe('none_left')
    expect(verdict(day({ day: null, basis: 'closed' }))).toBe('closed')
    expect(verdict(day({ basis: 'none', booked: 0 }))).toBe('unknown')
  })
})
