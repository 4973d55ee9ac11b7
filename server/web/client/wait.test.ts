import { expect, it, vi } from 'vitest'
import type { Estimate } from './contract'
import { waitShort, waitText } from './wait'

vi.mock('./text', () => ({ t: (key: string, vars: object = {}) => [key, ...Object.values(vars)].join(' ') }))
const one = (state: Estimate['state'], low: number | null, high: number | null, rough = false): Estimate => ({ state, low, high, rough })

it('tells a wait as a range, as soon, or not at all', () => {
  expect(waitText(one('range', 12, 18))).toBe('wait.range 12 18')
  expect(waitText(one('range', 12, 18, true))).toBe('wait.rough 12 18')
  expect(waitText(one('soon', 0, 3))).toBe('wait.soon')
  expect(waitText(one('unknown', null, null))).toBe('wait.unknown')
  expect(waitText(undefined)).toBe('')
})
it('finds short words for the board', () => {
  const shown = [one('range', 12, 18), one('soon', 0, 3), one('unknown', null, null)].map(waitShort)
  expect(shown).toEqual(['wait.short 12 18', 'wait.short_soon', 'wait.short_unknown'])
  expect(waitShort(undefined)).toBe('wait.short_unknown')
})
