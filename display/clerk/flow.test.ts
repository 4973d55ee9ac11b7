import { describe, expect, it } from 'vitest'
import { actOf, barred, choiceOf, type Clerk, clockOf, keyOf, light, type Msg, next, panelOf, type Press, since, start, targets, undoLeft, handoverUrl, inTime, minutesBeside, overdue, ownOf } from './flow'

const me = { id: 'ZW003', name: '王雪', name_en: '', role: 'clerk', title: '', window: 'W03' }
const play = (...msgs: Msg[]): Clerk => msgs.reduce(next, start)
const desk = (...msgs: Msg[]): Clerk => play({ name: 'signed-in', me }, { name: 'opened', window: 'W03' }, ...msgs)
const press = (code: string, more: Partial<Press> = {}): Press => ({ code, repeat: false, typing: false, chord: false, ...more })

describe('sitting down', () => {
  it('signs in, chooses, opens', () => {
    expect(play({ name: 'signed-in', me }).step).toEqual({ name: 'choose', taken: null })
    expect(desk().step).toEqual({ name: 'desk', window: 'W03' })
  })
  it('asks for a new password when the one-time one was given', () => {
    expect(play({ name: 'signed-out' }, { name: 'begin', act: 'sign-in' }, { name: 'password-change-needed' })).toMatchObject({
      step: { name: 'login', change: true }, busy: null,
    })
  })
  it('asks before taking a window from someone, and lets one think again', () => {
    const taken = play({ name: 'signed-in', me }, { name: 'begin', act: 'open' }, { name: 'taken', window: 'W03', text: '陈静' })
    expect(taken.step).toEqual({ name: 'choose', taken: { window: 'W03', text: '陈静' } })
    expect(taken.busy).toBeNull()
    expect(next(taken, { name: 'not-taken' }).step).toEqual({ name: 'choose', taken: null })
  })
  it('does not open a desk for nobody', () => {
    expect(play({ name: 'signed-out' }, { name: 'opened', window: 'W03' }).step.name).toBe('login')
  })
  it('forgets everything but the last word when signed out', () => {
    const out = desk({ name: 'refused', text: '已退出' }, { name: 'panel', panel: { kind: 'pause' } }, { name: 'signed-out' })
    expect(out).toMatchObject({ step: { name: 'login', change: false }, me: null, panel: null })
    expect(out.toasts.map((t) => t.text)).toEqual(['已退出'])
  })
  it('goes back to choosing when the window is left', () => {
    expect(desk({ name: 'begin', act: 'close' }, { name: 'left' })).toMatchObject({ step: { name: 'choose' }, busy: null, me })
  })
})

describe('set aside', () => {
  it('is over its limit from the second it says', () => {
    const until = '2026-03-02T01:30:00Z'
    expect(overdue(until, Date.parse(until) - 1000)).toBe(0)
    expect(overdue(until, Date.parse(until) + 65_000)).toBe(65)
  })
  it('who missed the call leaves the list when the time is over', () => {
    const rows = [{ until: '2026-03-02T01:30:00Z' }, { until: '2026-03-02T01:31:00Z' }]
    expect(inTime(rows, Date.parse('2026-03-02T01:30:00Z'))).toEqual([rows[1]])
  })
  it('says why who missed the call cannot come back', () => {
    const until = '2026-03-02T01:30:00Z'
    expect(barred({ until }, Date.parse(until) - 1)).toBeNull()
    expect(barred({ until }, Date.parse(until))).toBe('late')
    expect(barred({ until: null }, 0)).toBe('spent')
    expect(inTime([{ until: null }], 0)).toEqual([])
  })
})

describe('one deed at a time', () => {
  it('a second press while one runs changes nothing', () => {
    const busy = desk({ name: 'begin', act: 'call-next' })
    expect(next(busy, { name: 'begin', act: 'recall' })).toBe(busy)
    expect(actOf(press('Space'), ['call-next'], busy)).toBeNull()
    expect(next(busy, { name: 'panel', panel: { kind: 'pause' } })).toBe(busy)
  })
  it('a deed done closes its panel; a refused one leaves it open and says why', () => {
    const open = desk({ name: 'panel', panel: { kind: 'pause' } }, { name: 'begin', act: 'pause' })
    expect(next(open, { name: 'done' }).panel).toBeNull()
    const no = next(open, { name: 'refused', text: '有号在办' })
    expect(no.panel).toEqual({ kind: 'pause' })
    expect(no.toasts).toEqual([{ id: 1, tone: 'bad', text: '有号在办' }])
  })
  it('shows at most three words, the same one once, and lets them go', () => {
    const said = desk(...['a', 'b', 'a', 'c', 'd'].map((text): Msg => ({ name: 'refused', text })))
    expect(said.toasts.map((t) => t.text)).toEqual(['a', 'c', 'd'])
    expect(next(said, { name: 'toast-gone', id: said.toasts[0].id }).toasts.map((t) => t.text)).toEqual(['c', 'd'])
  })
  it('remembers how long the server asked to wait, until something else is done', () => {
    const told = desk({ name: 'begin', act: 'recall' }, { name: 'refused', text: '再等 12 秒', act: 'recall', until: 12_000 })
    expect(told.waits).toEqual({ recall: 12_000 })
    expect(next(told, { name: 'done' }).waits).toEqual({})
  })
  it('a deed that works takes back what was refused before', () => {
    expect(desk({ name: 'refused', text: '太早' }, { name: 'done', text: '已挂起' }).toasts.map((t) => t.text)).toEqual(['已挂起'])
  })
  it('transfers in two steps and steps back', () => {
    const to = { kind: 'queue' as const, id: 'B', name: 'B' }
    const chosen = desk({ name: 'panel', panel: { kind: 'transfer', to: null } }, { name: 'target', to })
    expect(chosen.panel).toEqual({ kind: 'transfer', to })
    expect(next(chosen, { name: 'target', to: null }).panel).toEqual({ kind: 'transfer', to: null })
    expect(desk({ name: 'target', to }).panel).toBeNull()
  })
})

describe('keys', () => {
  it.each([
    ['Space', ['call-next'], 'call-next'],
    ['Space', ['recall'], null],
    ['KeyR', ['recall', 'start'], 'recall'],
    ['KeyP', ['pause'], 'pause'],
    ['KeyP', ['resume'], 'resume'],
    ['KeyQ', ['recall'], null],
  ])('%s with %j is %s', (code, can, act) => {
    expect(actOf(press(code), can, desk())).toBe(act)
  })
  it('leaves fields, held keys, chords and panels alone', () => {
    for (const more of [{ typing: true }, { repeat: true }, { chord: true }]) expect(actOf(press('Space', more), ['call-next'], desk())).toBeNull()
    expect(actOf(press('Space'), ['call-next'], desk({ name: 'panel', panel: { kind: 'pause' } }))).toBeNull()
    expect(actOf(press('Space'), ['call-next'], start)).toBeNull()
  })
  it('digits choose in a panel', () => {
    expect(choiceOf(press('Digit2'), 3)).toBe(1)
    expect(choiceOf(press('Numpad3'), 3)).toBe(2)
    expect(choiceOf(press('Digit4'), 3)).toBeNull()
    expect(choiceOf(press('Digit0'), 3)).toBeNull()
    expect(choiceOf(press('Digit1', { typing: true }), 3)).toBeNull()
  })
  it('every key is shown on its button, and some acts ask first', () => {
    expect(keyOf('recall')).toBe('R')
    expect(keyOf('unhold')).toBe('')
    expect(panelOf('transfer')).toEqual({ kind: 'transfer', to: null })
    expect(panelOf('recall')).toBeNull()
  })
})

describe('figures', () => {
  it.each([
    [null, 60, 120, 'none'],
    [10, null, null, 'none'],
    [59, 60, 120, 'green'],
    [60, 60, 120, 'amber'],
    [120, 60, 120, 'red'],
    [500, 60, null, 'amber'],
    [500, null, 400, 'red'],
  ] as const)('%s s of %s/%s is %s', (elapsed, amber, red, colour) => {
    expect(light(elapsed, amber, red)).toBe(colour)
  })
  it('counts from the server time and never below zero', () => {
    expect(since('2026-03-02T01:00:00Z', Date.parse('2026-03-02T01:01:30Z'))).toBe(90)
    expect(since('2026-03-02T01:00:00Z', Date.parse('2026-03-02T00:59:00Z'))).toBe(0)
    expect(since(null, 0)).toBeNull()
  })
  it('writes times as people do', () => {
    expect([0, 65, 3725, null].map(clockOf)).toEqual(['0:00', '1:05', '1:02:05', '–'])
  })
  it('offers every place but this one and the closed ones, and marks the paused', () => {
    const got = targets(
      [{ id: 'A', name: '综合' }, { id: 'B', name: '社保' }],
      { queue: 'A', window: 'W03' },
      [['3', 'open'], ['4', 'paused'], ['5', 'open']].map(([n, state]) => ({ id: 'ZW00' + n, name: '', name_en: '', window: 'W0' + n, number: n!, state: state as 'open' })),
      (p) => p.name,
    )
    expect(got.map((t) => `${t.kind}:${t.id}${t.paused ? ' paused' : ''}`)).toEqual(['queue:B', 'window:W04 paused', 'window:W05', 'person:ZW004', 'person:ZW005'])
  })
})

describe('seldom deeds', () => {
  const NOW = Date.parse('2026-03-02T02:00:00Z')
  it.each([[9_500, 9], [1_000, 1], [400, 0], [-5_000, 0]])('%i ms left are %i s', (ms, s) => {
    expect(undoLeft({ until: new Date(NOW + ms).toISOString() }, NOW)).toBe(s)
  })
  it('nothing to take back is 0 s', () => expect(undoLeft(null, NOW)).toBe(0))
  it('has a key each, and a panel where something is asked first', () => {
    expect(['undo', 'call-choice', 'services'].map((act) => keyOf(act as never))).toEqual(['Z', 'C', 'A'])
    expect(panelOf('call-choice')).toEqual({ kind: 'choice' })
    expect(panelOf('services')).toEqual({ kind: 'services' })
    expect(panelOf('undo')).toBeNull()
    expect(keyOf('emergency')).toBe('E')
  })
  it('sends to colleagues at other windows, never to oneself', () => {
    const at = { number: '5', state: 'open' as const }
    const people = [{ id: 'ZW003', name: '王雪', name_en: '', window: 'W03', ...at }, { id: 'ZW005', name: '孙丽', name_en: 'Sun Li', window: 'W05', ...at }]
    expect(targets([], { queue: 'A', window: 'W03' }, people, (p) => p.name_en)).toContainEqual({ kind: 'person', id: 'ZW005', name: 'Sun Li · 5' })
    expect(targets([], { queue: 'A', window: 'W03' }, people, (p) => p.name)).toContainEqual({ kind: 'person', id: 'ZW005', name: '孙丽 · 5' })
  })
})

describe('beside the acts', () => {
  it('every key opens one thing and no two share one', () => {
    expect(ownOf(press('KeyU'), desk())).toBe('aside')
    expect(ownOf(press('Slash'), desk())).toBe('keys')
    expect(ownOf(press('KeyU'), desk({ name: 'panel', panel: { kind: 'keys' } }))).toBeNull()
    expect(ownOf(press('KeyU', { typing: true }), desk())).toBeNull()
  })
  it('moves the minutes of a pause by arrow, and stops at the ends', () => {
    expect(minutesBeside(null, 1)).toBe(5)
    expect(minutesBeside(5, -1)).toBeNull()
    expect(minutesBeside(null, -1)).toBeNull()
    expect(minutesBeside(120, 1)).toBe(120)
  })
  it('takes references along, escaped, and nothing it does not know', () => {
    const ticket = { id: 7, leg: 9, number: 'A001', service: { id: 'S 1&x' }, task_code: '' }
    expect(handoverUrl('https://sl.example/new?n={number}&s={service}&t={task_code}&c={clerk}&w={window}&l={leg}&i={ticket}&z={name}', ticket, '1', 'ZW001')).toBe(
      'https://sl.example/new?n=A001&s=S%201%26x&t=&c=ZW001&w=1&l=9&i=7&z={name}',
    )
  })
})
