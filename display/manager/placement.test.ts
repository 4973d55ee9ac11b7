import { describe, expect, it } from 'vitest'
import { classesOf, freshClass, giveMandate, inClass, inMode, moveService, named, setClass, setQueues, toggleClass, withQueues, type Placed, type PlacedService, type PlacedWindow, type Wish } from './placement'

const files: Wish = { modes: {}, services: {}, windows: {}, classes: [], mandates: [] }
const service: PlacedService = { id: 'S101', name: '社保', name_en: 'Insurance', department: '人社', department_en: 'Social security', department_id: 'D05', queue: 'B', file_queue: 'B' }
const place: PlacedWindow = { id: 'W04', number: '4', name: '四窗', name_en: 'Window four', kind: 'comprehensive', queues: ['A'], classes: ['K1'], overflow: ['B'] }

describe('a wish', () => {
  it('names a service only while it is elsewhere than in the files', () => {
    const moved = moveService(files, service, 'A')
    expect(moved.services).toEqual({ S101: 'A' })
    expect(moveService(moved, service, 'B').services).toEqual({})
    expect(files.services).toEqual({})
  })
  it('keeps classes and overflow when queues are typed', () => {
    expect(setQueues(files, place, 'a, b a').windows).toEqual({ W04: { queues: ['A', 'B'], classes: ['K1'], overflow: ['B'] } })
    expect(setQueues(files, place, ' ').windows.W04.queues).toEqual([])
  })
  it('has one mandate for a service, the newest', () => {
    const given = giveMandate(files, service, '2026-03-02', '1')
    expect(giveMandate(given, service, '2026-03-03', '2').mandates).toEqual([{ department: 'D05', service: 'S101', since: '2026-03-03', document: '2' }])
  })
  it('sets the mode of one queue', () => {
    expect(inMode(files, 'A', 'undifferentiated').modes).toEqual({ A: 'undifferentiated' })
  })
})

describe('window classes (A5)', () => {
  const placed = { classes: [{ id: 'K1', name: '许可', name_en: '', queues: ['A'] }] } as unknown as Placed
  it('adds a class with a fresh id, its name and its queues', () => {
    const one = withQueues(named(freshClass(placed, files), 'name', ' 给付 '), 'b,c b')
    expect(one).toEqual({ id: 'K2', name: '给付', name_en: '', queues: ['B', 'C'] })
    const wish = setClass(files, one)
    expect(classesOf(placed, wish).map((c) => c.id)).toEqual(['K1', 'K2'])
    expect(freshClass(placed, wish).id).toBe('K3')
  })
  it('says a class of the files anew, once', () => {
    const wish = setClass(setClass(files, { ...placed.classes[0]!, name: '行政许可' }), { ...placed.classes[0]!, name: '许可类' })
    expect(classesOf(placed, wish)).toEqual([{ id: 'K1', name: '许可类', name_en: '', queues: ['A'] }])
  })
  it('puts a window in and takes it out, and keeps what else the window takes', () => {
    const wish = toggleClass(files, place, 'K2')
    expect(wish.windows.W04).toEqual({ queues: ['A'], classes: ['K1', 'K2'], overflow: ['B'] })
    expect(inClass(wish, place, 'K2')).toBe(true)
    expect(inClass(toggleClass(wish, place, 'K1'), place, 'K1')).toBe(false)
  })
})
