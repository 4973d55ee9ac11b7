/** Playing the hall's sound files. They need this device's key, so they are fetched first and played from memory. */
import { deviceKey } from './post'

export type Played = 'played' | 'blocked' | 'failed'

const PATIENCE_MS = 30000
let now: HTMLAudioElement | null = null
let hushed = 0 // how often: what was still on its way then shall not begin afterwards

/** Resolves when the sound has ended. blocked: this browser wants a touch before it makes any noise. */
export async function playFile(path: string, percent = 100): Promise<Played> {
  let url = ''
  const mine = hushed
  try {
    const key = deviceKey()
    const reply = await fetch(path, { headers: key ? { Authorization: 'Bearer ' + key } : {}, credentials: 'same-origin' })
    if (!reply.ok) return 'failed'
    const sound = await reply.blob()
    if (mine !== hushed) return 'played'
    url = URL.createObjectURL(sound)
    return await play(url, percent)
  } catch {
    return 'failed'
  } finally {
    if (url) URL.revokeObjectURL(url)
  }
}

/** Stop what sounds now, or is about to; whoever waits for its end is told that it has played. */
export function hush(): void {
  hushed++
  if (!now) return
  now.pause()
  now.dispatchEvent(new Event('ended'))
}

/** True when this browser lets us make noise now. Call it again inside a touch. */
export async function mayPlay(): Promise<boolean> {
  const url = URL.createObjectURL(silence())
  const played = await play(url)
  URL.revokeObjectURL(url)
  return played !== 'blocked'
}

function play(url: string, percent = 100): Promise<Played> {
  return new Promise((done) => {
    const audio = (now = new Audio(url))
    audio.volume = Math.max(0, Math.min(1, percent / 100))
    const end = (how: Played) => {
      clearTimeout(timer)
      if (now === audio) now = null
      done(how)
    }
    const timer = setTimeout(() => {
      audio.pause()
      end('failed')
    }, PATIENCE_MS)
    audio.onended = () => end('played')
    audio.onerror = () => end('failed')
    const started = audio.play() as Promise<void> | undefined
    if (started) started.catch((error: { name?: string }) => end(error && error.name === 'NotAllowedError' ? 'blocked' : 'failed'))
  })
}

/** 20 ms of nothing, 8 kHz, 8 bit mono. */
function silence(): Blob {
  const samples = 160
  const bytes = new Uint8Array(44 + samples).fill(128)
  const view = new DataView(bytes.buffer)
  const word = (at: number, text: string) => [...text].forEach((c, i) => (bytes[at + i] = c.charCodeAt(0)))
  word(0, 'RIFF')
  view.setUint32(4, 36 + samples, true)
  word(8, 'WAVEfmt ')
  view.setUint32(16, 16, true)
  view.setUint16(20, 1, true)
  view.setUint16(22, 1, true)
  view.setUint32(24, 8000, true)
  view.setUint32(28, 8000, true)
  view.setUint16(32, 1, true)
  view.setUint16(34, 8, true)
  word(36, 'data')
  view.setUint32(40, samples, true)
  return new Blob([bytes], { type: 'audio/wav' })
}
