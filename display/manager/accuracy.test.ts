import { describe, expect, it } from 'vitest'
import { type Accuracy, type Figures, lines, minutes, share, tone } from './accuracy'

const figures = (calls: number, kept: number | null): Figures => ({ calls, kept, error_min: 3.24, near: 0.8, at_most_min: 18, waited_min: 11.96 })
const none: Figures = { calls: 0, kept: null, error_min: null, near: null, at_most_min: null, waited_min: null }
const found: Accuracy = {
  first: '2026-03-02', last: '2026-03-03', shown: true, taken: figures(400, 0.91), moved: none,
  queues: { B: figures(200, 0.8), A: figures(200, 0.95) }, days: { '2026-03-02': figures(390, 0.9), '2026-03-03': figures(10, 0.5) },
}

describe('the accuracy of the waits', () => {
  it('is told per queue by letter and per day, the newest first', () => {
    expect(lines(found, 'queue').map((l) => [l.key, l.kept, l.error, l.promised, l.waited])).toEqual([['A', '95 %', '3.2', '18.0', '12.0'], ['B', '80 %', '3.2', '18.0', '12.0']])
    expect(lines(found, 'day').map((l) => l.key)).toEqual(['2026-03-03', '2026-03-02'])
  })
  it('warns below the aim, and not because of a handful of people', () => {
    expect(tone(figures(400, 0.87))).toBe('warn')
    expect(tone(figures(400, 0.88))).toBe('good')
    expect(lines(found, 'queue').map((l) => l.tone)).toEqual(['good', 'warn'])
    expect(lines(found, 'day').map((l) => l.tone)).toEqual(['plain', 'good'])
  })
  it('says nothing where nothing is known', () => {
    expect([share(null), minutes(null), tone(none)]).toEqual(['—', '—', 'plain'])
  })
})
