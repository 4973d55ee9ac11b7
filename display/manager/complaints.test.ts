import { describe, expect, it } from 'vitest'
import type { ComplaintRow } from '@client/contract'
import { dueOf, endedLate, holding, sums, tone, usedBy } from './complaints'

const NOW = Date.parse('2026-03-03T09:00:00Z')
const row = (over: Partial<ComplaintRow>): ComplaintRow => ({
  id: 1, number: 'A001', window: '1', state: 'received', source: 'words', level: null, reasons: [], text: '', about: null, mine: false, answered_first: false, first: null, contact: false,
  owner: null, owner_name: null, contact_due: '2026-03-03T09:30:00Z', answer_due: '2026-03-09T09:30:00Z', contacted_at: null, extended: '',
  extends_to: '2026-03-23T09:30:00Z', late: false, provisional: false, answer: '', made_at: '2026-03-02T02:00:00Z', ended_at: null, ...over,
})

describe('limits', () => {
  it('taking up is due first, the answer second, nothing after it', () => {
    expect(dueOf(row({}))).toBe('2026-03-03T09:30:00Z')
    expect(dueOf(row({ state: 'working' }))).toBe('2026-03-09T09:30:00Z')
    expect(dueOf(row({ state: 'answered' }))).toBeNull()
  })
  it('yellow within a day, red once late', () => {
    expect(tone(row({}), NOW)).toBe('warn')
    expect(tone(row({ state: 'working' }), NOW)).toBe('plain')
    expect(tone(row({ late: true }), NOW)).toBe('bad')
  })
  it('what nobody can know yet is in no share', () => {
    const rows = [
      row({}),
      row({ state: 'working', contacted_at: '2026-03-03T08:00:00Z' }),
      row({ state: 'answered', contacted_at: '2026-03-04T01:00:00Z', ended_at: '2026-03-10T01:00:00Z' }),
      row({ contact_due: '2026-03-03T08:30:00Z', late: true }),
      row({ contact_due: null, answer_due: null }),
    ]
    expect(sums(rows, NOW)).toEqual({ open: 4, late: 1, taken_up: { n: 1, of: 3 }, answered: { n: 0, of: 1 } })
    expect(rows.map(endedLate)).toEqual([false, false, true, false, false])
  })
})

describe('what was typed', () => {
  it('a deed uses up its own field alone', () => {
    expect(['answer', 'extend', 'assign', 'take-up', 'contact'].map(usedBy)).toEqual(['words', 'why', 'owner', null, null])
  })
  it('holds the page while it can be read there', () => {
    const working = { state: 'working' } as const
    expect(holding([row({})], { 1: ' ' }, {})).toBe(false)
    expect(holding([row({})], { 1: 'sorry' }, {})).toBe(true)
    expect(holding([row({ state: 'answered' })], { 1: 'sorry' }, {})).toBe(true)
    expect(holding([row({ id: 2 })], { 1: 'sorry' }, { 1: 'far away' })).toBe(false)
    expect(holding([row({ mine: true })], { 1: 'sorry' }, {})).toBe(false)
    expect(holding([row(working)], {}, { 1: 'far away' })).toBe(true)
    expect([{ extended: 'so' }, { late: true }, { state: 'answered' as const }].map((now) => holding([row({ ...working, ...now })], {}, { 1: 'far away' }))).toEqual([false, false, false])
  })
})
