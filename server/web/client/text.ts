/**
 * Every word a face shows comes from config/text through here.
 * A key that the chosen language lacks is shown in Chinese; a key that nobody has is shown as itself, so it is noticed.
 */
import { ref, shallowReactive } from 'vue'
import { longDate } from './clock'
import type { Both, Lang } from './contract'
import { keep, kept } from './keep'
import { get } from './post'

type Texts = Record<string, string>
const texts = shallowReactive<Record<Lang, Texts>>({ zh: {}, en: {} })
const of = (one: Lang): Texts => texts[one] || {}
export const lang = ref<Lang>('zh')

const known = (one: Lang) => Object.keys(of(one)).length > 0
const inUse = () => Object.keys(texts).filter((one) => one === 'zh' || known(one))

/** Fetch these languages, or again those that have come; without a network the last known texts are used. False when there are none at all. */
export async function loadText(languages: Lang[] = inUse()): Promise<boolean> {
  await Promise.all(
    languages.map(async (one) => {
      const answer = await get<Texts>(`/api/text/${one}.json`)
      if (answer.ok && answer.body) {
        texts[one] = answer.body
        keep('wucha:text:' + one, answer.body)
      } else if (!known(one)) {
        texts[one] = kept<Texts>('wucha:text:' + one) || {}
      }
    }),
  )
  return known('zh')
}
/** The languages that a face is about to want: a touch on "English" shall not wait for a network. */
export const loadOthers = (): Promise<boolean> => loadText(Object.keys(texts).filter((one) => !known(one)))

/** Speak this language. One that has not come yet is fetched; until it is here, all is Chinese. */
export function setLang(one: Lang): void {
  lang.value = one
  const name = () => (document.documentElement.lang = of(one)['language.html'] || (one === 'zh' ? 'zh-CN' : one))
  name()
  if (!known(one)) void loadText([one]).then(() => lang.value === one && name())
}

/** The language in which this face begins anew after each person: the hall's, or what its address or its layout says. */
let home: Lang = 'zh'
export function setHome(one: Lang): void {
  home = one
  setLang(one)
}
export const goHome = (): void => setLang(home)

/** 2026-03-02 among the facts of a sentence, as people of this language write it; a time may follow; 31 February is no date. As the server's words: server/text.py. */
const written = (fact: unknown): string =>
  String(fact).replace(/^\d{4}-\d\d-\d\d(?= \d\d:\d\d$|$)/, (day) => (JSON.stringify(new Date(day)).includes(day) ? longDate(day, lang.value, 'UTC') : day))
/** Put vars into {places}. */
export function fill(pattern: string, vars: Record<string, unknown> = {}): string {
  return pattern.replace(/\{(\w+)\}/g, (whole, name: string) => (name in vars ? written(vars[name]) : whole))
}

export function t(key: string, vars: Record<string, unknown> = {}): string {
  const own = of(lang.value)
  const pattern = key in own ? own[key] : of('zh')[key]
  return pattern === undefined ? key : fill(pattern, vars)
}
export const has = (key: string): boolean => key in of(lang.value) || key in of('zh')

/** Names are kept in two languages; a third has the one that stands in for it. */
const latin = (): boolean => lang.value === 'en' || of(lang.value)['language.instead'] === 'en'
/** {name, name_en} in the chosen language. */
export function named(thing: { name: string; name_en?: string | null } | null | undefined): string {
  if (!thing) return ''
  return latin() && thing.name_en ? thing.name_en : thing.name
}
/** The language of what `named` says of a thing with this English name, where it is not the page's: for who reads aloud. */
export const tongue = (english?: string | null): string | undefined =>
  lang.value === 'zh' ? undefined : !latin() || !english ? 'zh-CN' : lang.value === 'en' ? undefined : 'en'
/** The hall's slogan in the chosen language; empty when it has none. */
export const sloganOf = (hall: { slogan?: string; slogan_en?: string } | null): string => (hall ? named({ name: hall.slogan || '', name_en: hall.slogan_en }) : '')
/** {zh, en} in the chosen language. */
export function said(both: Both | { zh: string; en?: string } | null | undefined): string {
  if (!both) return ''
  return latin() && both.en ? both.en : both.zh
}

/** What to tell a person whose request was refused or got no answer. */
export function refusalText(no: { refused: string; text: Both | null; facts?: Record<string, unknown> }): string {
  const own = 'refused.' + no.refused
  if (no.text) return lang.value === 'zh' || lang.value === 'en' || !(own in of(lang.value)) ? said(no.text) : t(own, no.facts)
  return t(has('refused.' + no.refused) ? 'refused.' + no.refused : no.refused === 'offline' ? 'link.offline' : 'link.failed', no.facts || {})
}
