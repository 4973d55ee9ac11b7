// The virtual hall on one page: what every far end looks like now, and the hands that may act on it.
// Pure: no clock, no DOM, no socket. The models are those of drivers/virtual.

export interface Model {
  model: string // the driver it talks to: escpos, onbon_bxk …
  unplugged: boolean
  faults: string[] // those switched on
  offers: string[] // those it can have; pulling the plug is the same everywhere
  cable?: string[] // those of the cable it hangs on
  node?: string // what the cable's adapter is called just now
  [more: string]: unknown
}
export interface Line {
  text?: string
  size?: number // 1..4, times 24 dots
  align?: 'left' | 'center' | 'right'
  bold?: boolean
  qr?: string
  packed?: string // rows of dots, deflated, base64
  raster_dropped?: boolean // dots too many for any message
  width?: number
  height?: number
  half?: boolean // the paper ended in this line
}
export interface Paper {
  lines: Line[]
  mm: number
  end: '' | 'cut' | 'torn' // "": still hanging in the printer
}
export interface Printer extends Model {
  papers: Paper[]
  paper_mm: number
  near_end: boolean
  stopped: string
  dots: number
  waiting_bytes: number
  mouth?: boolean // a slip hangs at the presenter's outlet
}
export interface Run {
  text: string
  colour: string // red | green | yellow
}
export interface Strip extends Model {
  text: string
  runs?: Run[] // the same in its colours, where the screen has any
  rows?: string[] // a summary screen: newest call first
  on: boolean
  width: number
  height: number
}
export interface Digits extends Model {
  text: string
  digits: number // seven-segment places
}
export interface Keypad extends Model {
  digits: string
  asked: boolean
  pad: boolean
  keys?: string[] // those it has, when they are not the usual ones
  lamp?: string // a box: off | red | green …, with _fast or _slow
}
export interface CardReader extends Model {
  card: string // id of the card that lies there, '' for none
  cards: { id: string; title: string }[]
  reads: number
}
export interface CodeScanner extends Model {
  scans: number
}
export type Kind = 'printer' | 'strip' | 'keypad' | 'reader' | 'scanner'
const KIND: Record<string, Kind> = {
  escpos: 'printer',
  onbon_bxk: 'strip',
  pingan_lihe: 'strip',
  led_frame: 'strip',
  alpha: 'strip',
  modbus_led: 'strip',
  apertum_board: 'strip',
  keypad_ff68: 'keypad',
  keypad_polled: 'keypad',
  apertum_box: 'keypad',
  idcard_sam: 'reader',
  scanner: 'scanner',
}

/** What can be broken at the cable, and is then felt by everything that hangs on it. */
export const CABLE = ['renumber', 'echo', 'noise', 'drop', 'stray', 'collide', 'break', 'dead_segment', 'wrong_baud'] as const
/** How much of it, where a fault wants to know: the paper ends so many millimetres further on, in mid-slip. */
export const VALUES: Record<string, number> = { run_out: 20 }
export const KEYS = ['call', 'recall', 'rate', 'no_show', 'hold', 'unhold', 'pause', 'transfer'] as const

export const kindOf = (model: { model: string }): Kind | null => KIND[model.model] ?? null
/** What may be broken at this one. */
export const faultsOf = (model: Model): string[] => ['unplug', ...model.offers]
export const keysOf = (model: Keypad): readonly string[] => model.keys ?? KEYS
export const isDigits = (model: Model): model is Digits => model.model === 'modbus_led'
/** strip-W03 -> W03, printer-K1 -> K1; a name without a place is its own place. */
export const placeOf = (name: string): string => /-([A-Za-z]*\d+)$/.exec(name)?.[1] ?? name

export interface Desk {
  place: string
  strip: { name: string; model: Strip } | null
  more: { name: string; model: Strip }[] // further ones, which show the same
  keypad: { name: string; model: Keypad } | null
}
export interface Benchtop {
  printers: { name: string; place: string; model: Printer }[]
  summaries: { name: string; model: Strip }[]
  desks: Desk[]
  readers: { name: string; model: CardReader }[]
  scanners: { name: string; model: CodeScanner }[]
}
/** Printers first, then the screens that hang over no window, then one desk per window with all that hangs there. */
export function benchtop(devices: Record<string, Model>): Benchtop {
  const printers: Benchtop['printers'] = []
  const summaries: Benchtop['summaries'] = []
  const desks: Record<string, Desk> = {}
  const readers: Benchtop['readers'] = []
  const scanners: Benchtop['scanners'] = []
  for (const [name, model] of Object.entries(devices)) {
    const kind = kindOf(model)
    const place = placeOf(name)
    if (kind === 'printer') printers.push({ name, place, model: model as Printer })
    if (kind === 'reader') readers.push({ name, model: model as CardReader })
    if (kind === 'scanner') scanners.push({ name, model: model as CodeScanner })
    if (kind === 'strip' && model.screen === 'summary') summaries.push({ name, model: model as Strip })
    if ((kind !== 'strip' && kind !== 'keypad') || model.screen === 'summary') continue
    const desk = (desks[place] ??= { place, strip: null, more: [], keypad: null })
    if (kind === 'strip' && desk.strip) desk.more.push({ name, model: model as Strip })
    else if (kind === 'strip') desk.strip = { name, model: model as Strip }
    else desk.keypad = { name, model: model as Keypad }
  }
  const byPlace = (a: { place: string }, b: { place: string }) => a.place.localeCompare(b.place, 'en', { numeric: true })
  const byName = (a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name, 'en', { numeric: true })
  return {
    printers: printers.sort(byPlace),
    summaries,
    desks: Object.values(desks).sort(byPlace),
    readers: readers.sort(byName),
    scanners: scanners.sort(byName),
  }
}

export const isOn = (model: Model, fault: string): boolean =>
  fault === 'unplug' ? model.unplugged : model.faults.includes(fault) || (model.cable ?? []).includes(fault)
/** What the hand does to switch a fault over. */
export function switchOver(model: Model, fault: string): Record<string, unknown> {
  if (fault === 'unplug') return model.unplugged ? { act: 'replug' } : { act: 'unplug' }
  if (isOn(model, fault)) return { act: 'clear', fault }
  return { act: 'fault', fault, ...(fault in VALUES ? { value: VALUES[fault] } : {}) }
}
/** The places of a number display, filled from the right; a dark one is "". */
export const placesOf = ({ text, digits }: Digits): string[] => Array.from(text.slice(0, digits).padStart(digits), (c) => c.trim())
/** The six digits of a keypad: three for how many wait, three for the number, a dark one is "". */
export const digitsOf = (digits: string): string[] => Array.from(digits.padEnd(6).slice(0, 6), (d) => d.trim())
/** Rating button for a level: the pad counts from the best, 0. */
export const ratingValue = (level: number): number => 5 - level
/** What a strip shows, in its colours; "" is the colour of a strip that has only one. */
export const runsOf = (strip: Strip): Run[] => (strip.runs?.length ? strip.runs : [{ text: strip.text, colour: '' }])
/** Newest paper first; what hangs in the printer is the newest. */
export const newestFirst = (papers: Paper[]): Paper[] => [...papers].reverse()
export const isReprint = (paper: Paper): boolean => paper.lines.some((line) => line.text?.includes('补打'))

/** The bytes of a raster line. Rejects when they are spoilt, or when the browser is too old to unpack them. */
export async function unpack(packed: string): Promise<Uint8Array> {
  const bytes = Uint8Array.from(atob(packed), (c) => c.charCodeAt(0))
  const plain = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'))
  return new Uint8Array(await new Response(plain).arrayBuffer())
}
/** The dots of a raster line, row by row. */
export function dotsOf(bytes: Uint8Array, width: number): boolean[][] {
  const stride = Math.ceil(width / 8)
  const rows: boolean[][] = []
  for (let at = 0; at + stride <= bytes.length; at += stride) {
    rows.push(Array.from({ length: width }, (_, x) => (bytes[at + (x >> 3)]! & (0x80 >> (x & 7))) !== 0))
  }
  return rows
}
