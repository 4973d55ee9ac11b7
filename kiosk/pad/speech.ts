/** Words said by the pad's own voice, where the machine has one. */
export const canSpeak = (): boolean => 'speechSynthesis' in window && window.speechSynthesis.getVoices().length > 0

canSpeak() // a browser looks for its voices when it is first asked: not only when somebody waits for them

/** The newest words are what is under the finger now: whatever was being said is cut short. */
export function speak(words: string, lang: string): void {
  if (!canSpeak()) return
  window.speechSynthesis.cancel()
  const said = new SpeechSynthesisUtterance(words)
  said.lang = lang === 'zh' ? 'zh-CN' : lang
  window.speechSynthesis.speak(said)
}
export const hush = (): void => {
  if ('speechSynthesis' in window) window.speechSynthesis.cancel()
}
