/**
 * 大字版的语音提示: what is said on each page, and the number sign by sign, in the language that was chosen. One prompt at a time; a new
 * page or another language silences the old one. The clips are the hall's recordings or its speech (config/voice/<lang>-kiosk.toml);
 * a language without them stays quiet.
 */
import { onUnmounted, watch, type Ref } from 'vue'
import { hush, playFile } from '@client/sound'
import { lang } from '@client/text'
import type { Kiosk, Step } from './flow'

/** The clips for a page, in order. Pure. */
export function spoken(at: Step): string[] {
  if (at.step === 'home' || at.step === 'guide' || at.step === 'check_in' || at.step === 'mine' || at.step === 'refused') return [at.step]
  return at.step === 'number' ? ['number', ...at.taken.ticket.number.split('').filter((c) => /[A-Z0-9]/.test(c)), 'listen'] : []
}

/** Where those clips are in this language. Pure. */
export const prompts = (at: Step, speaking: string): string[] => spoken(at).map((clip) => `/api/voices/kiosk/${speaking}/${clip}.wav`)

/** Speak while large type is on. What cannot begin here is not said at all. */
export function usePrompts(kiosk: Ref<Kiosk>): void {
  let turn = 0
  async function say(clips: string[]) {
    const mine = ++turn
    hush()
    for (const clip of clips) {
      if (mine !== turn) return
      const how = await playFile(clip)
      if (how === 'blocked' || (how === 'failed' && clip === clips[0])) return
    }
  }
  watch(() => (kiosk.value.look.elder ? prompts(kiosk.value.at, lang.value).join(' ') : ''), (clips) => void say(clips ? clips.split(' ') : []))
  onUnmounted(() => void say([]))
}
