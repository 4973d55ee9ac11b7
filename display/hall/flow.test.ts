import { describe, expect, it } from 'vitest'
import { type Board, gridOf, inOrder, type Layout, lettersOf, next, ofAreas, pageOf, piecesOf, places, quiet, shownCalls, sizesOf, type Spoken, spokenOf, STALE, STANDARD, widthOf, wordsOf } from './flow'
import type { WindowRow } from '@client/contract'
import { againOf, opensNext, spansAhead } from '@client/again'
import { doingOf, hoursOf, returnOf, sensible } from '@client/doing'

const spoken = (id: string, number = id, at = 0, n = 1): Spoken => ({ id, number, window: '3', n, at, voice: `/api/voice/${id}.wav`, text: number })
const heard = (...all: Spoken[]): Board => all.reduce((b, s) => next(b, { name: 'called', spoken: s }), quiet)
const win = (number: string, ticket: WindowRow['ticket'] = null): WindowRow => ({ id: `W${number}`, number, name: '', zone: '', state: 'open', pause: null, clerk: null, ticket, queues: [] })

describe('one mouth for the hall', () => {
  it('speaks the first at once and lets the others wait their turn', () => {
    const board = heard(spoken('1'), spoken('2'))
    expect(board.now?.id).toBe('1')
    expect(board.queue.map((s) => s.id)).toEqual(['2'])
    expect(next(board, { name: 'said', id: '1', now: 0 }).now?.id).toBe('2')
  })
  it('hears the same call once, however often it is told', () => {
    expect(heard(spoken('1'), spoken('1'), spoken('2'), spoken('2')).queue).toHaveLength(1)
  })
  it('ignores the end of something it is not saying', () => {
    const board = heard(spoken('1'))
    expect(next(board, { name: 'said', id: '9', now: 0 })).toBe(board)
  })
  it('a recall replaces the unspoken call of the same number and goes to the end', () => {
    const board = heard(spoken('1'), spoken('2', 'A002'), spoken('3', 'A003'), spoken('4', 'A002', 0, 2))
    expect(board.queue.map((s) => s.id)).toEqual(['3', '4'])
  })
  it('does not call someone who already sits at the window', () => {
    const board = heard(spoken('1'), spoken('2', 'A002'))
    expect(next(board, { name: 'arrived', number: 'A002' }).queue).toEqual([])
  })
  it('drops what waited too long', () => {
    const board = heard(spoken('1'), spoken('2', 'A002', 0), spoken('3', 'A003', 10))
    const after = next(board, { name: 'said', id: '1', now: STALE + 5 })
    expect(after.now?.id).toBe('3')
    expect(after.queue).toEqual([])
  })
  it('flashes the newest and stops only for that one', () => {
    const board = heard(spoken('1'), spoken('2'))
    expect(board.flash).toBe('2')
    expect(next(board, { name: 'flashed', id: '1' }).flash).toBe('2')
    expect(next(board, { name: 'flashed', id: '2' }).flash).toBeNull()
  })
  it('asks for sound first, and keeps the caption while sound is off', () => {
    expect(quiet.sound).toBe('asking')
    const off = next(quiet, { name: 'sound', on: false })
    expect(off.sound).toBe('off')
    expect(next(off, { name: 'called', spoken: spoken('1') }).now?.id).toBe('1')
    expect(next(off, { name: 'sound', on: true }).sound).toBe('on')
  })
})

describe('a call as the server tells it', () => {
  const event = { name: 'ticket.called', call: 'c1', number: 'A012', window: '3', n: 2, voice: '/api/voice/c1.wav', text: '请A012号到3号窗口' }
  const caption = (number: string, window: string) => `${number}>${window}`
  it('is spoken with its own words, in the chosen language, or with ours', () => {
    expect(spokenOf(event, 5, 'zh', caption)).toEqual({ id: 'c1', number: 'A012', window: '3', n: 2, at: 5, voice: '/api/voice/c1.wav', text: '请A012号到3号窗口' })
    expect(spokenOf({ ...event, text: { zh: '请', en: 'Please' } }, 5, 'en', caption).text).toBe('Please')
    expect(spokenOf({ ...event, text: undefined, voice: undefined }, 5, 'zh', caption)).toMatchObject({ text: 'A012>3', voice: null })
  })
})

describe('what is shown', () => {
  const call = (id: string, number: string, window = '3', n = 1) => ({ id, number, window, window_id: `W${window}`, n, at: '2026-03-02T01:00:00Z' })
  it('one line per number, with what became of it', () => {
    const windows = { W3: win('3', { number: 'A002', state: 'serving' }), W5: win('5', { number: 'B001', state: 'called' }) }
    const rows = shownCalls([call('4', 'B001', '5', 2), call('3', 'A002'), call('2', 'B001', '5'), call('1', 'A001')], windows, 5)
    expect(rows.map((r) => [r.number, r.n, r.life])).toEqual([
      ['B001', 2, 'called'],
      ['A002', 1, 'serving'],
      ['A001', 1, 'past'],
    ])
  })
  it('a number that went on to another window is past at the old one', () => {
    const rows = shownCalls([call('1', 'A001', '3')], { W5: win('5', { number: 'A001', state: 'called' }) }, 5)
    expect(rows[0].life).toBe('past')
  })
  it('sorts windows as people count', () => {
    expect(inOrder({ a: win('10'), b: win('2'), c: win('1') }).map((w) => w.number)).toEqual(['1', '2', '10'])
  })
  it.each([
    [0, 1, 4, 1],
    [7, 1, 7, 1],
    [14, 2, 7, 1],
    [24, 3, 8, 1],
    [30, 3, 5, 2],
    [60, 3, 7, 3],
  ])('%i windows stand in %i columns of %i rows on %i pages, each on one of them', (count, columns, rows, pages) => {
    const grid = gridOf(count)
    expect(grid).toEqual({ columns, rows, pages })
    expect(columns * rows * pages).toBeGreaterThanOrEqual(count)
    for (let i = 0; i < count; i++) expect(pageOf(i, grid)).toBeLessThan(pages)
  })
  it('keeps the columns and rows that the file asks for', () => expect(gridOf(60, 4, 5)).toEqual({ columns: 4, rows: 5, pages: 3 }))
  it('shows the windows of its areas, all without one', () => {
    const all = [{ zone: 'A区' }, { zone: 'B区' }]
    expect(ofAreas(all, ['B区'])).toEqual([{ zone: 'B区' }])
    expect(ofAreas(all, [])).toEqual(all)
  })
  it.each<[Partial<Layout>, string]>([
    [{}, 'calls|windows|queues'],
    [{ parts: ['windows', 'queues', 'calls', 'next'] }, 'calls|windows|next,queues'],
    [{ parts: ['windows'] }, 'windows||'],
    [{ parts: ['calls', 'media', 'windows'] }, 'calls|windows|'],
    [{ parts: ['calls', 'media', 'windows'], media: [{ src: 'a.png', video: false }] }, 'calls,media|windows|'],
    [{ parts: ['figures', 'media'], media: [{ src: 'a.png', video: false }] }, 'figures|media|'],
  ])('puts %j to %s', (some, where) => {
    const { left, right, below } = places({ ...STANDARD, ...some })
    expect([left, right, below].join('|')).toBe(where)
  })
  it('knows when a paused window goes on, and when that is past', () => {
    const back_at = '2026-03-02T06:00:00Z'
    expect(returnOf({ back_at }, Date.parse('2026-03-02T05:59:00Z'))).toBe(Date.parse(back_at))
    expect(returnOf({ back_at }, Date.parse(back_at))).toBe('soon')
    expect(returnOf({ back_at: null }, 0)).toBeNull()
    expect(returnOf(null, 0)).toBeNull()
  })
  it('knows the hours of a day', () => {
    const hours = { weekday: [['08:30', '12:00'], ['14:00', '17:30']], saturday: [['09:00', '12:00']], sunday: [] }
    expect(hoursOf(hours, 1)).toEqual(['08:30–12:00', '14:00–17:30'])
    expect(hoursOf(hours, 6)).toEqual(['09:00–12:00'])
    expect(hoursOf(hours, 0)).toEqual([])
    expect(hoursOf({}, 3)).toEqual([])
    expect(hoursOf(hours, 6, [['08:30', '17:30']])).toEqual(['08:30–17:30']) // a Saturday that works
    expect(hoursOf(hours, 1, [])).toEqual([]) // a holiday
  })
})

describe('what the hall is doing', () => {
  const spans = ['08:30–12:00', '14:00–17:30']
  const [monday, friday] = ['2026-11-23', '2026-11-20']
  it.each<[string, string, string[], string, boolean, string]>([
    ['closed', friday, spans, '08:00', false, 'planned'], // the last day that was opened is not today
    ['closed', friday, [], '10:00', false, 'rest'],
    ['closed', friday, spans, '18:00', false, 'closed'],
    ['closed', monday, spans, '18:00', false, 'closed'],
    ['closed', monday, [], '18:00', false, 'closed'],
    ['open', monday, spans, '11:59', false, 'open'],
    ['open', monday, spans, '12:00', false, 'lunch'],
    ['open', monday, spans, '12:30', true, 'open'], // somebody is on duty
    ['open', monday, spans, '14:00', false, 'open'],
    ['open', monday, spans, '17:40', false, 'open'],
    ['closing', monday, spans, '12:30', false, 'closing'],
    ['open', friday, spans, '12:30', true, 'open'], // a day that runs past midnight
  ])('%s of %s with %j at %s, served: %s, is %s', (state, date, hours, time, served, is) => {
    expect(doingOf({ date, state: state as 'open' }, monday, hours, time, served)).toBe(is)
  })
  it('opens again later today, on the next day that opens, or nobody knows when', () => {
    expect(opensNext([spans], '08:00')).toEqual({ day: 0, from: '08:30' })
    expect(opensNext([spans], '12:30')).toEqual({ day: 0, from: '14:00' })
    expect(opensNext([spans, [], [], ['09:00–12:00']], '17:30')).toEqual({ day: 3, from: '09:00' })
    expect(opensNext([[], []], '09:00')).toBeNull()
  })
  it('says so in the language, over a holiday and by the hall’s own clock', () => {
    const hall = { hours: { weekday: [['08:30', '17:30']], saturday: [] } as { weekday: [string, string][]; saturday: [] }, special: { '2026-11-23': [] }, zone: 'Asia/Shanghai' }
    const at = Date.parse('2026-11-22T16:30:00Z') // Monday half past midnight: a holiday
    const days = spansAhead(hall, at)
    expect(days.slice(0, 2)).toEqual([[], ['08:30–17:30']])
    expect(againOf('rest', days, at, hall.zone, 'zh')).toBe('2026年11月24日 星期二 08:30')
    expect(againOf('rest', days, at, hall.zone, 'en')).toBe('Tuesday 24 November 2026 08:30')
    expect(againOf('closing', days, at, hall.zone, 'en')).toBe('')
    expect(againOf('planned', [['08:30–17:30']], at, hall.zone, 'en')).toBe('08:30')
    const early = Date.parse('2026-11-24T02:00:00Z') // closed by hand at ten: not again at two
    expect(againOf('closed', [['08:30–12:00', '14:00–17:30'], ['08:30–12:00']], early, hall.zone, 'en')).toBe('Wednesday 25 November 2026 08:30')
    expect(againOf('rest', [[], []], at, hall.zone, 'zh')).toBe('')
  })
  it('offers no call where no day runs: nobody holds a number', () => {
    const can = ['close', 'unhold', 'call-next', 'call-choice', 'pause']
    expect(sensible(can, 'closed')).toEqual(['close', 'unhold', 'pause'])
    expect(sensible(can, 'planned')).toEqual(['close', 'unhold', 'pause'])
    for (const day of ['open', 'closing'] as const) expect(sensible(can, day)).toBe(can) // after hours who waits is served
  })
})

describe('read from ten metres', () => {
  const wide = { wide: 44.6, high: 28.5 }
  it('the calls before the newest keep figures of 60 px while there is room', () => {
    expect(sizesOf(wide, 5, [{ number: 'A012', window: '3' }], false)).toMatchObject({ row: 3.75 })
    expect(sizesOf({ ...wide, high: 20 }, 9, [{ number: 'A012', window: '3' }], false).row).toBeLessThan(2)
  })
  it.each([
    [5, 'A012', '3'], [5, 'A012', '12'], [1, 'A012', '12'], [9, 'AB1234', '108'],
  ])('%i calls, %s at %s: the newest fits in height and width', (limit, number, window) => {
    for (const high of [28.5, 24, 20, 14]) {
      const { row, big } = sizesOf({ ...wide, high }, limit, [{ number, window }], false)
      expect(big).toBeGreaterThanOrEqual(3)
      expect(18 + 0.6 * big * (number.length + window.length)).toBeLessThanOrEqual(wide.wide + 3)
      if (big > 3) expect(big + (limit - 1) * row + 2.7).toBeLessThanOrEqual(high)
    }
  })
  it.each([['A012', '3', 3.375], ['A0123', '12', 3.375], ['ABC0001', 'A-102', 2.2]])('the others, %s at %s, stand in one line each', (number, window, least) => {
    const calls = [{ number: 'A1', window: '1' }, { number: 'A012', window: '3' }, { number, window }]
    for (const many of [false, true]) {
      const { old, small } = sizesOf(wide, 5, calls, many)
      expect(old).toBeGreaterThanOrEqual(least)
      expect(0.66 * old * (number.length + window.length) + 8 * small + (many ? 7 : 10)).toBeLessThanOrEqual(wide.wide + 0.1)
    }
  })
  it.each([4, 3, 2.2])('a cell of %d rem holds state and reason', (high) => {
    for (const words of [['Back 10:45', 'Internal coordination meeting'], ['即将恢复', '内部业务协调会议'], ['暂停服务', '']]) {
      const { mood, reason, turns } = wordsOf({ wide: 11, high }, words[0], words[1])
      expect(turns).toBe(words[1] !== '' && high < 3.2)
      if (turns) expect(Math.max(parseFloat(mood), parseFloat(reason)) * 1.2).toBeLessThanOrEqual(high)
      else expect(parseFloat(mood) * 1.2 + (words[1] ? parseFloat(reason) * 1.15 : 0)).toBeLessThanOrEqual(high)
      expect(parseFloat(mood) * widthOf(words[0])).toBeLessThanOrEqual(11)
      expect(parseFloat(reason) * widthOf(words[1])).toBeLessThanOrEqual(11)
    }
    const [alone, both] = [wordsOf({ wide: 11, high }, '等候叫号', ''), wordsOf({ wide: 11, high }, '暂停服务', '用餐')]
    if (!both.turns) expect(parseFloat(alone.mood)).toBeGreaterThan(parseFloat(both.mood))
    expect(parseFloat(both.reason)).toBeGreaterThanOrEqual(1.2) // read from ten metres
    expect(parseFloat(lettersOf({ wide: 11, high }, true, { window: 2, ticket: 4 })['--ticket']!)).toBeLessThan(high)
  })
  it('a window called A-101 and the number ABC1234 keep to their places', () => {
    const { '--window': window, '--ticket': ticket } = lettersOf({ wide: 11, high: 3 }, false, { window: 5, ticket: 7 })
    expect(parseFloat(window!) * 0.6 * 5).toBeLessThan(4.5)
    expect(parseFloat(ticket!) * 0.6 * 7).toBeLessThan(11)
  })
  it('a long notice is told in pieces, whole and in order', () => {
    const zh = '请保管好随身物品；老年人、残疾人、孕妇等可向导办员申请优先办理。'
    expect(piecesOf(zh, 40)).toEqual([zh])
    expect(piecesOf(zh, 18)).toEqual(['请保管好随身物品；老年人、残疾人、', '孕妇等可向导办员申请优先办理。'])
    const en = 'Nothing is charged for help in this hall; please report touts to the supervision phone.'
    expect(piecesOf(en, 24).join(' ')).toBe(en)
    for (const piece of [...piecesOf(en, 24), ...piecesOf('字'.repeat(95), 24)]) expect(widthOf(piece)).toBeLessThanOrEqual(24)
    expect(piecesOf('字'.repeat(95), 24).join('')).toBe('字'.repeat(95))
    expect(piecesOf('', 24)).toEqual([])
  })
  it('a Latin letter is half as wide as a Chinese character', () => {
    expect([widthOf('临时离岗'), widthOf('Meal break')]).toEqual([4, 5])
  })
})
