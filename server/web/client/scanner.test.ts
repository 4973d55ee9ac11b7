import { describe, expect, it } from 'vitest'
import { FAST_MS, IDLE, codeOf, feed } from './scanner'

function typed(keys: string[], gap_ms: number) {
  let scan = IDLE
  let read: string | null = null
  let now = 1000
  for (const key of keys) {
    ;({ scan, read } = feed(scan, key, now))
    now += gap_ms
  }
  return read
}
const CODE = [...'12345678', 'Enter']

describe('a scanner that types', () => {
  it('is read when it is fast and ends with Enter', () => {
    expect(typed(CODE, 8)).toBe('12345678')
    expect(typed(['Shift', ...'AB', 'Shift', ...'CDEF', 'Enter'], 5)).toBe('ABCDEF')
  })
  it('is no hand on a keyboard', () => {
    expect(typed(CODE, FAST_MS)).toBeNull()
    expect(typed(['1', '2', 'Enter'], 5)).toBeNull()
  })
  it('begins anew after a pause', () => {
    const half = feed(feed(IDLE, '9', 1000).scan, '1', 2000)
    expect(half.scan.typed).toBe('1')
  })
  it.each([
    ['12345678', '12345678'],
    ['http://hall:8600/b/abcDEF_-0123456789abcd?lang=en', 'abcDEF_-0123456789abcd'],
    ['http://hall:8600/t/abcDEF_-0123456789abcd', null],
    ['1234567', null],
    ['11010519491231002X', null],
  ])('knows a code when it sees one: %s', (text, code) => expect(codeOf(text)).toBe(code))
})
