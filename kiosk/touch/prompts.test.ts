import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { effectScope, nextTick, ref } from 'vue'
import { lang } from '@client/text'
import { start, type Kiosk, type Step } from './flow'
import { usePrompts } from './prompts'

const asked: string[] = []
const begun: string[] = []
let missing = (_path: string): boolean => false
let hold: Promise<void> | null = null

class Speaker extends EventTarget {
  volume = 1
  onended: (() => void) | null = null
  onerror: (() => void) | null = null
  constructor(private url: string) {
    super()
    this.addEventListener('ended', () => this.onended?.())
  }
  pause() {}
  async play() {
    begun.push(this.url)
    queueMicrotask(() => this.dispatchEvent(new Event('ended')))
  }
}

beforeEach(() => {
  asked.length = begun.length = 0
  missing = () => false
  hold = null
  vi.stubGlobal('location', { pathname: '/touch/K1' })
  vi.stubGlobal('document', { documentElement: { lang: '' } })
  vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => {}, removeItem: () => {} })
  vi.stubGlobal('Audio', Speaker)
  vi.stubGlobal('URL', { createObjectURL: (sound: string) => sound, revokeObjectURL: () => {} })
  vi.stubGlobal('fetch', async (path: string) => {
    asked.push(path.replace('/api/voices/kiosk/', '').replace('.wav', ''))
    if (hold) await hold
    return { ok: !missing(path), blob: async () => path.replace('/api/voices/kiosk/', '').replace('.wav', '') }
  })
  lang.value = 'zh'
})
afterEach(() => vi.unstubAllGlobals())

const NUMBER = { step: 'number', taken: { ticket: { number: 'E01' } }, slip: null, reprint: 'no', until: 0 } as unknown as Step
const settled = () => new Promise((done) => setTimeout(done))
async function standing(at: Step, elder = true) {
  const kiosk = ref<Kiosk>({ ...start(0), at: { step: 'all' } as Step })
  const scope = effectScope()
  vi.spyOn(console, 'warn').mockImplementation(() => {}) // onUnmounted outside of a component
  scope.run(() => usePrompts(kiosk))
  kiosk.value = { ...kiosk.value, at, look: { ...kiosk.value.look, elder } }
  await settled()
  return { kiosk, end: () => scope.stop() }
}

describe('prompts in the language of the glass', () => {
  it('says the page again when another language is chosen', async () => {
    const { end } = await standing({ step: 'home' })
    for (const one of ['en', 'ko']) {
      lang.value = one
      await settled()
    }
    expect(begun).toEqual(['zh/home', 'en/home', 'ko/home'])
    end()
  })
  it('reads the number sign by sign in that language', async () => {
    lang.value = 'en'
    const { end } = await standing(NUMBER)
    expect(begun).toEqual(['en/number', 'en/E', 'en/0', 'en/1', 'en/listen'])
    end()
  })
  it('is for large type alone', async () => {
    const { end } = await standing({ step: 'home' }, false)
    expect(asked).toEqual([])
    end()
  })
  it('stays quiet, after one look, in a language that has no prompts', async () => {
    missing = (path) => path.includes('/ru/')
    lang.value = 'ru'
    const { end } = await standing(NUMBER)
    expect([asked, begun]).toEqual([['ru/number'], []])
    end()
  })
  it('goes on where one sign is missing', async () => {
    missing = (path) => path.endsWith('/E.wav')
    const { end } = await standing(NUMBER)
    expect(begun).toEqual(['zh/number', 'zh/0', 'zh/1', 'zh/listen'])
    end()
  })
  it('never begins what was on its way when the language changed', async () => {
    let arrive = () => {}
    hold = new Promise((done) => (arrive = done))
    const { end } = await standing({ step: 'home' })
    lang.value = 'en'
    await nextTick()
    arrive()
    await settled()
    expect([asked, begun]).toEqual([['zh/home', 'en/home'], ['en/home']])
    end()
  })
})
