import { describe, expect, it } from 'vitest'
import { type Advice, against, bars, cell, type Forecast, ordered, type Part, type Range, ranged, saying, tone, top, type UsualDay } from './today'

const figures = (arrivals: number, wait: number | null = null) => ({ arrivals, served: 0, wait })
const range = (middle: number | null, low = middle, high = middle): Range => ({ middle, low, high })
const part = (wait: Range | null, more: Partial<Part> = {}): Part =>
  ({ from: '', to: '', arrivals: range(8, 5, 11), waiting: range(3), wait, within: 0.9, open: 3, needed: 4, ...more })

describe('today beside a usual day', () => {
  const found = {
    basis: 'weekday', halves: [{ at: '09:00', today: figures(12, 4.5), usual: figures(10, 6) }, { at: '09:30', today: null, usual: figures(14, 8) }],
  } as UsualDay
  it('is one bar for each half hour, none for what has not come yet', () => {
    expect(bars(found, 'arrivals')).toEqual([{ at: '09:00', today: 12, usual: 10 }, { at: '09:30', today: null, usual: 14 }])
    expect(bars(found, 'wait')[0]).toEqual({ at: '09:00', today: 4.5, usual: 6 })
  })
  it('has a round top and a difference in words', () => {
    expect([[], [3], [17, null], [41], [100], [180]].map((values) => top(values))).toEqual([1, 4, 20, 50, 100, 200])
    expect([against(112, 100), against(88, 100), against(100, 100), against(3, 0), against(null, 9), against(3, null)]).toEqual(['+12 %', '−12 %', '±0 %', '', '', ''])
  })
})

describe('the next two hours', () => {
  it('says the middle and the range, and more than was played', () => {
    expect([ranged(range(12, 8, 20)), ranged(range(5)), ranged(null), ranged({ middle: null, low: 41, high: null })]).toEqual(['12 (8–20)', '5', '—', '120+ (41–120+)'])
    expect(cell(part(range(9, 2, 18)), 20)).toEqual({ arrivals: '8 (5–11)', waiting: '3', wait: '9 (2–18)', windows: '3/4', tone: 'good' })
    expect(cell(part(null, { needed: null, arrivals: null }), 20).windows).toBe('3/—')
  })
  it('is red when the promise breaks, amber when it may', () => {
    expect([range(31), range(20, 9, 31), range(9, 2, 30), null, { middle: null, low: 40, high: null }].map((wait) => tone(part(wait), 30))).toEqual(['bad', 'warn', 'good', 'plain', 'bad'])
  })
  it('names the worst queue first', () => {
    const of = (wait: Range | null) => ({ target: 30, goal: 0.8, parts: wait ? [part(range(1)), part(wait)] : null })
    expect(ordered({ queues: { A: of(range(5)), B: of(null), C: of(range(45)), D: of(range(9, 2, 50)) } } as unknown as Forecast)).toEqual(['C', 'D', 'A', 'B'])
  })
  it('says what can be done', () => {
    const advice = (windows: number, kept: boolean) => ({ windows: Array.from({ length: windows }, () => ({})), kept }) as Advice
    expect([saying(advice(1, true)), saying(advice(3, false)), saying(advice(0, false))]).toEqual(['open', 'open_helps', 'none_left'])
  })
})
