import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { themeName, themeTongue } from './facts'
import { lang, loadText } from './text'

const WORDS: Record<string, Record<string, string>> = {
  zh: { 'touch.home': '首页' }, en: { 'theme.户籍证件': 'ID and household' }, ko: { 'theme.户籍证件': '호적' }, ru: { 'language.instead': 'en' },
}
beforeEach(async () => {
  vi.stubGlobal('location', { pathname: '/touch/K1' })
  vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => {}, removeItem: () => {} })
  vi.stubGlobal('fetch', async (path: string) => ({ ok: true, status: 200, json: async () => WORDS[/text\/(\w+)\.json/.exec(path)![1]!] }))
  await loadText(Object.keys(WORDS))
})
afterEach(() => vi.unstubAllGlobals())

describe('a theme', () => {
  const usual = { name: '户籍证件' }, own = { name: '婚姻登记', name_en: 'Marriage' }, renamed = { name: '户籍证件', name_en: 'Identity' }, bare = { name: '婚姻登记', name_en: '' }
  it.each([
    ['zh', ['户籍证件', '婚姻登记', '户籍证件', '婚姻登记'], [undefined, undefined, undefined, undefined]],
    ['en', ['ID and household', 'Marriage', 'Identity', '婚姻登记'], [undefined, undefined, undefined, 'zh-CN']],
    ['ko', ['호적', '婚姻登记', '호적', '婚姻登记'], [undefined, 'zh-CN', undefined, 'zh-CN']],
    ['ru', ['户籍证件', 'Marriage', 'Identity', '婚姻登记'], ['zh-CN', 'en', 'en', 'zh-CN']],
  ])('is named in %s as the hall says, else as its text file does, and says in what language', (one, names, tongues) => {
    lang.value = one
    expect([usual, own, renamed, bare].map(themeName)).toEqual(names)
    expect([usual, own, renamed, bare].map(themeTongue)).toEqual(tongues)
  })
})
