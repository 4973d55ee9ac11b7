import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { connect, type Link, type Phase } from './link'

/** The far end of a websocket, as the page sees it. */
class Far {
  static all: Far[] = []
  onmessage: ((message: { data: string }) => void) | null = null
  onclose: (() => void) | null = null
  constructor() {
    Far.all.push(this)
  }
  send() {}
  close() {}
  tell(...texts: string[]) {
    for (const data of texts) this.onmessage!({ data })
  }
}
const last = () => Far.all[Far.all.length - 1]!
const OPEN = '0{"sid":"s","upgrades":[],"pingInterval":25000,"pingTimeout":20000}'

let own: Link
let phases: Phase[] = []
beforeEach(() => {
  vi.useFakeTimers()
  Far.all = []
  phases = []
  vi.stubGlobal('WebSocket', Far)
  vi.stubGlobal('location', { origin: 'http://hall.example' })
  vi.stubGlobal('addEventListener', () => undefined)
  vi.stubGlobal('removeEventListener', () => undefined)
  vi.stubGlobal('fetch', () => Promise.resolve({ ok: true }))
  own = connect('/kiosk', {
    auth: () => ({ key: 'k' }),
    onPicture: () => undefined,
    onEvent: () => undefined,
    onPhase: (phase) => phases.push(phase),
    onHeard: () => undefined,
    probes: true,
  })
})
afterEach(() => {
  own.close()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

it('a face that is refused for good leaves the server alone until it is told to come again', async () => {
  last().tell(OPEN, '44/kiosk,{"message":"unknown-device"}')
  await vi.advanceTimersByTimeAsync(60_000)
  expect(Far.all.length).toBe(1)
  expect(phases).toEqual(['unknown-device'])
  own.reconnect()
  expect(Far.all.length).toBe(2)
  last().onclose!()
  await vi.advanceTimersByTimeAsync(4_000)
  expect(Far.all.length).toBeGreaterThan(2) // and is looked after again
})
