/**
 * Kiosks, pads and boards run browsers from Chrome 64 on. Vite lowers the syntax; what it cannot lower must not be used:
 * newer functions of the language, and CSS that an old browser drops without a word.
 */
import { readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const ROOMS = ['kiosk', 'display/hall', 'display/window', 'server/web/client']
const NEW_SCRIPT = /\.(at|flat|flatMap|replaceAll|matchAll|replaceChildren|toggleAttribute|findLast|toSorted|toReversed)\(|Object\.fromEntries|Promise\.(allSettled|any)|structuredClone|randomUUID\(|globalThis|queueMicrotask/
const NEW_STYLE = /[^-]\b(clamp|min|max)\(|(?<!m(?:ax|in)-)aspect-ratio\s*:|\binset\s*:|:is\(|:where\(|:has\(|\d[dsl]vh|backdrop-filter|place-(items|content)|accent-color|gradient\([^;]*\) [\d.]+%? [\d.]+%/

function files(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    if (statSync(path).isDirectory()) return files(path)
    return /\.(ts|vue|css)$/.test(name) && !/\.test\.ts$/.test(name) ? [path] : []
  })
}
const split = (path: string) => {
  const text = readFileSync(path, 'utf-8').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
  if (path.endsWith('.css')) return { script: '', style: text }
  const styles = text.match(/<style[\s\S]*?<\/style>/g) || []
  return { script: text.replace(/<style[\s\S]*?<\/style>/g, ''), style: styles.join('\n') }
}
/** Rules that ask a flex box for a gap: Chrome 64 knows gaps in grids only, and there as grid-gap. */
const flexGaps = (style: string) => (style.match(/[^{}]*\{[^{}]*\}/g) || []).filter((rule) => /[{;\s]gap\s*:/.test(rule))

describe.each(ROOMS.flatMap(files))('%s', (path) => {
  const { script, style } = split(path)
  it('stays within Chrome 64', () => {
    expect(script.match(NEW_SCRIPT), 'script').toBe(null)
    expect(style.match(NEW_STYLE), 'style').toBe(null)
    expect(flexGaps(style), 'use grid-gap in a grid, margins in a flex row').toEqual([])
  })
})
