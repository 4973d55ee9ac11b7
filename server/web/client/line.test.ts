import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { line, type Line } from './line'

/** The far end of a websocket, as the page sees it. */
class Far {
  static all: Far[] = []
  static forbidden = false
  onmessage: ((message: { data: string }) => void) | null = null
  onclose: (() => void) | null = null
  said: string[] = []
  ended = false
  constructor(readonly url: string) {
    if (Far.forbidden) throw new Error('forbidden')
    Far.all.push(this)
  }
  send(text: string) {
    this.said.push(text)
  }
  close() {
    this.ended = true
  }
  tell(...texts: string[]) {
    for (const data of texts) this.onmessage!({ data })
  }
}
const last = () => Far.all[Far.all.length - 1]!
const OPEN = '0{"sid":"s","upgrades":[],"pingInterval":25000,"pingTimeout":20000}'
const JOINED = '40/hall,{"sid":"t"}'

let heard: unknown[] = []
let own: Line
let known = true
let onLost = () => {}
let offline: () => void
beforeEach(() => {
  vi.useFakeTimers()
  Far.all = []
  Far.forbidden = false
  heard = []
  known = true
  onLost = () => {}
  vi.stubGlobal('WebSocket', Far)
  vi.stubGlobal('location', { origin: 'https://hall.example' })
  vi.stubGlobal('addEventListener', (_name: string, then: () => void) => (offline = then))
  vi.stubGlobal('removeEventListener', () => undefined)
  vi.stubGlobal('fetch', () => Promise.reject(new Error('no network')))
  own = line('/hall', {
    auth: () => ({ key: 'k' }),
    joined: () => heard.push('joined'),
    event: (name, body) => heard.push([name, body]),
    lost: () => (heard.push('lost'), onLost()),
    refused: (why) => (heard.push(why), known),
  })
})
afterEach(() => {
  own.stop()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})
const joins = () => last().tell(OPEN, JOINED)

describe('a live line', () => {
  it('joins its namespace and answers every ping', () => {
    expect(last().url).toBe('wss://hall.example/socket.io/?EIO=4&transport=websocket')
    last().tell(OPEN)
    expect(last().said).toEqual(['40/hall,{"key":"k"}'])
    expect(own.joined()).toBe(false)
    last().tell(JOINED, '2', '42/hall,["pulse",{"revision":3}]')
    expect(own.joined()).toBe(true)
    expect(last().said.slice(1)).toEqual(['3'])
    expect(heard).toEqual(['joined', ['pulse', { revision: 3 }]])
  })

  it('keeps what comes before the welcome until it is welcome', () => {
    last().tell(OPEN, '42/hall,["snapshot",{"revision":1}]', '42/hall,["changes",{"since":1}]')
    expect(heard).toEqual([])
    last().tell(JOINED)
    expect(heard).toEqual(['joined', ['snapshot', { revision: 1 }], ['changes', { since: 1 }]])
  })

  it('begins anew after a growing pause, and after a short one when it had been well', () => {
    const pauses: number[] = []
    for (let n = 0; n < 6; n++) {
      const before = Far.all.length
      const from = Date.now()
      last().onclose!()
      while (Far.all.length === before) vi.advanceTimersByTime(10)
      pauses.push(Date.now() - from)
    }
    ;[500, 1000, 2000, 4000, 4000, 4000].forEach((most, n) => {
      expect(pauses[n]).toBeGreaterThanOrEqual(most / 2)
      expect(pauses[n]).toBeLessThanOrEqual(most + 10)
    })
    joins()
    last().onclose!()
    vi.advanceTimersByTime(510)
    expect(Far.all.length).toBe(8)
  })

  it('waits 8 s for the server, and then as long as the server says', () => {
    vi.advanceTimersByTime(7990)
    expect(heard).toEqual([])
    vi.advanceTimersByTime(20)
    expect(heard).toEqual(['lost'])
    expect(Far.all[0]!.ended).toBe(true)
    vi.advanceTimersByTime(510)
    joins()
    vi.advanceTimersByTime(44_000)
    last().tell('2')
    vi.advanceTimersByTime(44_000)
    expect(heard).toEqual(['lost', 'joined'])
    vi.advanceTimersByTime(1_010)
    expect(heard).toEqual(['lost', 'joined', 'lost'])
  })

  it('stays away when it is refused for good, until it is told to try again', () => {
    last().tell(OPEN, '44/hall,{"message":"unknown-device"}')
    expect(heard).toEqual(['unknown-device'])
    vi.advanceTimersByTime(60_000)
    expect(Far.all.length).toBe(1)
    own.renew()
    joins()
    expect(own.joined()).toBe(true)
    known = false
    own.renew()
    last().tell(OPEN, '44/hall,{"message":"busy"}')
    expect(heard.slice(-2)).toEqual(['busy', 'lost'])
    vi.advanceTimersByTime(510)
    expect(Far.all.length).toBe(4)
  })

  it('hears nothing of a line that it has given up', () => {
    joins()
    const old = last()
    own.renew()
    expect([old.ended, old.onmessage, old.onclose]).toEqual([true, null, null])
  })

  it('brings the answer to whoever asked, and nothing when none comes', async () => {
    expect(await own.ask('want_card', {})).toBe(undefined) // not joined yet
    joins()
    const first = own.ask('want_card', { wanted: true })
    const second = own.ask('want_card', { wanted: false })
    expect(last().said.slice(1)).toEqual(['42/hall,0["want_card",{"wanted":true}]', '42/hall,1["want_card",{"wanted":false}]'])
    last().tell('43/hall,1[{"ok":true}]', '43/hall,9[{"ok":true}]')
    expect(await second).toEqual({ ok: true })
    vi.advanceTimersByTime(5_000)
    expect(await first).toBe(undefined)
    const third = own.ask('want_card', {})
    last().onclose!()
    expect(await third).toBe(undefined)
  })

  it('says nothing into a line that is not there', () => {
    own.say('resync')
    joins()
    own.say('resync')
    expect(last().said).toEqual(['40/hall,{"key":"k"}', '42/hall,["resync"]'])
  })

  it('believes the browser that the network is gone', () => {
    offline()
    expect(heard).toEqual([]) // nothing to lose yet
    joins()
    offline()
    expect(heard).toEqual(['joined', 'lost'])
  })

  it('goes on trying where websockets are forbidden', () => {
    Far.forbidden = true
    last().onclose!()
    vi.advanceTimersByTime(20_000)
    const times = heard.length
    expect(times).toBeGreaterThan(3)
    Far.forbidden = false
    vi.advanceTimersByTime(4_010)
    joins()
    expect(own.joined()).toBe(true)
  })

  it('stays stopped, whoever still tells it to begin anew', () => {
    joins()
    own.stop()
    own.renew() // a look at the server that was under way comes back
    own.lose()
    vi.advanceTimersByTime(60_000)
    expect(Far.all.length).toBe(1)
    expect(last().ended).toBe(true)
    expect(heard).toEqual(['joined'])
  })

  it('stays stopped when it is stopped because it was lost', () => {
    onLost = () => own.stop()
    last().onclose!()
    vi.advanceTimersByTime(60_000)
    expect(Far.all.length).toBe(1)
  })
})
