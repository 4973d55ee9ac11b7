/**
 * 大字版的语音提示: what is said on each page, and the number digit by digit. One prompt at a time; a new page silences the old
 * one. The clips are the hall's recordings or its speech (config/voice/zh-kiosk.toml); without either it stays quiet.
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

/** Speak while large type is on and the words are Chinese, which is what the clips are. */
export function usePrompts(kiosk: Ref<Kiosk>): void {
  let turn = 0
  async function say(clips: string[]) {
    const mine = ++turn
    hush()
    for (const clip of clips) {
      if (mine !== turn || (await playFile(`/api/voices/kiosk/${clip}.wav`)) === 'blocked') return
    }
  }
  watch(() => {
    const { at, look } = kiosk.value
    return look.elder && lang.value === 'zh' ? spoken(at).join(' ') : ''
  }, (clips) => void say(clips ? clips.split(' ') : []))
  onUnmounted(() => void say([]))
}
