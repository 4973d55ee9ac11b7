import { describe, expect, it } from 'vitest'
import { initial, mood, next, still } from './flow'

describe('the window screen', () => {
  it.each([
    [null, 'unknown'],
    [{ state: 'closed', ticket: null }, 'closed'],
    [{ state: 'open', ticket: null }, 'free'],
    [{ state: 'paused', ticket: null }, 'paused'],
    [{ state: 'paused', ticket: { state: 'serving' } }, 'serving'],
    [{ state: 'open', ticket: { state: 'called' } }, 'called'],
    [{ state: 'open', ticket: { state: 'serving' } }, 'serving'],
  ])('%j says %s', (row, said) => {
    expect(mood(row)).toBe(said)
  })
  it('flashes for a call and again for a recall, not twice for the same', () => {
    const once = next(still, { name: 'called', id: 'c1' })
    expect(once.flash).toBe(1)
    expect(next(once, { name: 'called', id: 'c1' })).toBe(once)
    expect(next(once, { name: 'called', id: 'c2' }).flash).toBe(2)
  })
  it('has a family name where a photo is missing', () => {
    expect(initial('陈静')).toBe('陈')
    expect(initial(' li Na')).toBe('L')
    expect(initial('')).toBe('')
  })
})
