import { describe, expect, it } from 'vitest'
import type { DeviceRow, ManagerQueueRow, ManagerWindowRow, PostRow } from '@client/contract'
import { isOfToday } from '@client/doing'
import { type Alarm, alarms, answered, byHealth, emptyPosts, expectedAt, type Facts, grouped, may, type Msg, next, percent, pressure, satisfaction, start, zones } from './flow'

const NOW = Date.parse('2026-03-02T02:00:00Z')
const ago = (s: number): string => new Date(NOW - s * 1000).toISOString()
const queue = (more: Partial<ManagerQueueRow> = {}): ManagerQueueRow => ({
  id: 'A', name: '综合', name_en: '', away: 0, waiting: 0, serving: 0, windows_open: 1, called: null, oldest_at: null, target_s: 1800, ...more,
})
const win = (more: Partial<ManagerWindowRow> = {}): ManagerWindowRow => ({
  id: 'W03', number: '3', name: '', zone: 'A区', state: 'open', pause: null, clerk: null, ticket: null, queues: ['A'],
  since: null, idle_since: null, service: null, usual_s: null, figures: { served: 0 }, ...more,
})
const device = (name: string, state: DeviceRow['state'], reason = ''): DeviceRow => ({
  name, state, reason, kind: 'printer', model: '', line: '', window: null, kiosk: null, detail: '', host: '', at: null,
})
const slip = (kiosk: string, state: string) => ({ id: 1, number: 'A001', state, reason: '', kiosk, at: ago(9000) })
const hall = (more: Partial<Facts> = {}): Facts => ({
  windows: [], queues: [], devices: [], slips: [],
  day: { date: '2026-03-02', state: 'open', taken: 0, away: 0, waiting: 0, held: 0, called: 0, serving: 0, done: 0, no_show: 0, cancelled: 0, expired: 0 }, ...more,
})
const post = (number: string, called: PostRow['called']): PostRow => ({ number, called, state: 'uncovered', tidal: false, a: null, b: [], leave: null })
const kinds = (facts: Partial<Facts>): string[] => alarms(hall(facts), NOW).map((a) => `${a.level} ${a.kind} ${a.what}`)

describe('alarms', () => {
  it.each<[string, Partial<Facts>, string[]]>([
    ['a calm hall is silent', { queues: [queue({ waiting: 3, oldest_at: ago(60) })], windows: [win({ ticket: { number: 'A001', state: 'serving' } })], devices: [device('P', 'ok'), device('Q', 'unknown')] }, []],
    ['someone waits beyond the promise', { queues: [queue({ waiting: 3, oldest_at: ago(1801) })] }, ['red wait A']],
    ['a queue is long', { queues: [queue({ waiting: 20 })] }, ['yellow long A']],
    ['nobody serves a queue', { queues: [queue({ waiting: 1, windows_open: 0 })] }, ['red uncovered A']],
    ['a window idles while its people wait', { queues: [queue({ waiting: 1 })], windows: [win({ idle_since: ago(300) })] }, ['yellow idle 3']],
    ['idling is fine when nobody waits', { queues: [queue()], windows: [win({ idle_since: ago(3000) })] }, []],
    ['a window just became free', { queues: [queue({ waiting: 1 })], windows: [win({ idle_since: ago(299) })] }, []],
    ['a pause is long', { windows: [win({ state: 'paused', since: ago(1200) })] }, ['yellow paused 3']],
    ['the hall itself found something', { alarms: [{ kind: 'rules', what: 'rules.toml', level: 'red', since: ago(1), text: { zh: '有误', en: 'wrong' } }] }, ['red hall rules']],
    ['devices fail', { devices: [device('P1', 'warn', 'near_end'), device('P2', 'down', 'paper_out')] }, ['red device P2', 'yellow device P1']],
    ['somebody calls for help', { queues: [queue({ waiting: 1, windows_open: 0, oldest_at: ago(900) })], emergencies: [{ id: 1, window: '1', window_id: 'W01', person: '', state: 'open', owner: null, at: ago(5) }] }, ['red emergency 1', 'red uncovered A']],
    ['somebody answers it', { emergencies: [{ id: 1, window: '1', window_id: 'W01', person: '', state: 'acknowledged', owner: '曹颖', at: ago(5) }] }, ['yellow emergency 1']],
    ['the load asks for a window', { tidal: [{ window: 'W04', number: '4', state: 'requested', queue: 'A', waiting: 8, oldest_s: 0, at: ago(5) }, { window: 'W15', number: '15', state: 'confirmed', queue: 'A', waiting: 8, oldest_s: 0, at: ago(5) }] }, ['yellow tidal 4']],
    ['posts are empty', { posts: { W02: post('2', 'b_called'), W03: post('3', 'leader_called'), W01: post('1', 'none') } }, ['yellow post 2', 'yellow leader 3']],
    ['slips that did not print are one line a kiosk', { slips: [slip('K2', 'unsure'), slip('K1', 'unsure'), slip('K1', 'failed')] }, ['red slip K1', 'yellow slip_unsure K2', 'yellow slip_unsure K1']],
    ['people before machines before paper', { slips: [slip('K1', 'failed')], devices: [device('P2', 'down')], queues: [queue({ waiting: 3, oldest_at: ago(1801) })] }, ['red wait A', 'red device P2', 'red slip K1']],
  ])('%s', (_, facts, expected) => {
    expect(kinds(facts)).toEqual(expected)
  })
  it('does not ask for windows before opening or after closing', () => {
    const closed = hall({ queues: [queue({ waiting: 1, windows_open: 0 })] })
    closed.day!.state = 'closed'
    expect(alarms(closed, NOW)).toEqual([])
  })
  it('the older of two equal alarms comes first', () => {
    expect(kinds({ queues: [queue({ waiting: 1, oldest_at: ago(1810) }), queue({ id: 'B', waiting: 1, oldest_at: ago(1899) })] })).toEqual(['red wait B', 'red wait A'])
  })
})

describe('figures', () => {
  it('keeps the sums of a day that has ended until its midnight', () => {
    const today = '2026-03-02'
    expect(isOfToday({ date: today, state: 'closed' }, today)).toBe(true)
    expect(isOfToday({ date: '2026-03-01', state: 'closed' }, today)).toBe(false)
    expect(isOfToday({ date: '2026-03-01', state: 'open' }, today)).toBe(true) // over midnight
    expect(isOfToday(null, today)).toBe(false)
  })
  it('draws zones and windows in the order of the numbers', () => {
    const plan = zones([win({ number: '10', zone: 'D区' }), win({ number: '2' }), win({ number: '1' })])
    expect(plan.map((z) => `${z.zone}:${z.windows.map((w) => w.number).join()}`)).toEqual(['A区:1,2', 'D区:10'])
  })
  it.each([
    [{ waiting: 0, oldest_at: null }, 'none'],
    [{ waiting: 1, oldest_at: ago(600) }, 'green'],
    [{ waiting: 1, oldest_at: ago(1440) }, 'amber'],
    [{ waiting: 1, oldest_at: ago(1801) }, 'red'],
    [{ waiting: 1, oldest_at: ago(9999), target_s: null }, 'green'],
  ] as [Partial<ManagerQueueRow>, string][])('pressure of %j is %s', (more, light) => {
    expect(pressure(queue(more), NOW).light).toBe(light)
  })
  it('counts ratings as the norm does, and does not invent a rate', () => {
    const got = satisfaction({ counts: { 5: 6, 4: 2, 2: 1, 1: 1 }, asked: 20, last: [] })
    expect([got.rated, got.rated_rate, got.satisfied_rate, got.levels[0].share]).toEqual([10, 0.5, 0.8, 0.6])
    expect(satisfaction(null)).toMatchObject({ rated: 0, rated_rate: null, satisfied_rate: null })
  })
  it('never rounds up to perfection', () => {
    expect([0.9996, 1, 0.5, null].map(percent)).toEqual(['99.9 %', '100 %', '50 %', '–'])
  })
  it('shows the worst device first', () => {
    expect(byHealth([device('a', 'ok'), device('b10', 'down'), device('b2', 'down'), device('c', 'unknown'), device('d', 'warn')]).map((d) => d.name)).toEqual(['b2', 'b10', 'd', 'c', 'a'])
  })
})

describe('the office', () => {
  const me = { id: 'ZG001', name: '周', name_en: '', role: 'manager', title: '', window: null }
  const play = (...msgs: Msg[]) => msgs.reduce(next, start)
  it('signs in and out', () => {
    expect(play({ name: 'signed-in', me }).step).toBe('office')
    expect(play({ name: 'signed-in', me }, { name: 'tab', tab: 'staff' }, { name: 'signed-out' })).toMatchObject({ step: 'login', me: null, tab: 'live' })
    expect(play({ name: 'signed-out' }, { name: 'password-change-needed' }).step).toBe('password')
  })
  it('asks first, does one deed at a time, and says what came of it', () => {
    const asked = play({ name: 'signed-in', me }, { name: 'ask', ask: { deed: 'close-day' } }, { name: 'begin' })
    expect(next(asked, { name: 'ask', ask: null })).toBe(asked)
    expect(next(asked, { name: 'refused', text: '还有人在办' })).toMatchObject({ busy: false, ask: null, toasts: [{ tone: 'bad' }] })
  })
  it('forgets a one-time password with the next move', () => {
    const shown = play({ name: 'signed-in', me }, { name: 'once', name_of: '陈静', password: 'x' })
    expect(shown.once).toEqual({ name: '陈静', password: 'x' })
    expect(next(shown, { name: 'tab', tab: 'live' }).once).toBeNull()
  })
  it('knows who may do what', () => {
    const rights = (role: string) => Object.entries(may(role)).filter(([, yes]) => yes).map(([right]) => right).sort().join(' ')
    expect(rights('duty_leader')).toBe('config day decide leave make orders placement plan slips tickets voice')
    expect(rights('manager')).toBe('brand complaints config day decide devices leave orders placement plan publish slips trail voice wiring')
    expect(rights('supervisor')).toBe('complaints config orders placement slips trail voice')
    expect(rights('guide')).toBe('leave make orders plan tickets')
    expect(rights('clerk')).toBe('leave make orders tickets')
    expect(rights('admin')).toBe('config devices staff wiring')
    expect(rights('chief_representative')).toBe('config')
    expect(rights('')).toBe('')
  })
})

describe('tabs in groups', () => {
  it('keeps their order and leaves one alone where there is one', () => {
    expect(grouped(['live', 'orders', 'complaints', 'trail', 'placement', 'config', 'devices']).map((g) => `${g.id}:${g.tabs.join('+')}`)).toEqual([
      'live:live', 'work:orders+complaints', 'trail:trail', 'set:placement+config', 'machines:devices',
    ])
  })
})

describe('an empty post', () => {
  const shift = { person: '陈静', since: ago(600), until: ago(-600) }
  const row: PostRow = { ...post('3', 'none'), shifts: [shift] }
  it('is told with whom it waits for, until somebody sits there or is called', () => {
    const at = (p: PostRow, w: ManagerWindowRow) => alarms(hall({ posts: { W03: p }, windows: [w] }), NOW).map((a) => `${a.kind} ${a.what} ${a.detail} ${a.since}`)
    expect(at(row, win({ state: 'closed' }))).toEqual([`missing 3 陈静 ${ago(600)}`])
    expect(at(row, win({ state: 'closed', since: ago(60) }))).toEqual([])
    expect(at(row, win())).toEqual([])
    expect(at({ ...row, called: 'b_called' }, win({ state: 'closed' }))).toEqual(['post 3  null'])
  })
  it('knows who is expected at this moment', () => {
    expect(expectedAt(row, NOW)).toBe(shift)
    expect(expectedAt(row, NOW + 600_000)).toBe(null)
  })
  it('is one at every window that should be staffed and is not, also when somebody was asked, while the hall works', () => {
    const closed = win({ state: 'closed', since: ago(60) })
    const empty = (p: PostRow, w: ManagerWindowRow, day?: Facts['day']) => emptyPosts({ ...hall({ posts: { [w.id]: p }, windows: [w] }), ...(day === undefined ? {} : { day }) }, NOW)
    expect(empty(row, closed)).toEqual({ [closed.id]: { person: '陈静', since: ago(60), until: ago(-600), called: 'none' } })
    expect(empty({ ...row, called: 'b_called' }, closed)[closed.id]!.called).toBe('b_called')
    expect(empty({ ...row, shifts: [] }, closed)).toEqual({})
    expect(empty(row, win({ state: 'paused' }))).toEqual({})
    expect(empty(row, closed, null)).toEqual({})
  })
})

describe('an alarm that somebody has taken on', () => {
  const now = Date.parse('2026-03-02T02:00:00Z')
  const at = (minutes: number) => new Date(now - minutes * 60_000).toISOString()
  const alarm = (id: string, level: Alarm['level'], since: string | null) => ({ id, level, kind: 'wait', what: 'A', detail: '', count: 3, since }) as Alarm
  const answer = (id: string, level: Alarm['level'], minutes: number, since: string | null) => ({ alarm: id, level, since, at: at(minutes), name: '张华' })
  it('says who and goes behind those that nobody answers for', () => {
    const found = answered([alarm('wait:A:', 'red', at(40)), alarm('long:B:', 'yellow', at(5))], [answer('wait:A:', 'red', 3, at(50))], now)
    expect(found.map((a) => [a.id, a.by?.name])).toEqual([['long:B:', undefined], ['wait:A:', '张华']])
  })
  it('is asked for anew when it has changed, or has got worse', () => {
    const by = (level: Alarm['level'], since: string | null, given: ReturnType<typeof answer>) => answered([alarm('x', level, since)], [given], now)[0]!.by?.name
    expect(by('red', at(40), answer('x', 'red', 20, at(40)))).toBe('张华') // the same one, however long
    expect(by('red', at(10), answer('x', 'red', 20, at(40)))).toBe(undefined) // began after the answer
    expect(by('red', at(40), answer('x', 'yellow', 3, at(40)))).toBe(undefined) // was yellow then
    expect(by('yellow', null, answer('x', 'red', 14, null))).toBe('张华')
    expect(by('yellow', null, answer('x', 'red', 16, null))).toBe(undefined)
  })
})
