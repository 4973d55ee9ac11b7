/** Places and times in words. Pure but for the texts. */
import type { Hall } from '@client/contract'
import { secondsSince } from '@client/clock'
import { named, t } from '@client/text'

/** "3 号窗口", "取号机 K1", "B区" / "Area B", "大门口" */
export function placeText(place: string, hall: Pick<Hall, 'windows'>): string {
  const cut = place.indexOf(':')
  const [kind, name] = cut < 0 ? [place, ''] : [place.slice(0, cut), place.slice(cut + 1)]
  if (kind === 'kiosk') return t('guide.place.kiosk', { n: name })
  if (kind === 'zone') return named({ name, name_en: hall.windows.find((w) => w.zone === name)?.zone_en })
  if (kind === 'window') {
    const window = hall.windows.find((w) => w.id === name)
    return t('guide.place.window', { n: window ? window.number : name })
  }
  return t('guide.place.door')
}
/** "刚刚", "3 分钟" */
export function ago(at: string | null, now: number): string {
  const minutes = at ? Math.floor(secondsSince(at, now) / 60) : 0
  return minutes ? t('guide.minutes', { n: minutes }) : t('guide.just_now')
}
