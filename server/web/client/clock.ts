/** The hall's time: the server's clock, shown in the hall's zone, whatever this machine believes. */
let offset_ms = 0

/** `at` is the server's time in a message that has just arrived. Small jitter is left alone. */
export function correct(at: string, local_ms: number = Date.now()): void {
  const theirs = Date.parse(at)
  if (!isNaN(theirs) && Math.abs(theirs - local_ms - offset_ms) > 500) offset_ms = theirs - local_ms
}
export const serverNow = (): number => Date.now() + offset_ms
export const secondsUntil = (at: string, now_ms: number = serverNow()): number =>
  Math.max(0, Math.ceil((Date.parse(at) - now_ms) / 1000))
export const secondsSince = (at: string, now_ms: number = serverNow()): number =>
  Math.max(0, Math.floor((now_ms - Date.parse(at)) / 1000))

export const LOCALE: Record<string, string> = { zh: 'zh-CN', en: 'en-GB' }
export type When = number | string
/** By the customs of a language, in a zone. */
export const show = (when: When, lang: string, zone: string, options: Intl.DateTimeFormatOptions) =>
  new Intl.DateTimeFormat(LOCALE[lang] || lang, { timeZone: zone, ...options }).format(new Date(when))

/** 09:05 */
export const hhmm = (when: When, zone = 'Asia/Shanghai'): string =>
  show(when, 'en', zone, { hour: '2-digit', minute: '2-digit', hour12: false }).replace(/^24/, '00')
/** 2026年11月22日 / 22 November 2026 */
export const longDate = (when: When, lang: string, zone = 'Asia/Shanghai'): string =>
  show(when, lang, zone, { year: 'numeric', month: 'long', day: 'numeric' })
/** 2026-11-22 */
export const isoDay = (when: When, zone = 'Asia/Shanghai'): string =>
  show(when, 'en', zone, { year: 'numeric', month: '2-digit', day: '2-digit' }).split('/').reverse().join('-')
/** 星期日 / Sunday */
export const weekday = (when: When, lang: string, zone = 'Asia/Shanghai'): string =>
  show(when, lang, zone, { weekday: 'long' })
/** 2026年11月22日 星期日 / Sunday 22 November 2026: the parts in the order of the language. */
export const fullDate = (when: When, lang: string, zone = 'Asia/Shanghai'): string[] => {
  const parts = [longDate(when, lang, zone), weekday(when, lang, zone)]
  return lang === 'en' ? parts.reverse() : parts
}
/** 4:05, 1:02:09 */
export function duration(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds))
  const two = (n: number) => String(n).padStart(2, '0')
  const h = Math.floor(s / 3600)
  return h ? `${h}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}` : `${Math.floor(s / 60)}:${two(s % 60)}`
}
