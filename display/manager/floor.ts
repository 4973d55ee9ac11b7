// The hall as a drawing: what every window on a floor shows, and who waits in which area. Pure: no clock, no DOM, no socket.
import type { ManagerQueueRow, ManagerWindowRow, PlanFloor, PlanSpot } from '@client/contract'
import type { Zone as PlanZone } from './config/plan'

/** How large the picture draws a window, in the plan's own lengths (server/domain/floorplan.py). */
export const TILE = { w: 3.8, h: 2.8 }
/** And a board. */
export const BOARD = { w: 3, h: 0.6 }
export type Row = ManagerWindowRow
export type Mood = 'called' | 'serving' | 'free' | 'paused' | 'closed' | 'missing'
export type Light = 'none' | 'green' | 'amber' | 'red'
/** A service that lasts so many times its usual length wants a look; METRICS 1.2 calls it suspicious from three times on. */
const LONG = { amber: 2, red: 3 }
/** Nobody should be called, or a window paused, for longer than this without a look. Seconds. */
const STALE_S = { called: 180, paused: 1200 }

export const mood = (w: Row): Exclude<Mood, 'missing'> => (w.ticket?.state || (w.state === 'open' ? 'free' : w.state)) as Exclude<Mood, 'missing'>

/** Since when the window is as it is. */
export function since(w: Row): string | null {
  if (w.ticket?.state === 'serving') return w.started_at || w.called_at || null
  if (w.ticket) return w.called_at || null
  return w.state === 'open' ? w.idle_since : w.state === 'paused' ? w.since : null
}
export function seconds(w: Row, now: number): number | null {
  const at = since(w)
  return at ? Math.max(0, (now - Date.parse(at)) / 1000) : null
}
/** How long it has lasted, as a traffic light; a free window is alarming only while somebody waits for it. */
export function light(w: Row, now: number, waiting: number): Light {
  const is = mood(w)
  const s = seconds(w, now)
  if (s === null || is === 'closed') return 'none'
  if (is === 'serving') {
    if (!w.usual_s) return 'green'
    return s > LONG.red * w.usual_s ? 'red' : s > LONG.amber * w.usual_s ? 'amber' : 'green'
  }
  if (is === 'free') return waiting && s > 300 ? 'red' : waiting && s > 60 ? 'amber' : 'green'
  return s > 2 * STALE_S[is] ? 'red' : s > STALE_S[is] ? 'amber' : 'green'
}

/** How wide a letter is, a Chinese character being one. */
const wide = (letter: string) => (letter > '\u2e80' ? 1 : letter === ':' || letter === ' ' ? 0.3 : 0.55)
export const width = (text: string): number => Array.from(text).reduce((sum, letter) => sum + wide(letter), 0)
/** As much of a name as fits on a line of so many Chinese characters. */
export function fitted(text: string, room: number): string {
  const letters = Array.from(text)
  let left = room
  for (const [n, letter] of letters.entries()) {
    left -= wide(letter)
    if (left < -0.05) return letters.slice(0, Math.max(1, n - 1)).join('').trimEnd() + '…'
  }
  return text
}

/** Waiting for one window: the numbers in its own queues. */
export const owed = (w: Row, queues: ManagerQueueRow[]): number => queues.filter((q) => w.queues.includes(q.id)).reduce((sum, q) => sum + q.waiting, 0)

export interface Tile {
  spot: PlanSpot
  row: Row
}
export interface Zone extends PlanZone {
  queues: { id: string; waiting: number }[]
}
export interface Drawn {
  id: string
  tiles: Tile[]
  zones: Zone[]
  things: PlanSpot[]
  width: number
  height: number
  waiting: number
  shared: { id: string; waiting: number }[]
}
/** One floor with what is live on it. A queue stands in the area whose windows alone take it; one that several areas take
 * is told once for all of them. */
export function drawn(floor: PlanFloor, windows: Row[], queues: ManagerQueueRow[]): Drawn {
  const tiles = floor.spot.flatMap((spot) => {
    const row = spot.kind === 'window' ? windows.find((w) => w.id === spot.id) : undefined
    return row ? [{ spot, row }] : []
  })
  const of = (rows: Row[]) => queues.filter((q) => rows.some((w) => w.queues.includes(q.id))).map((q) => ({ id: q.id, waiting: q.waiting }))
  const several = new Set(queues.filter((q) => new Set(windows.filter((w) => w.queues.includes(q.id)).map((w) => w.zone)).size > 1).map((q) => q.id))
  const here = of(tiles.map((t) => t.row))
  return {
    id: floor.id, tiles, width: floor.width, height: floor.height,
    zones: floor.zone.map((zone) => ({ ...zone, queues: of(tiles.filter((t) => t.row.zone === zone.name).map((t) => t.row)).filter((q) => !several.has(q.id)) })),
    things: floor.spot.filter((spot) => spot.kind !== 'window'),
    waiting: here.reduce((sum, q) => sum + q.waiting, 0),
    shared: here.filter((q) => several.has(q.id)),
  }
}

/** What a panel may offer for a window to who is signed in; the server decides again. */
export type Deed = 'tidal-open' | 'what-if-open' | 'what-if-close' | 'emergency-take' | 'emergency-close' | 'placement'
export interface Leads {
  act: boolean // answers, tidal windows and questions are for who leads the hall
  place: boolean // sees how queues are shared among windows
}
export function deeds(w: Row, leads: Leads, tidal: boolean, emergency: 'open' | 'acknowledged' | null): Deed[] {
  const found: Deed[] = []
  if (leads.act && emergency === 'open') found.push('emergency-take')
  if (leads.act && emergency === 'acknowledged') found.push('emergency-close')
  if (leads.act && tidal && w.state === 'closed') found.push('tidal-open')
  if (leads.act) found.push(w.state === 'open' ? 'what-if-close' : 'what-if-open')
  if (leads.place) found.push('placement')
  return found
}
