// The screen of one window: who sits here, whom it calls. Pure: no clock, no DOM, no socket.

export interface Face {
  flash: number // how many calls have flashed; a new count starts a new flash
  called: string | null // the number of the last call, so that a recall flashes and a repeat does not
}
export type Msg = { name: 'called'; id: string }

export const still: Face = { flash: 0, called: null }

export function next(face: Face, msg: Msg): Face {
  return msg.id === face.called ? face : { flash: face.flash + 1, called: msg.id }
}

export type Mood = 'unknown' | 'closed' | 'paused' | 'called' | 'serving' | 'free'

/** The one thing the screen says. A ticket at the window is stronger than a pause: that citizen is still served. */
export function mood(row: { state: string; ticket: { state: string } | null } | null | undefined): Mood {
  if (!row) return 'unknown'
  if (row.ticket) return row.ticket.state === 'called' ? 'called' : 'serving'
  if (row.state === 'paused') return 'paused'
  return row.state === 'open' ? 'free' : 'closed'
}

/** What stands in place of a photo that was not given: the family name. */
export function initial(name: string): string {
  const trimmed = name.trim()
  return /^[a-z]/i.test(trimmed) ? trimmed.slice(0, 1).toUpperCase() : trimmed.slice(0, 1)
}
