// "What if": the question a manager puts together and the answer in words. Pure: no clock, no DOM, no socket.

export type Kind = 'open' | 'close' | 'move' | 'share'
export const KINDS: Kind[] = ['open', 'close', 'move', 'share']
export interface Form {
  kind: Kind
  window: string
  service: string
  queue: string
  minutes: number // how long the change lasts; 0 = it stays
  share: number // of who joins, so many in a hundred come by appointment
}
export interface Effect {
  before: number
  after: number
  difference: { mean: number; low: number; high: number }
}
export interface WhatIf {
  basis: 'learned' | 'file' | 'none' // where it is known from who comes
  paths: number
  usual_share: number // of who comes on an ordinary day, by appointment
  booked_share: number // of who is expected within two hours, has booked today
  people: number
  waiting: Effect | null // mean wait of those waiting now, minutes
  joining: Effect | null // of who joins within two hours
  over: Effect | null // share over the promised limit
}
export const LASTS = [0, 30, 60, 120]
export const SHARES = [0, 10, 20, 30, 40, 50, 60]
export const start: Form = { kind: 'open', window: '', service: '', queue: '', minutes: 60, share: 40 }

/** Windows that can be opened or closed now. */
export function choices(kind: Kind, windows: { id: string; number: string; state: string }[]): { id: string; number: string }[] {
  const wanted = windows.filter((w) => (kind === 'open' ? w.state !== 'open' : w.state === 'open'))
  return wanted.sort((a, b) => a.number.localeCompare(b.number, 'en', { numeric: true }))
}

/** The request's body, null while something is missing. `now`: ms. */
export function question(form: Form, now: number): { change: Record<string, string | number> } | null {
  if (form.kind === 'share') return { change: { kind: 'share', share: form.share / 100 } }
  if (form.kind === 'move') {
    return form.service && form.queue ? { change: { kind: 'move', service: form.service, queue: form.queue } } : null
  }
  if (!form.window) return null
  const until: Record<string, string> = form.minutes ? { until: new Date(now + form.minutes * 60_000).toISOString() } : {}
  return { change: { kind: form.kind, window: form.window, ...until } }
}

export interface Line {
  key: 'waiting' | 'joining' | 'over'
  before: string
  after: string
  low: string
  high: string
  tone: 'good' | 'bad' | 'plain'
}
/** What to show: better or worse only where nine futures in ten agree. */
export function lines(answer: WhatIf): Line[] {
  const found: Line[] = []
  for (const key of ['waiting', 'joining', 'over'] as const) {
    const effect = answer[key]
    if (!effect) continue
    const say = (value: number) => (key === 'over' ? `${Math.round(value * 100)} %` : value.toFixed(1))
    const signed = (value: number) => (value > 0 ? '+' : '') + say(value).replace('-', '−')
    const { low, high } = effect.difference
    const tone = high < 0 ? 'good' : low > 0 ? 'bad' : 'plain'
    found.push({ key, before: say(effect.before), after: say(effect.after), low: signed(low), high: signed(high), tone })
  }
  return found
}
