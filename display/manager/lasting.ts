// How long something has lasted, for people who glance: from an hour on in hours and minutes, since 19:51:49 reads like a clock.
import { duration } from '@client/clock'
import { t } from '@client/text'

/** 4:05, then "3 h 07 min" in the words of the language. */
export function lasting(seconds: number): string {
  const minutes = Math.floor(Math.max(0, seconds) / 60)
  return minutes < 60 ? duration(seconds) : t('manager.hours', { h: Math.floor(minutes / 60), m: String(minutes % 60).padStart(2, '0') })
}
