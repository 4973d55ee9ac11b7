// The hall's own look, as a manager puts it together. Pure: no clock, no DOM, no socket.

export interface Wish {
  primary: string
  accent: string
  slogan: string
  slogan_en: string
}
/** GET /api/brand */
export interface Worn extends Wish {
  version: number
  logo: string
  person: string
  at: string | null
  versions: Past[]
  files: Wish & { logo: boolean }
}
/** What was worn once; logo: the address of its picture, or empty. */
export interface Past extends Wish {
  version: number
  logo: string
  person: string
  at: string
}
/** POST /api/brand/preview */
export interface Preview {
  themes: Record<'light' | 'dark', Record<string, string>>
  troubles: { field: 'primary' | 'accent'; colour: string; against: string; ratio: number; least: number; better: string }[]
}
export const COLOURS = ['primary', 'accent'] as const
/** Wucha's own, where the hall has none. */
export const OWN = { primary: '#0a5260', accent: '#ea7d3f' }
export const SLOGAN_MOST = 40

/** What somebody typed as #rrggbb; null while it is none. */
export function colour(typed: string): string | null {
  const text = typed.trim().toLowerCase()
  const full = /^#?[0-9a-f]{3}$/.test(text) ? text.replace('#', '').replace(/./g, '$&$&') : text.replace('#', '')
  return text === '' ? '' : /^[0-9a-f]{6}$/.test(full) ? '#' + full : null
}
export const same = (a: Wish, b: Wish): boolean => (['primary', 'accent', 'slogan', 'slogan_en'] as const).every((key) => a[key].trim() === b[key].trim())
export const ready = (wish: Wish): boolean => COLOURS.every((key) => colour(wish[key]) !== null) && Array.from(wish.slogan.trim()).length <= SLOGAN_MOST && wish.slogan_en.trim().length <= 3 * SLOGAN_MOST
/** The file may be worn: its kind and size; the server looks at its inside. */
export const LOGO_BYTES = 200 * 1024
export const isLogo = (file: { type: string; size: number }): boolean => /^image\/(png|jpeg)$/.test(file.type) && file.size <= LOGO_BYTES
