import { describe, expect, it } from 'vitest'
import type { ManagerQueueRow, PlanFloor } from '@client/contract'
import { deeds, drawn, fitted, light, mood, owed, type Row, seconds } from './floor'

const NOW = Date.parse('2026-03-02T02:00:00Z')
const ago = (s: number) => new Date(NOW - s * 1000).toISOString()
const window = (more: Partial<Row> = {}): Row =>
  ({ id: 'W01', number: '1', zone: 'A区', state: 'open', queues: ['A'], ticket: null, since: ago(900), idle_since: ago(30), called_at: null, started_at: null, service: null, usual_s: 600, figures: { served: 3 }, ...more }) as Row
const serving = (s: number) => window({ ticket: { number: 'A001', state: 'serving' } as Row['ticket'], started_at: ago(s), called_at: ago(s + 40), idle_since: null })
const queue = (id: string, waiting: number) => ({ id, waiting }) as ManagerQueueRow

describe('a window on the plan', () => {
  it('says what it does and since when', () => {
    expect([mood(window()), mood(serving(5)), mood(window({ state: 'paused' })), mood(window({ state: 'closed' }))]).toEqual(['free', 'serving', 'paused', 'closed'])
    expect(seconds(serving(125), NOW)).toBe(125)
    expect(seconds(window({ state: 'paused' }), NOW)).toBe(900)
    expect(seconds(window({ state: 'closed' }), NOW)).toBe(null)
  })
  it('has a light for how long that lasts', () => {
    expect([599, 1201, 1801].map((s) => light(serving(s), NOW, 0))).toEqual(['green', 'amber', 'red'])
    expect(light(window({ idle_since: ago(400) }), NOW, 0)).toBe('green') // nobody waits for it
    expect([30, 90, 400].map((s) => light(window({ idle_since: ago(s) }), NOW, 4))).toEqual(['green', 'amber', 'red'])
    expect(light(window({ state: 'paused', since: ago(1300) }), NOW, 0)).toBe('amber')
    expect(light(window({ state: 'closed' }), NOW, 9)).toBe('none')
  })
  it('writes no name over what stands beside it', () => {
    expect(['陈静', '阿卜杜热西提·阿卜杜克热木', 'Nobody', 'Anastasia'].map((name) => fitted(name, 4))).toEqual(['陈静', '阿卜杜…', 'Nobody', 'Anasta…'])
    expect(fitted('陈', 0.5)).toBe('陈…')
  })
  it('offers what the role may do', () => {
    const all = { act: true, place: true }
    expect(deeds(window(), all, false, null)).toEqual(['what-if-close', 'placement'])
    expect(deeds(window({ state: 'closed' }), all, true, null)).toEqual(['tidal-open', 'what-if-open', 'placement'])
    expect(deeds(window(), all, false, 'open')[0]).toBe('emergency-take')
    expect(deeds(window({ state: 'closed' }), { act: false, place: true }, true, 'open')).toEqual(['placement'])
  })
})

describe('a floor', () => {
  const floor: PlanFloor = {
    id: '1', name: '', name_en: '', width: 20, height: 10, drawn: true,
    zone: [{ name: 'A区', x: 0, y: 0, w: 9, h: 5 }, { name: 'B区', x: 10, y: 0, w: 9, h: 5 }],
    spot: [
      { kind: 'window', id: 'W01', x: 2, y: 2, name: '', name_en: '' }, { kind: 'window', id: 'W02', x: 6, y: 2, name: '', name_en: '' },
      { kind: 'kiosk', id: 'K1', x: 9, y: 9, name: '', name_en: '' }, { kind: 'window', id: 'W99', x: 1, y: 1, name: '', name_en: '' },
    ],
  }
  it('shows its windows, things and who waits in each area, each queue once', () => {
    const rows = [window(), window({ id: 'W02', number: '2', queues: ['A', 'B'] }), window({ id: 'W07', zone: 'B区', queues: ['C'] })]
    const found = drawn(floor, rows, [queue('A', 5), queue('B', 2), queue('C', 9)])
    expect(found.tiles.map((t) => t.row.id)).toEqual(['W01', 'W02'])
    expect(found.zones.map((z) => z.queues)).toEqual([[{ id: 'A', waiting: 5 }, { id: 'B', waiting: 2 }], []])
    expect(found.waiting).toBe(7)
    expect(found.things.map((s) => s.id)).toEqual(['K1'])
    expect(owed(rows[1]!, [queue('A', 5), queue('B', 2)])).toBe(7)
  })
  it('tells a queue that several areas take once for all of them', () => {
    const rows = [window(), window({ id: 'W02', number: '2', queues: ['A', 'B'] }), window({ id: 'W07', zone: 'B区' })]
    const found = drawn(floor, rows, [queue('A', 5), queue('B', 2)])
    expect(found.zones.map((z) => z.queues)).toEqual([[{ id: 'B', waiting: 2 }], []])
    expect(found.shared).toEqual([{ id: 'A', waiting: 5 }])
    expect(found.waiting).toBe(7)
  })
})
