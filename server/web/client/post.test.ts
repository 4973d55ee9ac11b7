import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { enrol, forgetRequest, newRequestId, post, unfinished } from './post'

const store = new Map<string, string>()
const sent: { path: string; body: Record<string, unknown>; headers: Record<string, string> }[] = []
let answers: (() => Promise<unknown>)[] = []
const reply = (status: number, body: unknown) => async () => ({ ok: status < 400, status, json: async () => body })
const broken = async () => Promise.reject(new TypeError('network'))

beforeEach(() => {
  store.clear()
  sent.length = 0
  vi.useFakeTimers({ now: 1000000 })
  vi.stubGlobal('location', { pathname: '/touch/K1' })
  vi.stubGlobal('localStorage', {
    getItem: (k: string) => (store.has(k) ? store.get(k)! : null), setItem: (k: string, v: string) => void store.set(k, v), removeItem: (k: string) => void store.delete(k),
  })
  vi.stubGlobal('fetch', (path: string, ask: { body?: string; headers: Record<string, string> }) => {
    sent.push({ path, body: ask.body ? JSON.parse(ask.body) : null, headers: ask.headers })
    return (answers.shift() || broken)()
  })
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})
const settle = async <T>(work: Promise<T>) => {
  await vi.runAllTimersAsync()
  return work
}

describe('a write', () => {
  it('is sent again with the same id until somebody answers', async () => {
    answers = [broken, reply(502, null), reply(201, { ticket: 1 })]
    const answer = await settle(post('/api/tickets', { service: 'S001' }))
    expect(answer).toMatchObject({ ok: true, status: 201 })
    expect(sent).toHaveLength(3)
    expect(new Set(sent.map((s) => s.body.request_id)).size).toBe(1)
  })
  it('is not repeated after a refusal', async () => {
    answers = [reply(409, { refused: 'quota-full', facts: {}, text: { zh: '满', en: 'full' } })]
    expect(await settle(post('/api/tickets'))).toMatchObject({ ok: false, status: 409, refused: 'quota-full' })
    expect(sent).toHaveLength(1)
  })
  it('a 503 that says why is an answer, a bare one is a server just starting', async () => {
    answers = [reply(503, { refused: 'storage-full', facts: {}, text: null })]
    expect(await settle(post('/x'))).toMatchObject({ refused: 'storage-full' })
    answers = [reply(503, null), reply(200, {})]
    expect(await settle(post('/x'))).toMatchObject({ ok: true })
  })
  it('says offline when the patience is over, and never guesses', async () => {
    answers = []
    expect(await settle(post('/x', {}, { patience_s: 5 }))).toMatchObject({ ok: false, status: 0, refused: 'offline' })
    expect(sent.length).toBeGreaterThan(2)
  })
  it('is stored before it is sent, and handed back after a power cut until it is forgotten', async () => {
    let during: unknown = null
    answers = [async () => {
      during = unfinished('take:K1', 60)
      return reply(201, {})()
    }]
    await settle(post('/api/tickets', { service: 'S001' }, { keep: 'take:K1', request_id: 'r-12345678' }))
    expect(during).toMatchObject({ request_id: 'r-12345678', path: '/api/tickets', body: { service: 'S001' } })
    expect(unfinished('take:K1', 60)).not.toBe(null)
    forgetRequest('take:K1')
    expect(unfinished('take:K1', 60)).toBe(null)
  })
  it('too old to belong to anybody is forgotten', async () => {
    answers = [reply(201, {})]
    await settle(post('/x', {}, { keep: 'take:K1' }))
    vi.setSystemTime(Date.now() + 61000)
    expect(unfinished('take:K1', 60)).toBe(null)
  })
})

it('an enrolled device sends its key from then on, and another address does not', async () => {
  answers = [reply(201, { key: 'k'.repeat(43), device: {} }), reply(200, {}), reply(200, {})]
  await settle(enrol(' abcd2345 '))
  expect(sent[0]!.body.code).toBe('ABCD2345')
  await settle(post('/x'))
  expect(sent[1]!.headers.Authorization).toBe('Bearer ' + 'k'.repeat(43))
  vi.stubGlobal('location', { pathname: '/touch/K2' })
  await settle(post('/x'))
  expect(sent[2]!.headers.Authorization).toBeUndefined()
})

it('request ids fit the contract', () => {
  const ids = Array.from({ length: 50 }, newRequestId)
  expect(new Set(ids).size).toBe(50)
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
})
