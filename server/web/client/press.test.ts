import { describe, expect, it } from 'vitest'
import { isTail, meant, SETTLE_MS, WANDER } from './press'

const press = { x: 100, y: 200, many: false, scrolled: false }
describe('a press', () => {
  it('is meant however a finger trembles on its button', () => {
    expect(meant(press, 100, 200, true)).toBe(true)
    expect(meant(press, 100 + WANDER, 200 - WANDER, true)).toBe(true)
  })
  it('is not when the finger leaves the button, drags far, scrolls, or is not alone', () => {
    expect(meant(press, 100, 200, false)).toBe(false)
    expect(meant(press, 101 + WANDER, 200, true)).toBe(false)
    expect(meant({ ...press, scrolled: true }, 100, 200, true)).toBe(false)
    expect(meant({ ...press, many: true }, 100, 200, true)).toBe(false)
  })
  it('is the tail of the one before right after a new page, unless it is a key', () => {
    expect(isTail(1, 1000, 1000)).toBe(true)
    expect(isTail(2, 999 + SETTLE_MS, 1000)).toBe(true)
    expect(isTail(1, 1000 + SETTLE_MS, 1000)).toBe(false)
    expect(isTail(0, 1000, 1000)).toBe(false)
    expect(isTail(1, 900, 1000)).toBe(false) // the clock was set back
  })
})
