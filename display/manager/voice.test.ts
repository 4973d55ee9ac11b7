import { describe, expect, it } from 'vitest'
import { inOrder, isPrompts, isWhole, type Language, tongueOf, trialPath } from './voice'

const clip = (id: string, recorded = false) => ({ id, says: id, recorded, seconds: null })
describe('the hall’s own voice', () => {
  it('lists words, digits, letters', () => {
    expect(inOrder(['B', '10', 'please', '2', 'A'].map((id) => clip(id))).map((c) => c.id)).toEqual(['please', '2', '10', 'A', 'B'])
  })
  it('is used only when it is whole', () => {
    const language = (recorded: number): Language => ({ id: 'zh', title: '普通话', sentence: [], calls: true, clips: [clip('a'), clip('b')], recorded, trouble: '' })
    expect(isWhole(language(1))).toBe(false)
    expect(isWhole(language(2))).toBe(true)
  })
  it('knows what language a phrase file speaks', () => {
    expect(['zh', 'yue', 'zh-help', 'ko-kiosk'].map(tongueOf)).toEqual(['zh', 'yue', 'zh', 'ko'])
    expect(['zh', 'zh-help', 'ko-kiosk'].map(isPrompts)).toEqual([false, false, true])
  })
  it('tries what can be said and nothing else', () => {
    expect(trialPath(' a012', '3', ['zh', 'yue'])).toBe('/api/voices/trial.wav?number=A012&window=3&langs=zh,yue')
    expect(trialPath('A012', '3', [])).toBeNull()
    expect(trialPath('A0&12', '3', ['zh'])).toBeNull()
    expect(trialPath('A012', '../3', ['zh'])).toBeNull()
  })
})
