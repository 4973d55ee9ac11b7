import { expect, it } from 'vitest'
import type { Answer } from '@client/post'
import { MOST, handOver, shelve, type Kept, type Shelf } from './kept'

const row = (n: number): Kept => ({ request_id: 'r-' + n, body: { leg: n, level: 4 } })
const well: Answer<unknown> = { ok: true, status: 201, body: {} }
const no = (status: number): Answer<unknown> => ({ ok: false, status, refused: 'x', facts: {}, text: null })
function pad(...answers: Record<string, Answer<unknown>>[]) {
  let rows: Kept[] = []
  const shelf: Shelf = { read: () => rows, write: (kept) => (rows = kept) }
  const told: string[] = []
  const send = async (one: Kept) => {
    told.push(one.request_id)
    return (answers[0] || {})[one.request_id] || well
  }
  return { shelf, told, send, left: () => rows.map((k) => k.request_id) }
}

it('several are kept, handed over oldest first, and each once', async () => {
  const { shelf, told, send, left } = pad()
  for (const n of [1, 2, 3]) shelve(shelf, row(n))
  shelve(shelf, row(3))
  expect(await handOver(shelf, send)).toBe(null)
  await handOver(shelf, send)
  expect(told).toEqual(['r-1', 'r-2', 'r-3'])
  expect(left()).toEqual([])
})

it('without a server all stay, and the first that fails is the last that is tried', async () => {
  const { shelf, told, send, left } = pad({ 'r-2': no(0) })
  for (const n of [1, 2, 3]) shelve(shelf, row(n))
  expect(await handOver(shelf, send, 'r-3')).toBe(null)
  expect(told).toEqual(['r-1', 'r-2'])
  expect(left()).toEqual(['r-2', 'r-3'])
})

it.each([500, 503, 429])('one that the server fails at with %i stays and holds nobody up', async (status) => {
  const { shelf, send, left } = pad({ 'r-1': no(status) })
  for (const n of [1, 2]) shelve(shelf, row(n))
  expect(await handOver(shelf, send, 'r-2')).toBe(well)
  expect(left()).toEqual(['r-1'])
})

it('what the server refuses, too late or answered already, is told once and forgotten', async () => {
  const { shelf, send, left } = pad({ 'r-1': no(409) })
  for (const n of [1, 2]) shelve(shelf, row(n))
  await handOver(shelf, send)
  expect(left()).toEqual([])
})

it('one that is given while others are on their way is not lost', async () => {
  const { shelf, told, send, left } = pad()
  shelve(shelf, row(1))
  await handOver(shelf, async (one) => {
    shelve(shelf, row(2))
    return send(one)
  })
  expect(told).toEqual(['r-1'])
  expect(left()).toEqual(['r-2'])
})

it('no more are kept than a day can bring', () => {
  const { shelf, left } = pad()
  for (let n = 0; n < MOST + 5; n++) shelve(shelf, row(n))
  expect(left().length).toBe(MOST)
  expect(left()[0]).toBe('r-5')
})
