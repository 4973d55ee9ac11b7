/** How long one waits, in words. Pure but for the texts. */
import type { Estimate } from './contract'
import { t } from './text'

/** "12-18 min", "about to be called" or that nobody can know; a rough figure says so. Empty when nothing was said. */
export function waitText(estimate: Estimate | null | undefined): string {
  if (!estimate) return ''
  if (estimate.state === 'soon') return t('wait.soon')
  if (estimate.state === 'unknown') return t('wait.unknown')
  return t(estimate.rough ? 'wait.rough' : 'wait.range', { low: estimate.low, high: estimate.high })
}

/** The same where there is little room: "12-18". */
export function waitShort(estimate: Estimate | null | undefined): string {
  if (!estimate || estimate.state === 'unknown') return t('wait.short_unknown')
  return estimate.state === 'soon' ? t('wait.short_soon') : t('wait.short', { low: estimate.low, high: estimate.high })
}
