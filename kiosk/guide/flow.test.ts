import { describe, expect, it } from 'vitest'
import type { Me, Taken } from '@client/contract'
import { ORDINARY, kioskCards, missing, next, queueOrder, start, wish, type Guide, type Machine, type Msg } from './flow'

const me = { id: 'ZW025', name: '郑欣怡', role: 'guide', title: '导办员', window: null } as Me
const play = (msgs: Msg[], from: Guide = start('K1')) => msgs.reduce(next, from)
const work = play([{ name: 'signed-in', me }])
const taken = { ticket: { id: 7, number: 'A007' }, slip: { id: 1, state: 'queued' } } as unknown as Taken

describe('a number for somebody else', () => {
  it('wants a service, and a reason for every class but the ordinary', () => {
    expect(missing(work.take)).toBe('service')
    const one = play([{ name: 'service', service: 'S001', several: true }], work)
    expect(missing(one.take)).toBe(null)
    const elder = play([{ name: 'priority', priority: 'elder' }], one)
    expect(missing(elder.take)).toBe('reason')
    expect(missing(play([{ name: 'reason', reason: ' x ' }], elder).take)).toBe('reason')
    const said = play([{ name: 'reason', reason: '七十多岁' }], elder)
    expect(missing(said.take)).toBe(null)
    expect(wish(said.take)).toEqual({ service: 'S001', kiosk: 'K1', priority: 'elder', reason: '七十多岁' })
    expect(wish(play([{ name: 'priority', priority: ORDINARY }], said).take)).toEqual({ service: 'S001', kiosk: 'K1' })
  })
  it('puts up to five services on it, each once, or one where the hall gives one', () => {
    const all = play(['a', 'b', 'a', 'c', 'd', 'e', 'f'].map((service) => ({ name: 'service', service, several: true })), work)
    expect(all.take.services).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(wish(play([{ name: 'drop', service: 'a' }], all).take)).toMatchObject({ service: 'b', further: ['c', 'd', 'e'] })
    expect(play([{ name: 'service', service: 'z', several: false }], all).take.services).toEqual(['z'])
  })
  it('follows its paper, and leaves nothing for the next visitor but the kiosk', () => {
    const has = play([{ name: 'service', service: 'S001', several: true }, { name: 'begin', act: 'take' }, { name: 'taken', taken }], work)
    expect(has.take.taken).toBe(taken)
    const slip = { id: 1, state: 'printed' as const }
    expect(next(has, { name: 'slip', ticket: 8, slip }).take.taken!.slip!.state).toBe('queued')
    expect(next(has, { name: 'slip', ticket: 7, slip }).take.taken!.slip!.state).toBe('printed')
    for (const msg of [{ name: 'next' }, { name: 'page', page: 'hall' }, { name: 'signed-out' }] as Msg[]) {
      expect(next(has, msg).take).toEqual({ services: [], priority: ORDINARY, reason: '', kiosk: 'K1', taken: null })
    }
  })
  it('does not change under a deed that runs', () => {
    const runs = play([{ name: 'service', service: 'S001', several: true }, { name: 'begin', act: 'take' }], work)
    expect(next(runs, { name: 'drop', service: 'S001' })).toBe(runs)
    expect(next(runs, { name: 'begin', act: 'aid' })).toBe(runs)
  })
})

describe('deeds', () => {
  const undo = { what: 'enquiry' as const, id: 3, text: '在哪里办', until: 1000 }
  it('can be taken back until their time is over', () => {
    const did = play([{ name: 'begin', act: 'ask' }, { name: 'done', undo }], work)
    expect(did.undo).toEqual(undo)
    expect(next(did, { name: 'tick', now: 999 }).undo).toEqual(undo)
    expect(next(did, { name: 'tick', now: 1000 }).undo).toBe(null)
  })
  it('say what was refused, and go on', () => {
    const no = play([{ name: 'begin', act: 'ask' }, { name: 'refused', text: '不行' }], work)
    expect(no.busy).toBe(null)
    expect(no.toasts.map((t) => t.tone)).toEqual(['bad'])
    expect(play([{ name: 'done', text: '好了' }], no).toasts.map((t) => t.text)).toEqual(['好了'])
    expect(next(no, { name: 'toast-gone', id: no.toasts[0]!.id }).toasts).toEqual([])
  })
  it('need somebody signed in', () => {
    expect(play([{ name: 'page', page: 'aids' }]).page).toBe('hall')
    expect(play([{ name: 'password-change-needed' }]).change).toBe(true)
    expect(play([{ name: 'page', page: 'aids' }, { name: 'find', number: 'A007' }], work)).toMatchObject({ page: 'find', number: 'A007' })
  })
})

describe('the hall at a glance', () => {
  it('shows kiosks in trouble first', () => {
    const machine = (kiosk: string, state: Machine['state']): Machine => ({ name: 'printer-' + kiosk, kind: 'printer', kiosk, state, reason: '' })
    const kiosks = ['K1', 'K2', 'K3'].map((id) => ({ id, prints: true }))
    const cards = kioskCards(kiosks, [machine('K1', 'ok'), machine('K2', 'down'), machine('K2', 'warn'), machine('K9', 'down'), { ...machine('K1', 'unknown'), kind: 'scanner' }], (k) => (k === 'K2' ? 12 : null))
    expect(cards.map((c) => [c.id, c.state, c.troubles.length, c.left])).toEqual([['K2', 'down', 2, 12], ['K1', 'ok', 0, null], ['K3', 'ok', 0, null]])
  })
  it('shows queues whose people have waited too long first, then the long ones', () => {
    const queues = [
      { id: 'A', waiting: 2, over_target_from: null }, { id: 'B', waiting: 9, over_target_from: '2026-03-02T02:00:00+00:00' },
      { id: 'C', waiting: 1, over_target_from: '2026-03-02T01:00:00+00:00' },
    ]
    expect(queueOrder(queues, Date.parse('2026-03-02T01:30:00Z')).map((q) => q.id)).toEqual(['C', 'B', 'A'])
  })
})
