import { describe, expect, it } from 'vitest'
import { choices, lines, question, start } from './whatif'

const NOW = Date.parse('2026-03-02T02:00:00Z')
const WINDOWS = [{ id: 'W10', number: '10', state: 'open' }, { id: 'W02', number: '2', state: 'closed' }, { id: 'W01', number: '1', state: 'open' }, { id: 'W03', number: '3', state: 'paused' }]

describe('the question', () => {
  it('offers what can be opened and what can be closed', () => {
    expect(choices('open', WINDOWS).map((w) => w.id)).toEqual(['W02', 'W03'])
    expect(choices('close', WINDOWS).map((w) => w.id)).toEqual(['W01', 'W10'])
  })
  it('is asked only when it is whole', () => {
    expect(question(start, NOW)).toBeNull()
    expect(question({ ...start, window: 'W02' }, NOW)).toEqual({ change: { kind: 'open', window: 'W02', until: '2026-03-02T03:00:00.000Z' } })
    expect(question({ ...start, window: 'W02', minutes: 0 }, NOW)).toEqual({ change: { kind: 'open', window: 'W02' } })
    expect(question({ ...start, kind: 'share', share: 30 }, NOW)).toEqual({ change: { kind: 'share', share: 0.3 } })
    expect(question({ ...start, kind: 'move', service: 'S101' }, NOW)).toBeNull()
    expect(question({ ...start, kind: 'move', service: 'S101', queue: 'A', window: 'W02' }, NOW)).toEqual({ change: { kind: 'move', service: 'S101', queue: 'A' } })
  })
})

describe('the answer', () => {
  const effect = (low: number, high: number) => ({ before: 20, after: 15, difference: { mean: -5, low, high } })
  it('calls a change good or bad only where nine futures in ten agree', () => {
    const tones = (low: number, high: number) => lines({ basis: 'file', paths: 60, usual_share: 0.18, booked_share: 0.1, people: 9, waiting: effect(low, high), joining: null, over: null })[0]!.tone
    expect(tones(-8, -1)).toBe('good')
    expect(tones(-8, 1)).toBe('plain')
    expect(tones(0.5, 3)).toBe('bad')
  })
  it('shows minutes with one digit, shares in percent, and both signs', () => {
    const over = { before: 0.314, after: 0.2, difference: { mean: -0.114, low: -0.2, high: 0.02 } }
    expect(lines({ basis: 'file', paths: 60, usual_share: 0.18, booked_share: 0.1, people: 9, waiting: effect(-8, 1.25), joining: null, over })).toEqual([
      { key: 'waiting', before: '20.0', after: '15.0', low: '−8.0', high: '+1.3', tone: 'plain' },
      { key: 'over', before: '31 %', after: '20 %', low: '−20 %', high: '+2 %', tone: 'plain' },
    ])
  })
})
