import { describe, expect, it } from 'vitest'
import { asItWas, blank, dayAfter, drafted, groups, rowsOf, shown, withItem, without, type Area, type Field, type Words } from './config'

const field = (name: string, kind: string, more: Partial<Field> = {}): Field => ({
  name, kind, required: false, least: null, most: null, options: [], of: '', fresh: false, tomorrow: false, admin: false, delegated: true, group: 'main', ...more,
})
const area: Area = {
  id: 'services', edit: true, gone: true, fresh: true, single: false, over: false, key: 'id', department: null, version: 3, in_force: 3, since: null, versions: [], known: {},
  fields: [field('name', 'text', { required: true }), field('closed', 'yes_no'), field('materials', 'materials', { group: 'papers' })],
  items: { S1: { name: '公司设立', closed: false, materials: [] }, S2: { name: '参保登记', closed: false, materials: [] } },
  draft: { rev: 2, base: 3, person: '', name: '', at: null, items: { S2: { name: '参保' }, S9: { name: '新事项' } } },
}
const words: Words = { list: (parts) => parts.join('、'), space: '', aside: (text) => `（${text}）`, yes: '是', no: '否', empty: '（空）', nobody: '不设岗', file: '文件', day: (day) => day, date: (from, to = from) => (from === to ? from : `${from}~${to}`), choice: (f, o) => `${f}.${o}`, name: (of, id) => `${of}:${id}` }

describe('the draft over the items', () => {
  it('lays fields over items and adds new ones', () => {
    expect(drafted(area.items, area.draft.items).S2).toEqual({ name: '参保', closed: false, materials: [] })
    expect(rowsOf(area, '').map((r) => [r.id, r.state])).toEqual([['S1', 'same'], ['S2', 'changed'], ['S9', 'new']])
    expect(rowsOf(area, ' 参保 ').map((r) => r.id)).toEqual(['S2'])
  })
  it('keeps only what differs, so that two people may change two fields', () => {
    expect(withItem(area, 'S1', { name: '公司设立', closed: true, materials: [] }).S1).toEqual({ closed: true })
    expect('S1' in withItem(area, 'S1', { ...area.items.S1 })).toBe(false)
  })
  it('removes and takes back', () => {
    const gone = { ...area, draft: { ...area.draft, items: without(area, 'S1') } }
    expect(gone.draft.items.S1).toBe(null)
    expect(rowsOf(gone, '')[0]!.state).toBe('gone')
    expect('S1' in asItWas(gone, 'S1')).toBe(false)
    expect('S9' in without(area, 'S9')).toBe(false)
  })
})

describe('forms and words', () => {
  it('starts empty, in groups', () => {
    expect(blank(area)).toEqual({ name: '', closed: false, materials: [] })
    expect(groups(area.fields).map((g) => g.id)).toEqual(['main', 'papers'])
  })
  it('counts days over the ends of months', () => {
    expect([dayAfter('2026-02-27', 2), dayAfter('2026-03-02', -7), dayAfter('2028-02-28', 1)]).toEqual(['2026-03-01', '2026-02-23', '2028-02-29'])
  })
  it('reads every kind of value', () => {
    expect(shown(field('closed', 'yes_no'), true, words)).toBe('是')
    expect(shown(field('lunch', 'choice'), 'open', words)).toBe('lunch.open')
    expect(shown(field('hours', 'spans'), [['08:30', '12:00'], ['14:00', '17:30']], words)).toBe('08:30–12:00、14:00–17:30')
    expect(shown(field('limit', 'limit'), { n: 3, unit: 'workday' }, words)).toBe('3 unit.workday')
    expect(shown(field('b', 'refs', { of: 'people' }), ['ZW1'], words)).toBe('people:ZW1')
    expect(shown(field('m', 'materials'), [{ name: '章程', form: 'copy' }], words)).toBe('章程（form.copy）')
    const row = { days: ['mon', 'tue'], start: '08:30', end: '12:00', person: 'ZW1', since: '2026-03-02' }
    expect(shown(field('w', 'shifts'), [row], words)).toBe('montue（2026-03-02–） 08:30–12:00 people:ZW1')
    expect(shown(field('d', 'shift_days'), [{ ...row, date: '2026-03-04', since: null, person: '' }], words)).toBe('2026-03-04 08:30–12:00 不设岗')
    const on = (date: string, person: string) => ({ date, start: '08:30', end: '12:00', person })
    expect(shown(field('d', 'shift_days', { of: 'people' }), [on('2026-03-05', 'ZW1'), on('2026-03-04', 'ZW1'), on('2026-03-06', 'ZW2'), on('2026-03-09', 'ZW1')], words)).toBe(
      '2026-03-04~2026-03-05 08:30–12:00 people:ZW1、2026-03-06 08:30–12:00 people:ZW2、2026-03-09 08:30–12:00 people:ZW1')
    expect(shown(field('x', 'text'), '', words)).toBe('（空）')
    expect(shown(undefined, 0, words)).toBe('0')
  })
})
