import { afterEach, expect, it } from 'vitest'
import { lang } from './text'
import { days, longTime, shortDay, shortTime } from './when'

afterEach(() => void (lang.value = 'zh'))

it('writes days as people of the language do, and says once what two days share', () => {
  const told = () => [days('2026-11-24'), days('2026-11-24', '2026-11-24'), days('2026-11-24', '2026-11-25'), days('2026-12-28', '2027-01-04')]
  expect(told()).toEqual(['2026年11月24日', '2026年11月24日', '2026年11月24日–11月25日', '2026年12月28日–2027年1月4日'])
  lang.value = 'en'
  expect(told().map((text) => text.replace(/\s/g, ' '))).toEqual(['24 November 2026', '24 November 2026', '24 – 25 November 2026', '28 December 2026 – 4 January 2027'])
  expect(days('tomorrow')).toBe('tomorrow')
})
it('writes moments short and long, in the hall’s zone', () => {
  const at = '2026-11-22T16:05:00Z'
  expect([shortDay(at), shortTime(at), longTime(at)]).toEqual(['11月23日', '11月23日 00:05', '2026年11月23日 00:05'])
  lang.value = 'en'
  expect([shortDay(at), shortTime(at), longTime(at)]).toEqual(['23 Nov', '23 Nov 00:05', '23 November 2026 00:05'])
})
