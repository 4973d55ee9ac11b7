import { describe, expect, it } from 'vitest'
import type { MyTicket } from '@client/contract'
import { CALM_S, QUICK_S, SLOW_S, alarm, changed, mayRedraw, pollAfter } from './flow'

const mine = (ticket: Partial<MyTicket['ticket']>, more: Partial<MyTicket> = {}): MyTicket => ({
  ticket: { number: 'A012', state: 'waiting', service: { id: 'S', name: '', name_en: '' }, queue_name: '', ahead: 9, window: null, calls: 0, windows: [], taken_at: '', ...ticket },
  rating: { can: false, leg: null, given: null }, day_state: 'open', at: 'now', ...more,
})
const by = (present_by: string | null) => ({ code: '', arrived_at: null, leave: true, present_by, back_until: null, absent: true, early_min: 10 })
const called = (calls = 1, window = '3') => mine({ state: 'called', ahead: null, window, calls })

describe('asking', () => {
  it.each([
    [mine({ ahead: 9 }), CALM_S], [mine({ ahead: 2, near: true }), QUICK_S], [mine({ ahead: 0, near: true }), QUICK_S], [mine({ ahead: null }), CALM_S], [called(), QUICK_S],
    [mine({ state: 'away', near: false }), CALM_S], [mine({ state: 'away', near: true }), QUICK_S], [mine({ state: 'serving' }), CALM_S], [mine({ state: 'no_show' }), CALM_S], [mine({ state: 'cancelled' }), null], [mine({ state: 'expired' }), null],
    [mine({ state: 'done' }), null],
    [mine({ state: 'done' }, { complaints: [{ state: 'working', due: '2026-03-09T09:30:00Z' }] }), SLOW_S], [mine({ state: 'expired' }, { complaints: [{ state: 'answered', due: null }] }), null],
    [mine({ state: 'done' }, { rating: { can: true, leg: 1, given: null } }), CALM_S],
  ])('%# is as quick as it must be', (now, seconds) => {
    expect(pollAfter(now as MyTicket)).toBe(seconds)
  })
})

describe('the alarm', () => {
  it.each([
    ['the first call', mine({ ahead: 0 }), called(), 'called'], ['another call', called(1), called(2), 'called'], ['another window', called(1), called(1, '5'), 'called'],
    ['opening the page late', null, called(), 'called'], ['no news', called(), called(), null], ['coming near', mine({ ahead: 3, near: false }), mine({ ahead: 2, near: true }), 'near'],
    ['time to set out', mine({ state: 'away', near: false }), mine({ state: 'away', near: true }), 'near'],
    ['the turn of one who is not there', mine({ state: 'away', near: true, remote: by(null) }), mine({ state: 'away', near: true, remote: by('10:30') }), 'near'],
    ['told so already', mine({ state: 'away', near: true, remote: by('10:30') }), mine({ state: 'away', near: true, remote: by('10:30') }), null], ['still near', mine({ ahead: 2, near: true }), mine({ ahead: 1, near: true }), null], ['opening the page near', null, mine({ ahead: 1, near: true }), null], ['being served', called(), mine({ state: 'serving' }), null],
  ])('%s', (_, before, now, what) => {
    expect(alarm(before as MyTicket | null, now as MyTicket)).toBe(what)
  })
})

it('the server clock alone is no change', () => {
  expect(changed(mine({}), mine({}, { at: 'later' }))).toBe(false)
  expect(changed(mine({}), mine({ ahead: 8 }))).toBe(true)
})

it('a half-filled form stays, unless it has lost its sense', () => {
  const open = mine({ state: 'done' }, { rating: { can: true, leg: 1, given: null } })
  expect(mayRedraw(open, { ...open, day_state: 'closing' }, true)).toBe(false)
  expect(mayRedraw(open, { ...open, rating: { can: false, leg: 1, given: 5 } }, true)).toBe(true)
  expect(mayRedraw(mine({}), called(), true)).toBe(true)
})
