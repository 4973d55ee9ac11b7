import { expect, it } from 'vitest'
import { inZone } from './times'

it.each([
  ['2026-03-02T09:30', 'Asia/Shanghai', '2026-03-02T01:30:00.000Z'],
  ['2026-01-01T00:00', 'Asia/Shanghai', '2025-12-31T16:00:00.000Z'],
  ['2026-07-01T09:00', 'Europe/Berlin', '2026-07-01T07:00:00.000Z'],
  ['2026-03-29T03:30', 'Europe/Berlin', '2026-03-29T01:30:00.000Z'], // the hour after the clocks went forward
  ['', 'Asia/Shanghai', ''],
])('%s in %s is %s', (local, zone, utc) => expect(inZone(local, zone)).toBe(utc))
