/** The facts of a service in words. Pure but for the texts. */
import type { Limit, Service } from './contract'
import { has, lang, named, t } from './text'

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
/** A theme is known by its Chinese name; other languages translate it in their text file. */
export const themeName = (theme: { name: string; name_en?: string }): string =>
  lang.value !== 'zh' && has('theme.' + theme.name) ? t('theme.' + theme.name) : named(theme)
/** A priority class: the hall names it in Chinese, the text file may translate it by its id. */
export const className = (one: { id: string; name: string; name_en?: string }): string =>
  lang.value !== 'zh' && has('priority.' + one.id) ? t('priority.' + one.id) : named(one)
