import { describe, expect, it } from 'vitest'
import { about, untoldLong, byLine, canMove, clockOf, type Entry, fitting, freeAddress, freePorts, going, type Host, isSocket, joined, type Line, nameFor, placed, sum, traceFile } from './wiring'

const line = (url: string, state: Line['state'], ...devices: string[]): Line => ({
  line: url, baud: 9600, driver: 'onbon_bxk', state, devices, withheld: false, jobs: {}, retries: 0, losses: 0, silences: 0, p50_ms: null, max_ms: null,
})
const entry = (n: number, way: Entry['way'] = '>', hex = 'a5'): Entry => ({ n, at: `2026-03-02T01:00:0${n}.250+00:00`, way, hex, said: [] })
const host: Host = {
  id: 'host-1', enrolled_as: 'hall', here: true,
  lines: [line('/dev/a', 'ready', 's1', 's2'), line('/dev/b', 'fault', 'p1')],
  devices: ['s1', 's2', 'p1'].map((name) => ({ name, model: 'm', kind: 'strip', address: 1, line: '', window: null, kiosk: null, virtual: false, moves: name === 's1', addressed: true })),
  ports: [{ url: '/dev/a', device: '', about: '', state: 'declared' }, { url: '/dev/c', device: '', about: '', state: 'free' }],
  models: [{ name: 'strip_128x16', title: '', driver: 'onbon_bxk', kind: 'strip', baud: 57600, moves: true }, { name: 'slip_80mm', title: '', driver: 'escpos', kind: 'printer', baud: 9600, moves: false }],
}

describe('lines', () => {
  it('shows the lost line first, with its machines', () => {
    expect(byLine(host).map((row) => [row.line.line, row.machines.map((m) => m.name)])).toEqual([['/dev/b', ['p1']], ['/dev/a', ['s1', 's2']]])
    expect(byLine({ id: 'x', enrolled_as: 'x', here: false })).toEqual([])
  })
  it('offers what may be searched and what fits', () => {
    expect(freePorts(host).map((p) => p.url)).toEqual(['/dev/c'])
    const found = { url: '/dev/c', driver: 'onbon_bxk', kind: 'strip' as const, baud: 57600, address: 3, detail: '' }
    expect(fitting(host, found).map((m) => m.name)).toEqual(['strip_128x16'])
    expect([canMove(host, 'strip_128x16'), canMove(host, 'slip_80mm'), canMove(host, 'x')]).toEqual([true, false, false])
    expect([freeAddress(host.devices!, 1), freeAddress(host.devices!, 5)]).toEqual([2, 5])
    expect([placed('printer'), placed('strip'), nameFor('strip', 'W03')]).toEqual(['kiosk', 'window', 'strip-W03'])
  })
  it.each([['socket://10.0.0.8:4001', true], [' socket://printer:9100 ', true], ['10.0.0.8', false], ['spy:///dev/x', false], ['socket://x', false]])('%s', (url, good) => {
    expect(isSocket(url)).toBe(good)
  })
  it('knows when a test is over', () => {
    expect([going(undefined), going({ state: 'waiting', reason: '' }), going({ state: 'sent', reason: '' })]).toEqual([false, true, false])
    expect(sum({ confirmed: 2, failed: 1 })).toBe(3)
  })
})

describe('traces', () => {
  it('joins what comes twice once, and forgets the oldest', () => {
    expect(joined([entry(1), entry(2)], [entry(2), entry(3)]).map((e) => e.n)).toEqual([1, 2, 3])
    const many = Array.from({ length: 2100 }, (_, n) => ({ ...entry(1), n: n + 1 }))
    expect(joined([], many).length).toBe(2000)
    expect(joined([], many)[0]!.n).toBe(101)
  })
  it('is a file that the replay command reads', () => {
    const text = traceFile({ line: '/dev/a', driver: 'escpos', baud: 9600 }, [entry(1, '!', 'open /dev/a'), entry(2), entry(4, '<', '16')])
    expect(text.split('\n')).toEqual([
      '# wucha trace 1', '# line /dev/a   driver escpos   baud 9600   from 2026-03-02T01:00:01.250+00:00',
      '    0.000000 ! open /dev/a', '    1.000000 > a5', '    3.000000 < 16', '',
    ])
    expect(clockOf(entry(1).at)).toBe('01:00:01.250')
  })
})

it('what a host could not tell is said once it waits long; what was refused says what it was about', () => {
  const host = { id: 'h', enrolled_as: 'h', here: true }
  expect(untoldLong(host)).toBe(null)
  expect(untoldLong({ ...host, untold: { waiting: 2, oldest_s: 3, dead: [] } })).toBe(null)
  expect(untoldLong({ ...host, untold: { waiting: 2, oldest_s: 40, dead: [] } })).toEqual({ n: 2, s: 40 })
  expect(about({ at: '', name: 'rated', refused: 'rating-too-late', text: null, device: 'keypad-W01', value: '5' })).toBe('device=keypad-W01 value=5')
})

it('what stands at a kiosk is declared there', () => {
  expect((['printer', 'reader', 'strip', 'keypad'] as const).map(placed)).toEqual(['kiosk', 'kiosk', 'window', 'window'])
})
