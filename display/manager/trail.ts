/** A line of the audit chain in words. What has none is shown as it is written. */
import { has, t } from '@client/text'

/** "ticket.take" -> "取号" */
export const did = (act: string): string => (has('manager.did.' + act) ? t('manager.did.' + act) : act)

/** "window:W01" -> "窗口 W01" */
export function thing(about: string): string {
  const colon = about.indexOf(':')
  const kind = 'manager.thing.' + about.slice(0, colon)
  return colon > 0 && has(kind) ? `${t(kind)} ${about.slice(colon + 1)}` : about
}
