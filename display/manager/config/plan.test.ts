import { describe, expect, it } from 'vitest'
import { differing, shown, type Field, type Words } from './config'
import { at, changed, clashes, draftOf, type Floor, floorsOf, free, lies, nowhere, placed, shadows, sized, snapped, step, without } from './plan'

const spot = (kind: string, id: string, x: number, y: number) => ({ kind, id, name: '', name_en: '', x, y })
const floor = (): Floor => ({
  width: 20, height: 10,
  zone: [{ name: 'A', x: 1, y: 1, w: 9, h: 5 }],
  spot: [spot('window', 'W1', 3, 3), spot('window', 'W2', 7.5, 3), spot('kiosk', 'K1', 15, 8)],
})

describe('a plan under the hand', () => {
  it('puts things on the grid and keeps them within the walls', () => {
    expect(snapped(3.3)).toBe(3.5)
    expect(at(placed(floor(), { of: 'spot', n: 2 }, 12.3, 4.7), { of: 'spot', n: 2 })).toMatchObject({ x: 12.5, y: 4.5 })
    expect(at(placed(floor(), { of: 'spot', n: 2 }, -3, 99), { of: 'spot', n: 2 })).toMatchObject({ x: 0, y: 10 })
    expect(at(placed(floor(), { of: 'spot', n: 0 }, -3, 99), { of: 'spot', n: 0 }), 'a window is drawn whole').toMatchObject({ x: 2, y: 8.5 })
    expect(at(placed({ ...floor(), height: 2 }, { of: 'spot', n: 0 }, 5, 9), { of: 'spot', n: 0 })).toMatchObject({ x: 5, y: 1 })
  })
  it('moves an area with what stands in it, and not out of the floor', () => {
    const to = placed(floor(), { of: 'zone', n: 0 }, 30, 2)
    expect(to.zone[0]).toMatchObject({ x: 11, y: 2, w: 9, h: 5 })
    expect(to.spot.map((s) => [s.x, s.y])).toEqual([[13, 4], [17.5, 4], [15, 8]])
    expect(sized(floor(), 0, 99, 0).zone[0]).toMatchObject({ w: 19, h: 1 })
  })
  it('tells a board under a window as it is drawn, and no two boards', () => {
    const under = { ...floor(), spot: [...floor().spot, spot('board', 'B1', 7.5, 4.5)] }
    expect(clashes(under)).toEqual([[1, 3]])
    expect(clashes(placed(under, { of: 'spot', n: 3 }, 7.5, 5))).toEqual([])
    expect(clashes(placed(under, { of: 'spot', n: 3 }, 13, 3))).toEqual([])
    expect(clashes({ ...under, spot: [spot('board', 'B1', 5, 5), spot('board', 'B2', 5, 5)] })).toEqual([])
  })
  it('tells two windows on one place, and nothing else', () => {
    expect(clashes(floor())).toEqual([])
    const near = placed(floor(), { of: 'spot', n: 1 }, 5, 4)
    expect(clashes(near)).toEqual([[0, 1]])
    expect(clashes(changed(near, { of: 'spot', n: 1 }, { kind: 'kiosk' }))).toEqual([])
    expect(lies({ x: 11.4, y: 1 }, { x: 15.2, y: 1 }), '15.2 - 11.4 is a hair less than a window').toBe(false)
  })
  it('finds room for what is new', () => {
    const place = free(floor())
    expect(floor().spot.some((s) => lies(s, place))).toBe(false)
    expect(free({ ...floor(), width: 3, height: 2 })).toEqual({ x: 1.5, y: 1 })
  })
  it('walks by the arrow keys', () => {
    expect(step('ArrowLeft', false)).toEqual({ x: -0.5, y: 0 })
    expect(step('ArrowDown', true)).toEqual({ x: 0, y: 2.5 })
    expect(step('Enter', false)).toBeNull()
  })
  it('says what nobody has placed, and what has moved', () => {
    const floors = floorsOf({ '1': { ...floor() } })
    expect(nowhere(floors, ['W1', 'W2', 'W3'])).toEqual(['W3'])
    expect(shadows(undefined, floor())).toEqual([])
    expect(shadows(floor(), placed(floor(), { of: 'spot', n: 1 }, 12, 3)).map((s) => s.id)).toEqual(['W2'])
    expect(without(floor(), { of: 'zone', n: 0 }).zone).toEqual([])
  })
  it('drafts the floors that are not as they were', () => {
    const items = { '1': { name: '一楼', ...floor() }, '2': { name: '二楼', ...floor() } }
    const now = floorsOf(items)
    expect(draftOf(items, now, {})).toEqual({})
    const moved = { ...now, '2': placed(now['2']!, { of: 'spot', n: 0 }, 12, 3) }
    const draft = draftOf(items, moved, { '1': { spot: [] } })
    expect(Object.keys(draft)).toEqual(['2'])
    expect(Object.keys(draft['2']!)).toEqual(['spot'])
  })
})

it('compares plans by what differs', () => {
  const field = { name: 'spot', kind: 'spots' } as Field
  const words = { list: (parts: string[]) => parts.join('、'), aside: (text: string) => `（${text}）`, name: (_: string, id: string) => `窗口 ${id}`, choice: () => '取号机', empty: '（空）' } as unknown as Words
  const before = floor().spot
  const after = placed(floor(), { of: 'spot', n: 1 }, 12, 3).spot
  expect(shown(field, differing(before, after, field), words)).toBe('窗口 W2（7.5, 3）')
  expect(shown(field, differing(after, before, field), words)).toBe('窗口 W2（12, 3）')
  expect(shown(field, differing(null, after, field), words)).toBe('（空）')
  expect(shown(field, [before[2]], words)).toBe('取号机 K1（15, 8）')
  expect(shown({ ...field, kind: 'zones' }, floor().zone, words)).toBe('A（1, 1, 9 × 5）')
})
