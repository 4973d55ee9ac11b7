import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { polling } from './polling'

/** What was asked over HTTP, each still waiting for its answer. */
interface Asked {
  path: string
  body: string | undefined
  cut: () => boolean
  answer: (text: string, ok?: boolean) => Promise<void>
}
let asked: Asked[] = []
let heard: string[] = []
let losses = 0
const OPEN = '0{"sid":"s1","upgrades":[],"pingInterval":25000,"pingTimeout":20000}'
const settle = () => new Promise<void>((done) => setTimeout(done, 0))

beforeEach(() => {
  asked = []
  heard = []
  losses = 0
  vi.stubGlobal('fetch', (path: string, init: RequestInit = {}) => {
    return new Promise((done, fail) => {
      const cut = () => !!init.signal && init.signal.aborted
      if (init.signal) init.signal.addEventListener('abort', () => fail(new Error('cut')))
      const answer = (text: string, ok = true) => (done({ ok, status: ok ? 200 : 400, text: async () => text }), settle())
      asked.push({ path, body: init.body as string | undefined, cut, answer })
    })
  })
})
afterEach(() => void vi.unstubAllGlobals())
const begin = () => polling((text) => heard.push(text), () => losses++)

it('hears every packet of an answer in its order, and asks on', async () => {
  const way = begin()
  await asked[0]!.answer(OPEN)
  await asked[1]!.answer('40/hall,{}\x1e2')
  await settle() // each is heard on a turn of its own
  expect(heard).toEqual([OPEN, '40/hall,{}', '2'])
  expect(asked[2]!.path).toContain('&sid=s1')
  way.end()
})

it('says one thing after the other', async () => {
  const way = begin()
  await asked[0]!.answer(OPEN)
  way.say('first')
  way.say('second')
  await settle()
  expect(asked.slice(2).map((one) => one.body)).toEqual(['first'])
  await asked[2]!.answer('ok')
  expect(asked[3]!.body).toBe('second')
  way.end()
})

it('is lost once when the server knows nothing of it any more', async () => {
  const way = begin()
  await asked[0]!.answer(OPEN)
  way.say('x')
  await settle()
  await asked[1]!.answer('', false)
  await asked[2]!.answer('', false)
  expect(losses).toBe(1)
  way.end()
})

it('leaves no question hanging behind when it is given up: a browser has six lines to a server', async () => {
  const way = begin()
  await asked[0]!.answer(OPEN)
  way.say('x')
  await settle()
  way.end()
  await settle()
  expect(asked.map((one) => [one.body, one.cut()])).toEqual([[undefined, true], [undefined, true], ['x', true], ['1', false]])
  expect(losses).toBe(0)
})

it('leaves none hanging before the first answer either', async () => {
  const way = begin()
  way.end()
  await settle()
  expect(asked.map((one) => one.cut())).toEqual([true])
  expect(losses).toBe(0)
})
