import { describe, expect, it } from 'vitest'
import type { Hall, PlanFloor, PlanSpot } from '@client/contract'
import { first, sheets, wayUp } from './map'

const spot = (kind: PlanSpot['kind'], x: number, y: number, id = ''): PlanSpot => ({ kind, x, y, id, name: '', name_en: '' })
const floor = (id: string, width: number, height: number, spots: PlanSpot[]): PlanFloor => ({ id, name: '', name_en: '', width, height, zone: [], spot: spots, drawn: true })
const hall = (...plan: PlanFloor[]): Pick<Hall, 'plan' | 'windows'> => {
  const windows: Hall['windows'] = []
  for (const f of plan) for (const s of f.spot) if (s.kind === 'window') windows.push({ id: s.id, number: s.id.slice(1), name: '', zone: 'A', floor: f.id, kind: '', low_counter: false })
  return { plan, windows }
}
const ground = floor('1', 40, 20, [spot('window', 4, 4, 'W1'), spot('window', 8, 4, 'W2'), spot('kiosk', 20, 17, 'K1'), spot('kiosk', 30, 17, 'K2'), spot('lift', 36, 17), spot('board', 20, 8, 'B1'), spot('toilet', 38, 3)])
const upper = floor('2', 40, 14, [spot('window', 5, 4, 'W12'), spot('lift', 36, 11)])

describe('the way from a kiosk to the windows', () => {
  it('marks the windows of the matter and this kiosk, and knows landmarks', () => {
    const [one] = sheets(hall(ground), ['2'], 'K1')
    expect(one!.windows.map((w) => [w.number, w.mine])).toEqual([['1', false], ['2', true]])
    expect(one!.here).toEqual({ x: 20, y: 17 })
    expect(one!.things.map((x) => x.kind)).toEqual(['lift', 'toilet'])
    expect(one!.things.some((x) => x.up)).toBe(false)
    expect(one!.view).toEqual({ x: 0, y: 0, w: 40, h: 20 })
    expect(sheets(hall(ground), ['2'], 'K9')[0]!.here).toBe(null)
  })
  it('begins with this floor when a window is on it, else with the first that has one', () => {
    const of = (mine: string[]) => sheets(hall(ground, upper), mine, 'K1')
    expect(first(of(['1', '12']))!.floor.id).toBe('1')
    expect(first(of(['12']))!.floor.id).toBe('2')
    expect(first(sheets(hall(upper, ground), ['1', '12'], 'K1'))!.floor.id).toBe('1')
    expect(first(sheets({ windows: [] }, ['1'], 'K1'))).toBe(undefined)
  })
  it('shows the way up on both floors, a lift before stairs', () => {
    const climbs = sheets(hall(ground, upper), ['12'], 'K1')
    expect(climbs.map((f) => f.things.filter((x) => x.up).length)).toEqual([1, 1])
    expect(wayUp(climbs)).toBe('lift')
    const stairs = floor('1', 40, 20, [spot('kiosk', 1, 1, 'K1'), spot('stairs', 2, 2)])
    expect(wayUp(sheets(hall(stairs, upper), ['12'], 'K1'))).toBe('stairs')
    expect(wayUp(sheets(hall(ground, upper), ['1'], 'K1'))).toBe(null)
    expect(wayUp(sheets(hall(ground, upper), ['12'], 'K9'))).toBe(null) // nobody knows where it stands
  })
  it('shows of a large floor what lies around the goal, whole windows and this kiosk', () => {
    const many = Array.from({ length: 60 }, (_, n) => spot('window', 3 + 3 * n, 4, 'W' + n))
    for (const goal of ['0', '30', '59']) {
      const [one] = sheets(hall(floor('1', 186, 30, [...many, spot('kiosk', 90, 25, 'K1')])), [goal], 'K1')
      const { x, y, w, h } = one!.view
      expect(x).toBeGreaterThanOrEqual(0)
      expect(x + w).toBeLessThanOrEqual(186)
      expect(y + h).toBeLessThanOrEqual(30)
      const inside = (s: { x: number; y: number }) => s.x >= x && s.x <= x + w && s.y >= y && s.y <= y + h
      expect(one!.windows.filter((s) => s.mine).every(inside)).toBe(true)
      expect(inside(one!.here!)).toBe(true)
    }
    const near = sheets(hall(floor('1', 186, 30, many)), ['30'], 'K1')[0]!
    expect(near.view.w).toBeLessThan(40)
    expect(near.pitch).toBe(3)
  })
})
