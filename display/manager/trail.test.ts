import { expect, test, vi } from 'vitest'
import { did, thing } from './trail'

const words: Record<string, string> = vi.hoisted(() => ({ 'manager.did.ticket.take': '取号', 'manager.thing.window': '窗口' }))
vi.mock('@client/text', () => ({ has: (key: string) => key in words, t: (key: string) => words[key] }))

test('what was done, and to what, in words', () => {
  expect(did('ticket.take')).toBe('取号')
  expect(thing('window:W01')).toBe('窗口 W01')
})

test('what has no words is shown as it is written', () => {
  expect(did('ticket.fold')).toBe('ticket.fold')
  expect(thing('paper:7')).toBe('paper:7')
  expect(thing('here')).toBe('here')
})
