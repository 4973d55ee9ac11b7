/**
 * The way from this kiosk to the windows of a matter, on the hall's own plan (plan.toml). Pure: no clock, no DOM, no text.
 *
 * Lengths are the plan's own; a floor that is much wider than what matters on it is shown only around that.
 */
import type { Hall, PlanFloor, PlanSpot } from '@client/contract'

/** What somebody on the way looks for; boards and other kiosks are no landmarks. */
export type Place = 'entrance' | 'desk' | 'lift' | 'stairs' | 'toilet' | 'seats'
const PLACES: string[] = ['entrance', 'desk', 'lift', 'stairs', 'toilet', 'seats']
const UP: string[] = ['lift', 'stairs']
/** A sheet holds so many windows beside each other before their numbers become too small to read. */
const ACROSS = 12
const ROOMY = 4.4

export interface Box {
  x: number
  y: number
  w: number
  h: number
}
export interface Sheet {
  floor: PlanFloor
  /** The part of the floor that is shown. */
  view: Box
  /** About how far apart windows stand: boxes and letters follow it. */
  pitch: number
  windows: { id: string; number: string; x: number; y: number; mine: boolean }[]
  things: (PlanSpot & { kind: Place; up: boolean })[]
  /** Where this kiosk stands, if it is on this floor and the plan says so. */
  here: { x: number; y: number } | null
  /** One of the windows is on this floor. */
  mine: boolean
}

/** Every floor as a sheet. mine: numbers of the windows to go to; kiosk: this one's id. */
export function sheets(hall: Pick<Hall, 'plan' | 'windows'>, mine: string[], kiosk: string): Sheet[] {
  const found = (hall.plan || []).map((floor) => sheet(floor, hall.windows, mine, kiosk))
  const home = found.filter((f) => f.here)[0]
  // Whoever has to change the floor looks for the way up, on both of them.
  const climbs = !!home && found.some((f) => f.mine && f !== home)
  for (const one of found) for (const thing of one.things) thing.up = climbs && (one === home || one.mine) && UP.indexOf(thing.kind) >= 0
  return found
}

/** The sheet to begin with: this floor if a window is on it, else the first that has one. */
export const first = (all: Sheet[]): Sheet | undefined => all.filter((f) => f.mine && f.here)[0] || all.filter((f) => f.mine)[0] || all[0]

/** What leads from this floor to another: a lift before stairs, null where the plan shows neither, or nobody has to climb. */
export function wayUp(all: Sheet[]): 'lift' | 'stairs' | null {
  const home = all.filter((f) => f.here)[0]
  if (!home || home.mine || !all.some((f) => f.mine)) return null
  const kinds = home.things.map((thing) => thing.kind)
  return kinds.indexOf('lift') >= 0 ? 'lift' : kinds.indexOf('stairs') >= 0 ? 'stairs' : null
}

function sheet(floor: PlanFloor, known: Hall['windows'], mine: string[], kiosk: string): Sheet {
  const windows: Sheet['windows'] = []
  const things: Sheet['things'] = []
  let here: Sheet['here'] = null
  for (const spot of floor.spot) {
    const window = spot.kind === 'window' ? known.filter((w) => w.id === spot.id)[0] : undefined
    if (window) windows.push({ id: window.id, number: window.number, x: spot.x, y: spot.y, mine: mine.indexOf(window.number) >= 0 })
    else if (spot.kind === 'kiosk' && spot.id === kiosk) here = { x: spot.x, y: spot.y }
    else if (PLACES.indexOf(spot.kind) >= 0) things.push({ ...spot, kind: spot.kind as Place, up: false })
  }
  const pitch = apart(windows, floor.width)
  const goals = windows.filter((w) => w.mine)
  return { floor, windows, things, here, pitch, mine: goals.length > 0, view: around(floor, pitch, here ? [...goals, here] : goals) }
}

/** The least distance between two windows, of which a row needs less height than width. */
function apart(windows: { x: number; y: number }[], width: number): number {
  let least = Math.min(ROOMY, width / 6)
  for (let i = 0; i < windows.length; i++) {
    for (let j = 0; j < i; j++) {
      const far = Math.max(Math.abs(windows[i]!.x - windows[j]!.x), Math.abs(windows[i]!.y - windows[j]!.y) * 1.5)
      if (far > 0) least = Math.min(least, far)
    }
  }
  return least
}

/** The whole floor while its numbers can be read; of a larger one what lies around these spots. */
function around(floor: PlanFloor, pitch: number, spots: { x: number; y: number }[]): Box {
  const whole = { x: 0, y: 0, w: floor.width, h: floor.height }
  if (!spots.length || floor.width <= ACROSS * pitch) return whole
  const xs = spots.map((s) => s.x)
  const ys = spots.map((s) => s.y)
  const side = (low: number, high: number, least: number, all: number) => {
    const long = Math.min(all, Math.max(high - low + 4 * pitch, least))
    return [Math.max(0, Math.min(all - long, (low + high - long) / 2)), long] as const
  }
  const [x, w] = side(Math.min(...xs), Math.max(...xs), ACROSS * pitch, floor.width)
  const [y, h] = side(Math.min(...ys), Math.max(...ys), w * 0.45, floor.height)
  return { x, y, w, h }
}
