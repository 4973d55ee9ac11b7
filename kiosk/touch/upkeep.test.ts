import { describe, expect, it } from 'vitest'
import type { Upkeep } from '@client/contract'
import { behind, CLOSED, MOST_DIGITS, QUIET_S, type Behind, type Word } from './upkeep'

const play = (words: Word[], from: Behind = CLOSED) => words.reduce(behind, from)
const upkeep = { pass: 'p', until: '2026-03-02T01:05:00Z', kiosk: 'K1', device: 'kiosk-1', machines: [], roll: null } as Upkeep
const now = Date.parse('2026-03-02T01:00:00Z')
const pin = play([{ name: 'held', now }, { name: 'digit', digit: '4', now }, { name: 'digit', digit: '8', now }])

describe('behind the face', () => {
  it('asks for the PIN, once at a time, and forgets a wrong one', () => {
    expect(pin).toMatchObject({ step: 'pin', pin: '48' })
    const checking = play([{ name: 'check' }, { name: 'digit', digit: '1', now }], pin)
    expect(checking).toMatchObject({ pin: '48', checking: true })
    expect(play([{ name: 'wrong', text: '不对', now }], checking)).toMatchObject({ pin: '', trouble: '不对', checking: false })
    expect(play([{ name: 'erase', now }], pin)).toMatchObject({ pin: '4' })
    expect(play(Array(20).fill({ name: 'digit', digit: '1', now }), pin)).toMatchObject({ pin: '48' + '1'.repeat(MOST_DIGITS - 2) })
  })
  it('opens only from the PIN, and closes by itself', () => {
    expect(play([{ name: 'opened', upkeep, now }])).toBe(CLOSED)
    const menu = play([{ name: 'opened', upkeep, now }], pin)
    expect(menu.step).toBe('menu')
    expect(play([{ name: 'tick', now: now + QUIET_S * 1000 - 1 }], menu)).toBe(menu)
    expect(play([{ name: 'tick', now: now + QUIET_S * 1000 }], menu)).toBe(CLOSED)
    const busy = play([{ name: 'begin', act: 'roll', now: now + 290000 }], menu)
    expect(play([{ name: 'tick', now: now + 299000 }], busy)).toBe(busy)
    expect(play([{ name: 'tick', now: now + 300000 }], busy)).toBe(CLOSED) // the way the server gave is over
    expect(play([{ name: 'close' }], menu)).toBe(CLOSED)
  })
  it('does one deed at a time and says how it went', () => {
    const menu = play([{ name: 'opened', upkeep, now }, { name: 'begin', act: 'trial', now }], pin)
    expect(play([{ name: 'begin', act: 'roll', now }], menu)).toBe(menu)
    expect(play([{ name: 'said', text: '好了', now }], menu)).toMatchObject({ busy: null, said: '好了' })
  })
})
