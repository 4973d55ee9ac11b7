import { describe, expect, it } from 'vitest'
import { type AnnounceRules, isMine, isMouth, PLAIN, volumeAt } from './mouth'

const rules: AnnounceRules = {
  dwell_s: 5, volume: 80, hours: [['12:00', '14:00', 50], ['22:00', '06:00', 10]], quiet: [['13:00', '13:30']],
  zones: [{ id: 'east', boards: ['B1'], windows: ['1', '2'], volume: 100 }, { id: 'west', boards: ['B2'], windows: ['3'], volume: 50 }],
}
describe('the mouth of a zone', () => {
  it('says the calls of its own windows only, so that two windows of a zone never speak at once', () => {
    expect(isMine(rules, 'B1', '2')).toBe(true)
    expect(isMine(rules, 'B1', '3')).toBe(false)
    expect(isMine(rules, 'B2', '3')).toBe(true)
    expect(volumeAt(rules, 'B1', '3', '09:00')).toBe(0)
  })
  it('is every board where the hall has no zones', () => {
    expect(isMine(PLAIN, 'B9', '1')).toBe(true)
    expect(isMouth(PLAIN, 'B9')).toBe(true)
    expect(isMouth(rules, 'B9')).toBe(false)
  })
  it('is as loud as the hour and the zone allow', () => {
    expect(volumeAt(rules, 'B1', '1', '09:00')).toBe(80)
    expect(volumeAt(rules, 'B1', '1', '12:00')).toBe(50)
    expect(volumeAt(rules, 'B1', '1', '14:00')).toBe(80)
    expect(volumeAt(rules, 'B2', '3', '09:00')).toBe(40)
    expect(volumeAt(rules, 'B1', '1', '23:10')).toBe(10)
    expect(volumeAt(rules, 'B1', '1', '05:59')).toBe(10)
  })
  it('keeps quiet hours', () => {
    expect(volumeAt(rules, 'B1', '1', '13:00')).toBe(0)
    expect(volumeAt(rules, 'B1', '1', '13:30')).toBe(50)
  })
})
