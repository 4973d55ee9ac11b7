// A hall may name two materials alike (an original and its copy): Vue must still know one from the other.
import { readFileSync, readdirSync } from 'node:fs'
import { expect, test } from 'vitest'

const faces = ['kiosk', 'display', 'server/web'].flatMap((room) =>
  readdirSync(room, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.vue') && !name.includes('dist')).map((name) => `${room}/${name}`),
)
const LISTS = /v-for="\(?(\w+)(?:, (\w+))?\)? in ([\w.!]*(?:materials|bring|steps|dead))"[^>]*?:key="([^"]+)"/g

test('what people wrote is told apart by its place in the list, never by its words alone', () => {
  const lists = faces.flatMap((file) => [...readFileSync(file, 'utf8').matchAll(LISTS)].map(([, , place, list, key]) => ({ file, list, key, place })))
  expect(lists.length).toBeGreaterThanOrEqual(7)
  expect(lists.filter((one) => !/\.id$/.test(one.key!) && (!one.place || !new RegExp(`\\b${one.place}\\b`).test(one.key!)))).toEqual([])
})
