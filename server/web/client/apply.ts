/**
 * How a face keeps its picture equal to the server's. Pure.
 *
 * A message is taken, ignored because it is old, or shows that something was missed; then the caller asks for a
 * fresh snapshot. One snapshot older than the picture is doubted (it may have been read before a change that
 * overtook it); a second one in a row is believed: the server was put back to an earlier state.
 */
import type { Changes, HallEvent, Pulse, Row, Snapshot } from './contract'

export interface Picture {
  revision: number
  at: string
  rows: Record<string, Record<string, Row>>
  values: Record<string, unknown>
  doubted?: boolean
}
export type Verdict = 'taken' | 'old' | 'missed'
export interface Applied {
  picture: Picture | null
  verdict: Verdict
  events: HallEvent[]
}

export function applySnapshot(mine: Picture | null, fresh: Snapshot): Applied {
  if (mine && fresh.revision < mine.revision && !mine.doubted) {
    return { picture: { ...mine, doubted: true }, verdict: 'missed', events: [] }
  }
  const { revision, at, rows, values } = fresh
  return { picture: { revision, at, rows: rows || {}, values: values || {} }, verdict: 'taken', events: [] }
}

export function applyChanges(mine: Picture | null, message: Changes): Applied {
  if (mine && message.revision <= mine.revision) return { picture: mine, verdict: 'old', events: [] }
  if (!mine || message.since > mine.revision) return { picture: mine, verdict: 'missed', events: [] }
  const rows = { ...mine.rows }
  for (const [collection, changed] of Object.entries(message.rows || {})) {
    const merged = { ...rows[collection] }
    for (const [id, row] of Object.entries(changed)) {
      if (row === null) delete merged[id]
      else merged[id] = row
    }
    rows[collection] = merged
  }
  const picture = { revision: message.revision, at: message.at, rows, values: { ...mine.values, ...message.values } }
  return { picture, verdict: 'taken', events: message.events || [] }
}

/** True when the server is ahead of the picture. */
export function behind(mine: Picture | null, pulse: Pulse): boolean {
  return !mine || pulse.revision > mine.revision
}
