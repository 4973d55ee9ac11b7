// The board: what is called, what is spoken, what each window does. Pure: no clock, no DOM, no socket.
//
// One mouth for the whole hall: announcements wait in `queue`, one is `now`. While sound is off nothing
// waits for long: captions still come, and switching sound on never replays the past.

import type { Call, HallEvent, WindowRow } from '@client/contract'

export interface Spoken {
  id: string // call id
  number: string
  window: string
  n: number // 1 = called, more = called again
  at: number // ms since 1970, server time
  voice: string | null // where the sound file is; null: there is none, the caption stays alone
  text: string
}
export interface Board {
  sound: 'asking' | 'on' | 'off'
  now: Spoken | null
  queue: Spoken[]
  flash: string | null // the number that was called last and still flashes
}
export type Msg =
  | { name: 'called'; spoken: Spoken }
  | { name: 'arrived'; number: string } // the citizen is at the window: no need to call any more
  | { name: 'said'; id: string; now: number } // spoken to the end, or could not be
  | { name: 'sound'; on: boolean }
  | { name: 'flashed'; id: string }

export const quiet: Board = { sound: 'asking', now: null, queue: [], flash: null }

/** A call as the server tells it. `caption` makes the sentence when the server sent none. */
export function spokenOf(event: HallEvent, at: number, lang: string, caption: (number: string, window: string) => string): Spoken {
  const number = String(event.number ?? '')
  const window = String(event.window_number ?? event.window ?? '')
  const said = event.text as string | Record<string, string> | null | undefined
  const text = typeof said === 'string' ? said : said?.[lang] || said?.zh
  return {
    id: String(event.call ?? event.id ?? `${number}-${event.n}`), number, window, n: Number(event.n ?? 1), at,
    voice: typeof event.voice === 'string' ? event.voice : null, text: text || caption(number, window),
  }
}

/** An announcement that waited longer than this is not worth hearing: milliseconds. */
export const STALE = 60_000

export function next(board: Board, msg: Msg): Board {
  switch (msg.name) {
    case 'called': {
      const { spoken } = msg
      if (board.now?.id === spoken.id || board.queue.some((s) => s.id === spoken.id)) return board
      // a recall replaces the older announcement of the same number that has not been spoken yet
      const waiting = board.queue.filter((s) => s.number !== spoken.number)
      return speak({ ...board, queue: [...waiting, spoken], flash: spoken.id })
    }
    case 'arrived':
      return { ...board, queue: board.queue.filter((s) => s.number !== msg.number) }
    case 'said': {
      if (board.now?.id !== msg.id) return board
      return speak({ ...board, now: null, queue: board.queue.filter((s) => msg.now - s.at <= STALE) })
    }
    case 'sound':
      return { ...board, sound: msg.on ? 'on' : 'off' }
    case 'flashed':
      return board.flash === msg.id ? { ...board, flash: null } : board
  }
}

function speak(board: Board): Board {
  const [first, ...rest] = board.queue
  return board.now || !first ? board : { ...board, now: first, queue: rest }
}

// ---- what is shown ----------------------------------------------------------------------------------

export type Life = 'called' | 'serving' | 'past'
export interface ShownCall extends Call {
  life: Life
}

/** The calls worth showing: one line per number, newest first, each with what became of it. */
export function shownCalls(calls: readonly Call[], windows: Record<string, WindowRow>, limit: number): ShownCall[] {
  const seen = new Set<string>()
  const shown: ShownCall[] = []
  for (const call of calls) {
    if (seen.has(call.number)) continue
    seen.add(call.number)
    const holder = Object.values(windows).find((w) => w.ticket?.number === call.number)
    const here = holder && holder.number === call.window ? holder.ticket!.state : null
    shown.push({ ...call, id: String(call.id), life: here ?? 'past' })
  }
  return shown.slice(0, limit)
}

/** Windows in the order of their numbers: 2 before 10. */
export function inOrder<W extends { number: string }>(windows: Record<string, W>): W[] {
  return Object.values(windows).sort((a, b) => a.number.localeCompare(b.number, 'en', { numeric: true }))
}

/** Columns of the windows grid, so that 14 windows stay large and 30 still fit. */
export function columns(count: number): number {
  if (count <= 7) return 1
  return count <= 16 ? 2 : 3
}

/** Today's opening hours. `weekday`: 0 = Sunday … 6 = Saturday, in the hall's own zone. */
export function hoursOf(hours: Record<string, unknown>, weekday: number): string[] {
  const name = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'][weekday]
  const spans = (hours[name] ?? (weekday >= 1 && weekday <= 5 ? hours.weekday : undefined) ?? []) as [string, string][]
  return spans.map(([from, to]) => `${from}–${to}`)
}
