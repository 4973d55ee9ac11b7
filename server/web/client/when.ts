/** Moments in the language of the page, as its people write them. */
import { hhmm, LOCALE, longDate, show, type When } from './clock'
import { lang } from './text'

/** 3月2日 / 2 Mar */
export const shortDay = (when: When, zone = 'Asia/Shanghai'): string => show(when, lang.value, zone, { month: 'short', day: 'numeric' })
/** 2026年3月2日 / 2 March 2026 of an ISO date; with the last of a run of days 2026年3月2日–3月6日 / 2 – 6 March 2026. */
export function days(from: string, to = from): string {
  const [first, last] = [new Date(from + 'T12:00Z'), new Date(to + 'T12:00Z')]
  if (isNaN(+first) || isNaN(+last)) return from === to ? from : `${from}–${to}`
  const [year, day] = [{ year: 'numeric' }, { month: 'long', day: 'numeric' }] as const
  const format = new Intl.DateTimeFormat(LOCALE[lang.value] || lang.value, { timeZone: 'UTC', ...year, ...day })
  if (from === to) return format.format(first)
  const newer = format as Partial<Intl.DateTimeFormat> // Chrome has ranges from 76 on; in some languages of figures alone
  const told = newer.formatRange ? newer.formatRange(first, last) : '/'
  const end = from.slice(0, 4) === to.slice(0, 4) ? show(+last, lang.value, 'UTC', day) : format.format(last)
  return told.includes('/') ? `${format.format(first)}–${end}` : told
}
/** 3月2日 09:05 / 2 Mar 09:05 */
export const shortTime = (when: When, zone?: string): string => `${shortDay(when, zone)} ${hhmm(when, zone)}`
/** 2026年3月2日 09:05 / 2 March 2026 09:05 */
export const longTime = (when: When, zone?: string): string => `${longDate(when, lang.value, zone)} ${hhmm(when, zone)}`
