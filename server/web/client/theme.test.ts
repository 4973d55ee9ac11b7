/** The tokens keep WCAG 2.2 AA: 4.5:1 for words, 3:1 for the edges of controls, in every theme. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const css = readFileSync('server/web/client/theme.css', 'utf-8')
function tokens(selector: string): Record<string, string> {
  const block = css.slice(css.indexOf(selector + ' {')).split('}')[0]!
  const found: Record<string, string> = {}
  for (const [, name, value] of block.matchAll(/--([\w-]+): (#[0-9a-f]{3,6});/g)) found[name!] = value!
  return found
}
function light(hex: string): number {
  const full = hex.length === 4 ? hex.replace(/[0-9a-f]/g, '$&$&') : hex
  const [r, g, b] = [1, 3, 5].map((at) => {
    const c = parseInt(full.slice(at, at + 2), 16) / 255
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!
}
const contrast = (a: string, b: string) => {
  const [high, low] = [light(a), light(b)].sort((x, y) => y - x)
  return (high! + 0.05) / (low! + 0.05)
}

const WORDS: [string, string[]][] = [
  ['text', ['ground', 'surface', 'sunken', 'primary-soft', 'accent-soft']], ['text-2', ['ground', 'surface', 'sunken']], ['text-3', ['ground', 'surface']],
  ['primary', ['ground', 'surface', 'sunken', 'primary-soft']], ['primary-strong', ['primary-soft']], ['on-primary', ['primary']], ['on-ink', ['ink']], ['on-ink-2', ['ink']],
  ['on-accent', ['accent']], ['accent-strong', ['ground', 'surface', 'accent-soft']], ['accent', ['ink']], ['good', ['good-soft', 'surface']], ['warn', ['warn-soft', 'surface']],
  ['bad', ['bad-soft', 'surface', 'ground']],
]
const EDGES: [string, string[]][] = [['edge-strong', ['ground', 'surface']], ['focus', ['ground', 'surface']]]
const base = tokens(':root')

it('the phone page, which no script may dress, has the same dark', () => {
  const rules = (text: string) => [...text.matchAll(/--[\w-]+: [^;]+;/g)].map(([one]) => one)
  const own = readFileSync('kiosk/ticket/ticket.css', 'utf-8').split('prefers-color-scheme: dark')[1]!.split('}')[0]!
  expect(rules(own)).toEqual(rules(css.split('[data-theme="dark"] {')[1]!.split('}')[0]!))
})

it('the pages that need no build write every script with the same fonts', () => {
  const fonts = (text: string) => [...text.matchAll(/(--font(?:-chinese)?: [^;]+;)|(:root:lang[^{]+)/g)].map(([one]) => one)
  expect(fonts(css).length).toBe(8)
  expect(fonts(readFileSync('server/web/static/plain.css', 'utf-8'))).toEqual(fonts(css))
})

describe.each([['light', base], ['dark', { ...base, ...tokens('[data-theme="dark"]') }], ['contrast', { ...base, ...tokens('[data-theme="contrast"]') }]])('%s', (_, theme) => {
  it.each([...WORDS.map(([a, on]) => [a, on, 4.5] as const), ...EDGES.map(([a, on]) => [a, on, 3] as const)])('%s on %s is at least %d:1', (name, grounds, least) => {
    for (const ground of grounds) {
      expect(contrast(theme[name]!, theme[ground]!), `${name} on ${ground}`).toBeGreaterThanOrEqual(least)
    }
  })
})
