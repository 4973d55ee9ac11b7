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

// ---- layout as data ---------------------------------------------------------------------------------

/** What boards.toml says of this board, with what it has to tell and to play. */
export type Part = 'calls' | 'windows' | 'queues' | 'next' | 'media' | 'figures'
export interface Layout {
  id: string
  version: string
  parts: Part[]
  areas: string[]
  queues: string[]
  calls: number
  columns: number
  rows: number
  page_s: number
  media_s: number
  side: number
  theme: 'dark' | 'light'
  lang: 'zh' | 'en' | 'both'
  notices: Notice[]
  media: Medium[]
}
export interface Notice {
  zh: string
  en: string
  urgent: boolean
}
export interface Medium {
  src: string
  video: boolean
}
export const STANDARD: Layout = {
  id: '', version: '', parts: ['calls', 'windows', 'queues'], areas: [], queues: [], calls: 5, columns: 0, rows: 0,
  page_s: 10, media_s: 12, side: 0, theme: 'dark', lang: 'zh', notices: [], media: [],
}

/** What stands where: `left` and `right` beside each other (one above the other upright), `below` over the whole width. */
export interface Places {
  left: Part[]
  right: Part[]
  below: Part[]
}
export function places(layout: Layout): Places {
  const shown = layout.parts.filter((part) => part !== 'media' || layout.media.length > 0)
  const of = (...parts: Part[]) => parts.filter((part) => shown.includes(part))
  const windows = of('windows')
  const main = of('calls', 'figures')
  const left = windows.length ? of('calls', 'figures', 'media') : main
  const right = windows.length ? windows : of('media')
  return { left: left.length ? left : right, right: left.length ? right : [], below: of('next', 'queues') }
}

/** Only the windows of the board's areas. */
export const ofAreas = <W extends { zone: string }>(windows: W[], areas: readonly string[]): W[] =>
  areas.length ? windows.filter((w) => areas.includes(w.zone)) : windows

export interface Grid {
  columns: number
  rows: number
  pages: number
}
/** The grid of windows: 14 stay large, 24 fit on a page, more are paged through evenly. */
export function gridOf(count: number, columns = 0, rows = 0): Grid {
  const wide = columns || (count <= 7 ? 1 : count <= 16 ? 2 : 3)
  const most = rows || 8
  const pages = Math.max(1, Math.ceil(count / (wide * most)))
  const high = rows || Math.max(4, Math.ceil(Math.ceil(count / pages) / wide))
  return { columns: wide, rows: high, pages }
}
/** The page on which the window at `index` stands. */
export const pageOf = (index: number, grid: Grid): number => Math.min(grid.pages - 1, Math.floor(index / (grid.columns * grid.rows)))


/** How wide words are, in Chinese characters: a Latin letter counts half. */
export const widthOf = (words: string): number => Array.from(words).reduce((sum, c) => sum + (c.charCodeAt(0) < 0x2e80 ? 0.5 : 1), 0)

/** Words in pieces of at most so many Chinese characters, cut behind a sign or at a space where one is near. */
export function piecesOf(words: string, most: number): string[] {
  const pieces: string[] = []
  let piece = ''
  for (const part of words.match(/[^\s，。；、：！？]*[\s，。；、：！？]*/g) || []) {
    if (piece && widthOf((piece + part).trim()) > most) {
      pieces.push(piece)
      piece = ''
    }
    piece += part
    while (widthOf(piece.trim()) > most) {
      pieces.push(piece.slice(0, Math.max(1, Math.floor(most))))
      piece = piece.slice(Math.max(1, Math.floor(most)))
    }
  }
  return [...pieces, piece].map((p) => p.trim()).filter(Boolean)
}

/**
 * How large the calls are, in rem, in a place so wide and high: `big` for the newest, `row` for each line of the others, `old` for the
 * figures in it, `small` for its words. `calls`: those that are shown, the newest first.
 * A line of 3.75 rem has figures of 60 px on a board of 1080 lines, 38 mm on 55 inches: read from ten metres.
 */
export function sizesOf(place: { wide: number; high: number }, limit: number, calls: readonly { number: string; window: string }[], many: boolean): { row: number; big: number; old: number; small: number } {
  const others = limit - 1
  const row = others ? Math.min(3.75, Math.max(1.6, (place.high - 9) / others)) : 0
  const [first, ...older] = calls.map((call) => call.number.length + call.window.length)
  const beside = many ? 13 : 18 // the arrow, the word "window", the edges
  const big = Math.min(place.high - others * row - (others ? 3.5 : 2.75), (place.wide - beside) / (0.6 * Math.max(5, first ?? 0)), 14)
  const small = Math.max(many ? 1.1 : 1.25, row * (many ? 0.37 : 0.44))
  const words = (many ? 7 : 10) + 8 * small // the arrow and the edges, the words "window" and what became of the call
  const old = Math.min(row * 0.9, Math.max(1.4, (place.wide - words) / (0.66 * Math.max(1, ...older))))
  return { row, big: Math.max(3, cents(big)), old: cents(old), small: cents(small) }
}
const cents = (n: number) => Math.round(n * 100) / 100

/** How large a window's number and ticket are in a cell so many rem high; `signs`: of the longest window number and ticket. */
export function lettersOf(cell: { wide: number; high: number }, dense: boolean, signs: { window: number; ticket: number }): Record<string, string> {
  const fit = (most: number, share: number, wide: number, count: number) => rem(Math.min(most, Math.max(1, cell.high) * share, wide / (0.62 * Math.max(1, count))))
  return { '--window': fit(dense ? 2.1 : 2.75, 0.8, dense ? 3.2 : 4.2, signs.window), '--ticket': fit(dense ? 2.5 : 3.1, 0.85, cell.wide, signs.ticket) }
}
/** Smaller words than these are not read from ten metres. rem. */
const FAR = 1.2
/** How large a window's state and its reason are: as large as a cell so many rem wide and high allows, and never cut.
 * `turns`: the cell is too low for both, so each has it in its turn. */
export function wordsOf(cell: { wide: number; high: number }, mood: string, reason: string): { mood: string; reason: string; turns: boolean } {
  const wide = cell.wide / 1.15 // Latin words are wider than half of their Chinese ones
  const fit = (words: string, most: number, share: number) => rem(Math.min(most, Math.max(1, cell.high) * share, wide / Math.max(1, widthOf(words))))
  const turns = reason !== '' && cell.high * 0.37 < FAR
  return { mood: reason && !turns ? fit(mood, 2, 0.46) : fit(mood, 2.4, 0.62), reason: turns ? fit(reason, 2.4, 0.62) : fit(reason, 1.5, 0.37), turns }
}
const rem = (size: number): string => Math.round(size * 100) / 100 + 'rem'
