/** The facts of a service in words. Pure but for the texts. */
import type { Limit, Service } from './contract'
import { has, lang, named, t, tongue } from './text'

export function feeText(service: Service): string {
  if (service.fee_yuan === 0) return t('touch.fee_none')
  return service.fee_yuan === null ? t('touch.fee_unknown') : t('touch.fee', { n: service.fee_yuan })
}
/** Empty when it would only repeat "no fee". */
export const feeBasis = (service: Service): string =>
  service.fee_yuan === 0 || !service.fee_basis ? '' : t('touch.fee_basis', { basis: named({ name: service.fee_basis, name_en: service.fee_basis_en }) })
export function limitText(limit: Limit | null): string {
  if (!limit) return t('touch.limit_unknown')
  return limit.unit === 'immediate' || limit.n === 0 ? t('touch.limit_immediate') : t('touch.limit_' + limit.unit + (limit.n === 1 ? '_1' : ''), { n: limit.n })
}
export function legalText(service: Service): string {
  const { legal_limit: legal, promised_limit: promised } = service
  if (!legal || !legal.n || (promised && promised.n === legal.n && promised.unit === legal.unit)) return ''
  return t('touch.limit_legal', { limit: limitText(legal) })
}
export const visitsText = (service: Service): string =>
  service.visits === 0 ? t('touch.visits_none') : t('touch.visits', { n: service.visits })
export const formText = (form: string): string => (has('touch.form.' + form) ? t('touch.form.' + form) : form)
/** 1、2、3 / 1, 2, 3 */
export const listed = (numbers: string[]): string => numbers.join(lang.value === 'zh' ? '、' : ', ')
/** More than two lines of a card; a Chinese character is as wide as two letters. */
export const isLong = (name: string): boolean => name.replace(/[^\x00-\xff]/g, 'xx').length > 44
type Theme = { name: string; name_en?: string }
const translated = (theme: Theme): boolean => lang.value !== 'zh' && !(lang.value === 'en' && theme.name_en) && has('theme.' + theme.name)
/** A theme is known by its Chinese name: English is what the hall calls it, and what text files say of the usual ones. */
export const themeName = (theme: Theme): string => (translated(theme) ? t('theme.' + theme.name) : named(theme))
export const themeTongue = (theme: Theme): string | undefined => (translated(theme) ? undefined : tongue(theme.name_en))
/** A priority class: the hall names it in Chinese, the text file may translate it by its id. */
export const className = (one: { id: string; name: string; name_en?: string }): string =>
  lang.value !== 'zh' && has('priority.' + one.id) ? t('priority.' + one.id) : named(one)
