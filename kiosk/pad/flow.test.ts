import { describe, expect, it } from 'vitest'
import type { RatingRules } from '@client/contract'
import { THANKS_S, next, type Ask, type Msg, type Pad } from './flow'

const rules: RatingRules = { levels: [], reason_required_max_level: 2, timeout_s: 60, free_text_max: 200 }
const END = Date.parse('2026-11-23T01:01:00Z')
const ask = (leg = 1): Ask => ({ leg, number: 'A012', asked_at: '2026-11-23T01:00:00Z', until: '2026-11-23T01:01:00Z' })
const asked = (leg = 1): Msg => ({ name: 'asked', ask: ask(leg), now: END - 60000 })
const tap = (level: number): Msg => ({ name: 'tapped', level, request_id: 'r-1', rules })
const play = (...messages: Msg[]) => messages.reduce(next, { step: 'idle' } as Pad)

describe('a rating', () => {
  it.each([[5, 'sending'], [4, 'sending'], [3, 'sending'], [2, 'why'], [1, 'why']])('of level %i leads to %s', (level, step) => {
    expect(play(asked(), tap(level)).step).toBe(step)
  })
  it('is given once: a second tap changes nothing', () => {
    const first = play(asked(), tap(5))
    expect(next(first, { ...tap(1), request_id: 'r-2' } as Msg)).toBe(first)
  })
  it('of a bad level is not sent without a reason or words', () => {
    const why = play(asked(), tap(1))
    expect(next(why, { name: 'send', request_id: 'r-2' })).toMatchObject({ step: 'why', missing: true })
    expect(play(asked(), tap(1), { name: 'wrote', text: '  ' }, { name: 'send', request_id: 'r-2' }).step).toBe('why')
    expect(play(asked(), tap(1), { name: 'reason', code: '108' }, { name: 'send', request_id: 'r-2' })).toMatchObject({ step: 'sending', level: 1, reasons: ['108'] })
    expect(play(asked(), tap(2), { name: 'wrote', text: ' 等太久 ' }, { name: 'send', request_id: 'r-2' })).toMatchObject({ step: 'sending', text: '等太久' })
  })
  it('a reason touched twice is taken back', () => {
    expect(play(asked(), tap(1), { name: 'reason', code: '108' }, { name: 'reason', code: '108' })).toMatchObject({ reasons: [] })
  })
  it('may be thought over', () => {
    expect(play(asked(), tap(1), { name: 'back' }).step).toBe('ask')
  })
})

describe('silence', () => {
  it.each([[asked()], [asked(), tap(1)], [asked(), tap(2), { name: 'reason', code: '207' } as Msg]].map((m) => [m] as [Msg[]]))(
    'is no answer', (messages) => {
      expect(play(...messages, { name: 'tick', now: END - 1 }).step).not.toBe('idle')
      expect(play(...messages, { name: 'tick', now: END })).toEqual({ step: 'idle' })
    })
  it('late news of an old question does not open it again', () => {
    expect(next({ step: 'idle' }, { name: 'asked', ask: ask(), now: END }).step).toBe('idle')
  })
  it('the server may end the question', () => {
    expect(play(asked(), { name: 'asked', ask: null, now: END - 1 }).step).toBe('idle')
  })
})

describe('after it', () => {
  const thanks = play(asked(), tap(5), { name: 'rated', now: 1000 })
  it('the pad thanks, then forgets', () => {
    expect(thanks).toMatchObject({ step: 'thanks', level: 5 })
    expect(next(thanks, { name: 'tick', now: 1000 + THANKS_S * 1000 })).toEqual({ step: 'idle' })
  })
  it('the same question does not come back, the next one does', () => {
    expect(next(thanks, asked(1)).step).toBe('thanks')
    expect(next(thanks, asked(2))).toMatchObject({ step: 'ask', ask: { leg: 2 } })
  })
  it('an answer on its way is never given to the next visit', () => {
    const sending = play(asked(1), tap(5))
    expect(next(sending, asked(2))).toBe(sending)
  })
  it('a refusal is shown, not hidden', () => {
    expect(play(asked(), tap(5), { name: 'refused', refused: 'rating-closed', text: null, now: 0 })).toMatchObject({ step: 'trouble', refused: 'rating-closed' })
  })
})
