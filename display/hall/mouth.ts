// Which calls a board's loudspeaker says, and how loud. Pure: the hall's rules, the board's name and the time come in.

export interface AnnounceRules {
  dwell_s: number // how long a text stays at least
  volume: number // percent
  hours: [string, string, number][] // from, until (local HH:MM), percent
  quiet: [string, string][] // nothing is spoken
  zones: { id: string; boards: string[]; windows: string[]; volume: number }[] // windows by number; none = one mouth for all
}
export const PLAIN: AnnounceRules = { dwell_s: 5, volume: 100, hours: [], quiet: [], zones: [] }

/** May this board say a call to `window`? Without zones every board says all; with zones the one that is named for the window's. */
export function isMine(rules: AnnounceRules, board: string, window: string): boolean {
  return !rules.zones.length || rules.zones.some((z) => z.boards.includes(board) && z.windows.includes(window))
}

/** Is this board a mouth at all? One that is not shows every text and says none. */
export const isMouth = (rules: AnnounceRules, board: string): boolean => !rules.zones.length || rules.zones.some((z) => z.boards.includes(board))

/** Percent, 0 = silent. `time`: local HH:MM. A span that ends before it begins runs past midnight. */
export function volumeAt(rules: AnnounceRules, board: string, window: string, time: string): number {
  if (!isMine(rules, board, window) || rules.quiet.some(([from, to]) => within(time, from, to))) return 0
  const hour = rules.hours.find(([from, to]) => within(time, from, to))
  const zone = rules.zones.find((z) => z.windows.includes(window))
  return Math.round(((hour ? hour[2] : rules.volume) * (zone ? zone.volume : 100)) / 100)
}

const within = (time: string, from: string, to: string): boolean => (from <= to ? from <= time && time < to : time >= from || time < to)
