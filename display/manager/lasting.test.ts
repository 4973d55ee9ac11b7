import { describe, expect, it } from 'vitest'
import { lasting } from './lasting'

describe('how long something lasts', () => {
  it('is minutes and seconds below an hour', () => expect([lasting(-3), lasting(65), lasting(3599)]).toEqual(['0:00', '1:05', '59:59']))
  it('is said in words from an hour on', () => expect(lasting(3600)).toBe('manager.hours'))
})
