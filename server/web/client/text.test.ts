import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

const WORDS: Record<string, Record<string, string>> = { zh: { 'pad.ask': '请评价' }, en: { 'pad.ask': 'How was it?' } }
let answering: string[]
let { goHome, lang, loadOthers, loadText, setHome, setLang, t } = await import('./text')

beforeEach(async () => {
  answering = ['zh', 'en']
  vi.stubGlobal('document', { documentElement: { lang: '' } })
  vi.stubGlobal('location', { pathname: '/hall/B1' })
  vi.stubGlobal('fetch', async (path: string) => {
    const one = /text\/(\w+)\.json/.exec(path)![1]!
    if (!answering.includes(one)) throw new TypeError('no network')
    return { ok: true, status: 200, json: async () => WORDS[one] }
  })
  vi.resetModules()
  ;({ goHome, lang, loadOthers, loadText, setHome, setLang, t } = await import('./text')) // no word has come yet
})
afterEach(() => vi.unstubAllGlobals())

describe('the language of a face', () => {
  it('that did not come at the start is fetched when it is wanted', async () => {
    answering = ['zh']
    expect(await loadText(['zh'])).toBe(true)
    setLang('en')
    expect(t('pad.ask')).toBe('请评价')
    answering = ['zh', 'en']
    setLang('en')
    await vi.waitFor(() => expect(t('pad.ask')).toBe('How was it?'))
  })
  it('that will be wanted comes beforehand, and is kept for days without a network', async () => {
    setHome('zh')
    await loadOthers()
    answering = []
    setLang('en')
    expect(t('pad.ask')).toBe('How was it?')
    expect(await loadText()).toBe(true)
    expect(t('pad.ask')).toBe('How was it?')
  })
  it('begins anew as its address asks, not in Chinese', async () => {
    await loadText()
    setHome('en')
    setLang('zh') // whoever set it up chose Chinese
    goHome()
    expect(lang.value).toBe('en')
    expect(document.documentElement.lang).toBe('en')
  })
})

describe('dates in a sentence', () => {
  it('are written as people of the language write them, a time may follow; what is no date stays', async () => {
    const { fill, setLang } = await import('./text')
    const all = (fact: unknown) => [fill('{it}', { it: fact }), (setLang('en'), fill('{it}', { it: fact })), (setLang('zh'), '')].slice(0, 2)
    expect(all('2026-03-02')).toEqual(['2026年3月2日', '2 March 2026'])
    expect(all('2026-11-22 09:05')).toEqual(['2026年11月22日 09:05', '22 November 2026 09:05'])
    expect(all('2028-02-29')).toEqual(['2028年2月29日', '29 February 2028'])
    for (const other of ['2026-13-02', '2026-02-31', '2026-02-29', '2026-04-31', '2026-00-02', 'A2026-03-02', '2026-03-02T09:05', 7, null]) expect(all(other)).toEqual([String(other), String(other)])
  })
})
