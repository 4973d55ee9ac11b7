// A floor plan under the hand: things are moved on a grid, areas take with them what stands in them, and what lies on each other
// is told at once. Pure: no clock, no DOM, no text; the server checks everything again (server/domain/floorplan.py).
import { BOARD, TILE } from '../floor'
import { same, type Draft, type Item } from './config'

export const KINDS = ['kiosk', 'board', 'entrance', 'desk', 'lift', 'stairs', 'toilet', 'seats'] as const
export const GRID = 0.5
export const LEAP = 5

export interface Spot {
  kind: string
  id: string
  name: string
  name_en: string
  x: number
  y: number
}
export interface Zone {
  name: string
  x: number
  y: number
  w: number
  h: number
}
export interface Floor {
  width: number
  height: number
  zone: Zone[]
  spot: Spot[]
}
export type Floors = Record<string, Floor & Item>
/** What is held: the n-th spot or area of a floor. */
export interface Pick {
  of: 'spot' | 'zone'
  n: number
}

export const floorsOf = (items: Record<string, Item>): Floors =>
  Object.fromEntries(Object.entries(items).map(([id, item]) => [id, { ...item, width: Number(item.width) || 20, height: Number(item.height) || 12, zone: (item.zone as Zone[]) || [], spot: (item.spot as Spot[]) || [] }]))

/** The draft of what was moved: floor by floor the fields that are not as they were. */
export function draftOf(items: Record<string, Item>, now: Floors, draft: Draft): Draft {
  const found: Draft = { ...draft }
  for (const [id, floor] of Object.entries(now)) {
    const was = items[id]
    const fields: Item = {}
    for (const name of Object.keys(floor)) if (!was || !same(was[name], floor[name])) fields[name] = floor[name]
    if (was && !Object.keys(fields).length) delete found[id]
    else found[id] = fields
  }
  return found
}

const round = (n: number) => Math.round(n * 100) / 100
export const snapped = (n: number): number => Math.round(n / GRID) * GRID
/** On the grid and so far from both walls, as far as there is room. */
function along(n: number, long: number, edge: number): number {
  const least = Math.ceil(edge / GRID) * GRID
  const most = Math.floor((long - edge) / GRID) * GRID
  return least <= most ? Math.max(least, Math.min(most, snapped(n))) : snapped(long / 2)
}
const within = (n: number, most: number) => Math.max(0, Math.min(most, n))
const inside = (zone: Zone, spot: Spot) => spot.x >= zone.x && spot.x <= zone.x + zone.w && spot.y >= zone.y && spot.y <= zone.y + zone.h

/** The floor with what is held at (x, y), on the grid and within the walls; an area takes along what stands in it. */
export function placed<F extends Floor>(floor: F, pick: Pick, x: number, y: number): F {
  if (pick.of === 'spot') {
    const window = floor.spot[pick.n]!.kind === 'window'
    const to = { x: along(x, floor.width, window ? TILE.w / 2 : 0), y: along(y, floor.height, window ? TILE.h / 2 : 0) }
    return { ...floor, spot: floor.spot.map((spot, n) => (n === pick.n ? { ...spot, ...to } : spot)) }
  }
  const was = floor.zone[pick.n]!
  const to = { x: within(snapped(x), floor.width - was.w), y: within(snapped(y), floor.height - was.h) }
  return {
    ...floor,
    zone: floor.zone.map((zone, n) => (n === pick.n ? { ...zone, ...to } : zone)),
    spot: floor.spot.map((spot) => (inside(was, spot) ? { ...spot, x: round(spot.x + to.x - was.x), y: round(spot.y + to.y - was.y) } : spot)),
  }
}
/** The area made so wide and high, what stands in it staying where it is. */
export const sized = <F extends Floor>(floor: F, n: number, w: number, h: number): F => ({
  ...floor,
  zone: floor.zone.map((zone, i) => (i === n ? { ...zone, w: Math.max(1, within(snapped(w), floor.width - zone.x)), h: Math.max(1, within(snapped(h), floor.height - zone.y)) } : zone)),
})
export const at = (floor: Floor, pick: Pick): Spot | Zone | undefined => floor[pick.of][pick.n]
export const changed = <F extends Floor>(floor: F, pick: Pick, fields: object): F => ({ ...floor, [pick.of]: floor[pick.of].map((one, n) => (n === pick.n ? { ...one, ...fields } : one)) })
export const without = <F extends Floor>(floor: F, pick: Pick): F => ({ ...floor, [pick.of]: floor[pick.of].filter((_, n) => n !== pick.n) })

/** A step of the arrow keys; null for any other key. */
export function step(key: string, shift: boolean): { x: number; y: number } | null {
  const by = shift ? LEAP * GRID : GRID
  if (key === 'ArrowLeft') return { x: -by, y: 0 }
  if (key === 'ArrowRight') return { x: by, y: 0 }
  if (key === 'ArrowUp') return { x: 0, y: -by }
  return key === 'ArrowDown' ? { x: 0, y: by } : null
}

type Place = { x: number; y: number }
const SIZES: Record<string, { w: number; h: number }> = { window: TILE, board: BOARD }
/** Windows drawn over each other or over a board, as indices of the floor's spots. */
export function clashes(floor: Floor): [number, number][] {
  const found: [number, number][] = []
  floor.spot.forEach((b, n) => {
    floor.spot.slice(0, n).forEach((a, m) => {
      const [p, q] = [SIZES[a.kind], SIZES[b.kind]]
      if (p && q && (p === TILE || q === TILE) && lies(a, b, p, q)) found.push([m, n])
    })
  })
  return found
}
/** Lengths are added up in floating point: a hair's breadth is no overlap. */
export const lies = (a: Place, b: Place, p = TILE, q = TILE): boolean =>
  Math.abs(a.x - b.x) < (p.w + q.w) / 2 - 1e-6 && Math.abs(a.y - b.y) < (p.h + q.h) / 2 - 1e-6

/** Where a new thing may stand: the first free place of the floor, row by row, else its middle. */
export function free(floor: Floor): { x: number; y: number } {
  for (let y = TILE.h / 2; y <= floor.height - TILE.h / 2; y += 1) {
    for (let x = TILE.w / 2; x <= floor.width - TILE.w / 2; x += 1) {
      const spot = { x: snapped(x), y: snapped(y) }
      if (!floor.spot.some((one) => lies(one, spot))) return spot
    }
  }
  return { x: snapped(floor.width / 2), y: snapped(floor.height / 2) }
}
/** Windows that stand on no floor of the plan: the server lays them out by itself. */
export const nowhere = (floors: Floors, windows: string[]): string[] => {
  const placed = new Set(Object.values(floors).flatMap((floor) => floor.spot.filter((spot) => spot.kind === 'window').map((spot) => spot.id)))
  return windows.filter((id) => !placed.has(id))
}
/** What stands elsewhere than before, and where it stood: for its shadow. */
export function shadows(before: Floor | undefined, now: Floor): Spot[] {
  if (!before) return []
  return before.spot.filter((was) => !now.spot.some((spot) => spot.kind === was.kind && spot.id === was.id && spot.x === was.x && spot.y === was.y))
}
