// The hall's own voice as the manager sees it. Pure.

export interface Clip {
  id: string
  says: string
  recorded: boolean
  seconds: number | null
}
export interface Language {
  id: string
  title: string
  sentence: string[]
  calls: boolean // numbers are called in it; else one voice of the house: a cry for help, a kiosk's prompts
  clips: Clip[]
  recorded: number
  trouble: string
}
export interface Voices {
  languages: Language[]
  spoken: string[]
  repeat: number
  zones: { id: string; boards: string[]; languages: string[] }[]
}
/** Words first, then digits, then letters: the order in which somebody records them. */
export function inOrder(clips: Clip[]): Clip[] {
  const rank = (id: string) => (/^[A-Z]$/.test(id) ? 2 : /^\d+$/.test(id) ? 1 : 0)
  return [...clips].sort((a, b) => rank(a.id) - rank(b.id) || (rank(a.id) === 1 ? Number(a.id) - Number(b.id) : a.id.localeCompare(b.id)))
}
/** What a phrase file speaks, for who reads its words aloud: "en" for en and en-kiosk. */
export const tongueOf = (id: string): string => id.split('-')[0]!
/** What a kiosk says in large type: sentences by themselves, each used as soon as it is recorded. */
export const isPrompts = (id: string): boolean => /-kiosk$/.test(id)
/** Is the hall heard itself in this language? Only when every clip is there: two voices in one sentence are worse than one. */
export const isWhole = (language: Language): boolean => language.clips.length > 0 && language.recorded === language.clips.length
/** "A012" and "3", or null: what a trial can say. */
export function trialPath(number: string, window: string, langs: string[]): string | null {
  const [n, w] = [number.trim().toUpperCase(), window.trim().toUpperCase()]
  if (!/^[A-Z]{0,2}\d{1,4}$/.test(n) || !/^[A-Z]?\d{1,3}$/.test(w) || !langs.length) return null
  return `/api/voices/trial.wav?number=${n}&window=${w}&langs=${langs.join(',')}`
}
