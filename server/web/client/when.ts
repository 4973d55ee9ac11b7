/** Moments in the language of the page, as its people write them. */
import { hhmm, longDate, show, type When } from './clock'
import { lang } from './text'

/** 3月2日 / 2 Mar */
export const shortDay = (when: When, zone = 'Asia/Shanghai'): string => show(when, lang.value, zone, { month: 'short', day: 'numeric' })
/** 3月2日 09:05 / 2 Mar 09:05 */
export const shortTime = (when: When, zone?: string): string => `${shortDay(when, zone)} ${hhmm(when, zone)}`
/** 2026年3月2日 09:05 / 2 March 2026 09:05 */
export const longTime = (when: When, zone?: string): string => `${longDate(when, lang.value, zone)} ${hhmm(when, zone)}`
