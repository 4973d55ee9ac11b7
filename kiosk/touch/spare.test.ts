import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { effectScope, nextTick, shallowRef, type EffectScope } from 'vue'
import type { Spare } from './spare'

type Line = 'live' | 'cut' | ''
const HOST = 'http://127.0.0.1:8610/K1'
const DOOR = 'http://127.0.0.1:8610/touch/K1'
const OFFLINE = new TypeError('blocked')

/** What each address answers; nothing is a network that lets nobody ask. */
let answers: Record<string, () => Promise<{ status: number; body: object }>> = {}
let asked: string[] = []
let stored: Record<string, string> = {}
let scope: EffectScope
const line = shallowRef<Line>('')

const says = (body: object, status = 200) => () => Promise.resolve({ status, body })
beforeEach(() => {
  vi.useFakeTimers({ now: 1000000 })
  vi.resetModules()
  answers = {}
  asked = []
  stored = {}
  line.value = ''
  vi.stubGlobal('localStorage', { getItem: (name: string) => stored[name] || null, setItem: (name: string, value: string) => (stored[name] = value) })
  vi.stubGlobal('fetch', async (path: string) => {
    asked.push(path)
    if (!answers[path]) throw OFFLINE
    const { status, body } = await answers[path]!()
    return { ok: status < 400, status, json: () => Promise.resolve(body) }
  })
})
afterEach(() => {
  scope.stop()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

/** The page at this address, with what the host wrote into it. */
async function opened(address: string, door = ''): Promise<Spare> {
  const url = new URL(address)
  vi.stubGlobal('location', { search: url.search, pathname: url.pathname })
  vi.stubGlobal('document', { documentElement: { dataset: { id: 'K1', door } } })
  const { useSpare } = await import('./spare')
  scope = effectScope()
  return scope.run(() => useSpare(() => line.value))!
}
async function turn(to: Line, s = 0) {
  line.value = to
  await nextTick()
  await vi.advanceTimersByTimeAsync(s * 1000)
}

describe('a page of the server whose browser may not ask its own machine', () => {
  it('goes to the host whose address led to it', async () => {
    answers['/api/offline'] = says({ url: HOST, key: 'k' })
    const spare = await opened('http://hall:8600/touch/K1?door=8610')
    await turn('live', 1)
    await turn('cut', 7)
    expect(spare.elsewhere).toBe('')
    await turn('cut', 3)
    expect(spare.elsewhere).toBe(DOOR)
    await turn('live', 1)
    expect(spare.elsewhere).toBe('')
  })
  it('and so it does when the server went before it said where that host is', async () => {
    const spare = await opened('http://hall:8600/touch/K1?door=8610')
    await turn('cut', 10)
    expect(spare.elsewhere).toBe(DOOR)
    expect(spare.on).toBe(false)
  })
  it('and when the host knows another key by now', async () => {
    stored['wucha:offline'] = JSON.stringify({ url: HOST, key: 'old' })
    answers[HOST] = says({ refused: 'device-unknown' }, 401)
    const spare = await opened('http://hall:8600/touch/K1?door=8610')
    await turn('cut', 10)
    expect(spare.elsewhere).toBe(DOOR)
  })
  it('but not where the hall gives no numbers offline, nor when it was opened at the server', async () => {
    answers['/api/offline'] = says({ url: null, key: null })
    let spare = await opened('http://hall:8600/touch/K1?door=8610')
    await turn('live', 1)
    await turn('cut', 30)
    expect(spare.elsewhere).toBe('')
    scope.stop()
    vi.resetModules()
    line.value = ''
    stored['wucha:offline'] = JSON.stringify({ url: HOST, key: 'k' })
    spare = await opened('http://hall:8600/touch/K1')
    await turn('cut', 30)
    expect(spare.elsewhere).toBe('')
  })
  it('stays when the server is back before the last answer', async () => {
    stored['wucha:offline'] = JSON.stringify({ url: HOST, key: 'k' })
    let late = (_: Error) => {}
    const spare = await opened('http://hall:8600/touch/K1?door=8610')
    await turn('cut', 7)
    answers[HOST] = () => new Promise((_, no) => (late = no))
    await turn('cut', 2)
    await turn('live')
    late(OFFLINE)
    await vi.advanceTimersByTimeAsync(100)
    expect(spare.elsewhere).toBe('')
  })
})

describe('a page of the server that may ask', () => {
  it('offers what the host has, once the cut is six seconds old', async () => {
    answers['/api/offline'] = says({ url: HOST, key: 'k' })
    answers[HOST] = says({ services: ['S401'], why: null, facts: {}, server: false })
    const spare = await opened('http://hall:8600/touch/K1?door=8610')
    await turn('live', 1)
    await turn('cut', 4)
    expect(spare.on).toBe(false)
    await turn('cut', 4)
    expect([spare.on, spare.services, spare.elsewhere]).toEqual([true, ['S401'], ''])
    await turn('live', 1)
    expect(spare.on).toBe(false)
  })
})

describe('the page that the host keeps', () => {
  it('goes home when the server answers the host', async () => {
    answers['/K1'] = says({ services: ['S401'], why: null, facts: {}, server: false })
    line.value = 'cut'
    const spare = await opened(DOOR, 'k')
    await turn('cut', 10)
    expect([spare.on, spare.services, spare.elsewhere]).toEqual([true, ['S401'], ''])
    answers['/K1'] = says({ services: ['S401'], why: null, facts: {}, server: true })
    await turn('cut', 2)
    expect(spare.elsewhere).toBe('/touch/K1')
    delete answers['/K1']
    await turn('cut', 2)
    expect([spare.services, spare.why, spare.elsewhere]).toEqual([[], 'offline', ''])
  })
})
