import { describe, expect, it } from 'vitest'
import type { RatingRules } from '@client/contract'
import { OFFER_S, THANKS_S, next, type Ask, type Msg, type Pad } from './flow'

const rules: RatingRules = { levels: [], reason_required_max_level: 2, timeout_s: 60, free_text_max: 200 }
const START = Date.parse('2026-11-23T01:00:00Z')
const END = Date.parse('2026-11-23T01:01:00Z')
const ask = (leg = 1): Ask => ({ leg, number: 'A012', asked_at: '2026-11-23T01:00:00Z', until: '2026-11-23T01:01:00Z' })
const asked = (leg = 1): Msg => ({ name: 'asked', ask: ask(leg), now: END - 60000 })
const tap = (level: number): Msg => ({ name: 'tapped', level, request_id: 'r-1', rules, now: START })
const because = (code: string): Msg => ({ name: 'reason', code, now: START })
const wrote = (text: string): Msg => ({ name: 'wrote', text, now: START })
const send: Msg = { name: 'send', request_id: 'r-2' }
const later = (ms: number): Msg => ({ name: 'tick', now: START + ms })
const play = (...messages: Msg[]) => messages.reduce(next, { step: 'idle' } as Pad)

describe('a rating', () => {
  it.each([5, 4, 3, 2, 1])('of level %i offers its reasons', (level) => {
    expect(play(asked(), tap(level))).toMatchObject({ step: 'why', level })
  })
  it.each([5, 4, 3])('of level %i needs none', (level) => {
    expect(play(asked(), tap(level), send)).toMatchObject({ step: 'sending', level, reasons: [] })
    expect(play(asked(), tap(level), because('510'), send)).toMatchObject({ step: 'sending', level, reasons: ['510'] })
  })
  it('is given once: a second tap changes nothing', () => {
    const first = play(asked(), tap(5), send)
    expect(next(first, { ...tap(1), request_id: 'r-3' } as Msg)).toBe(first)
    expect(next(first, send)).toBe(first)
  })
  it('of a bad level is not sent without a reason or words', () => {
    expect(play(asked(), tap(1), send)).toMatchObject({ step: 'why', missing: true })
    expect(play(asked(), tap(1), wrote('  '), send).step).toBe('why')
    expect(play(asked(), tap(1), because('108'), send)).toMatchObject({ step: 'sending', level: 1, reasons: ['108'] })
    expect(play(asked(), tap(2), wrote(' 等太久 '), send)).toMatchObject({ step: 'sending', text: '等太久' })
  })
  it('that was chosen is sent when its giver walks away, in time for the server', () => {
    const chosen = play(asked(), tap(4))
    expect(next(chosen, later(OFFER_S * 1000 - 1)).step).toBe('why')
    expect(next(chosen, later(OFFER_S * 1000))).toMatchObject({ step: 'sending', level: 4, request_id: 'r-1' })
    const late = next(play(asked()), { ...tap(4), now: END - 5000 } as Msg)
    expect(next(late, { name: 'tick', now: END - 2000 })).toMatchObject({ step: 'sending', level: 4 })
  })
  it('waits for whoever is still choosing', () => {
    const choosing = play(asked(), tap(4), { name: 'reason', code: '406', now: START + 5000 })
    expect(next(choosing, later(OFFER_S * 1000)).step).toBe('why')
    expect(next(choosing, later(OFFER_S * 1000 + 5000))).toMatchObject({ step: 'sending', reasons: ['406'] })
  })
  it('that was chosen is not lost when the next visit is over', () => {
    expect(play(asked(1), tap(4), asked(2))).toMatchObject({ step: 'sending', ask: { leg: 1 }, level: 4 })
  })
  it('a reason touched twice is taken back', () => {
    expect(play(asked(), tap(1), because('108'), because('108'))).toMatchObject({ reasons: [] })
  })
  it('may be thought over', () => {
    expect(play(asked(), tap(1), { name: 'back' }).step).toBe('ask')
  })
})

describe('silence', () => {
  it.each([[asked()], [asked(), tap(1)], [asked(), tap(2), because('207')]].map((m) => [m] as [Msg[]]))(
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
  const thanks = play(asked(), tap(5), send, { name: 'rated', now: 1000 })
  it('the pad thanks, then forgets', () => {
    expect(thanks).toMatchObject({ step: 'thanks', level: 5 })
    expect(next(thanks, { name: 'tick', now: 1000 + THANKS_S * 1000 })).toEqual({ step: 'idle' })
  })
  it('the same question does not come back, the next one does', () => {
    expect(next(thanks, asked(1)).step).toBe('thanks')
    expect(next(thanks, asked(2))).toMatchObject({ step: 'ask', ask: { leg: 2 } })
  })
  it('an answer on its way is never given to the next visit', () => {
    const sending = play(asked(1), tap(5), send)
    expect(next(sending, asked(2))).toBe(sending)
  })
  it('a refusal is shown, not hidden', () => {
    expect(play(asked(), tap(5), send, { name: 'refused', refused: 'rating-closed', text: null, kept: false, now: 0 })).toMatchObject({ step: 'trouble', refused: 'rating-closed' })
  })
})
