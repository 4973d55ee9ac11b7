import { describe, expect, it } from 'vitest'
import { lunchUntil, nextOpening, spansOn, whyClosed, type Spans } from './hours'

const DAY: Spans = [['08:30', '12:00'], ['13:30', '17:00']]
const hall = { hours: { weekday: DAY, saturday: [['09:00', '12:00']] as Spans, sunday: [] as Spans }, special: { '2026-10-01': [] as Spans, '2026-10-02': [] as Spans, '2026-10-10': DAY } }

describe('when the hall is open', () => {
  it('goes by the week, and by the dates that differ before it', () => {
    expect(spansOn(hall, '2026-09-28')).toEqual(DAY) // a Monday
    expect(spansOn(hall, '2026-10-03')).toEqual([['09:00', '12:00']])
    expect(spansOn(hall, '2026-10-04')).toEqual([])
    expect(spansOn(hall, '2026-10-01')).toEqual([]) // a Thursday
    expect(spansOn(hall, '2026-10-10')).toEqual(DAY) // a Saturday that works
  })
  it('says when it opens next: later today, tomorrow, after the holidays', () => {
    expect(nextOpening(hall, '2026-09-28', '07:00')).toEqual({ day: '2026-09-28', from: '08:30' })
    expect(nextOpening(hall, '2026-09-28', '12:10')).toEqual({ day: '2026-09-28', from: '13:30' })
    expect(nextOpening(hall, '2026-09-28', '17:00')).toEqual({ day: '2026-09-29', from: '08:30' })
    expect(nextOpening(hall, '2026-09-30', '18:00')).toEqual({ day: '2026-10-03', from: '09:00' })
    expect(nextOpening({ hours: { weekday: [], saturday: [] } }, '2026-09-30', '18:00')).toBe(null)
  })
  it('tells a day that is over from one that has not begun and one without hours', () => {
    expect(whyClosed(hall, '2026-09-28', '2026-09-28', '10:00')).toBe('closed') // somebody ended it
    expect(whyClosed(hall, '2026-09-25', '2026-09-28', '07:00')).toBe('planned')
    expect(whyClosed(hall, '2026-09-25', '2026-09-28', '18:00')).toBe('closed')
    expect(whyClosed(hall, '2026-09-30', '2026-10-01', '10:00')).toBe('holiday')
    expect(whyClosed(hall, null, '2026-10-04', '10:00')).toBe('holiday')
  })
  it('says until when nobody works at noon, unless somebody does', () => {
    const open = { date: '2026-09-28', state: 'open' as const }
    expect(lunchUntil(hall, open, '2026-09-28', '12:10', false)).toBe('13:30')
    expect(lunchUntil(hall, open, '2026-09-28', '12:10', true)).toBe('')
    expect(lunchUntil(hall, open, '2026-09-28', '11:59', false)).toBe('')
    expect(lunchUntil(hall, open, '2026-09-28', '13:30', false)).toBe('')
    expect(lunchUntil(hall, { ...open, state: 'closed' }, '2026-09-28', '12:10', false)).toBe('')
    expect(lunchUntil(hall, { ...open, date: '2026-10-03' }, '2026-10-03', '12:30', false)).toBe('') // a Saturday of one span
  })
})
