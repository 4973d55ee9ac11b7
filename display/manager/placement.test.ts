import { describe, expect, it } from 'vitest'
import { giveMandate, inMode, moveService, setQueues, type PlacedService, type PlacedWindow, type Wish } from './placement'

const files: Wish = { modes: {}, services: {}, windows: {}, mandates: [] }
const service: PlacedService = { id: 'S101', name: '社保', department: '人社', department_id: 'D05', queue: 'B', file_queue: 'B' }
const place: PlacedWindow = { id: 'W04', number: '4', name: '四窗', kind: 'comprehensive', queues: ['A'], classes: ['K1'], overflow: ['B'] }

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
