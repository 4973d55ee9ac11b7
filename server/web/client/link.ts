/**
 * The live line of a face to the server: one picture, kept equal by snapshot + changes (apply.ts), healing by itself.
 *
 * connect -> snapshot -> changes ...; a gap or a pulse that stays ahead for 300 ms -> `resync`.
 * A line that says nothing for 30 s is cut and built anew, whatever the sockets believe.
 */
import { applyChanges, applySnapshot, behind, type Applied, type Picture } from './apply'
import { correct } from './clock'
import { line } from './line'
import { probe } from './probe'
import type { Changes, HallEvent, Pulse, Snapshot } from './contract'

export * from './post'

export type Phase = 'connecting' | 'live' | 'offline' | 'unknown-device' | 'session-needed'
export interface LinkOptions {
  /** Asked anew for every connection. */
  auth: () => Record<string, unknown>
  onPicture: (picture: Picture) => void
  onEvent: (event: HallEvent) => void
  onPhase: (phase: Phase) => void
  /** Any message at all: the line is alive. */
  onHeard: () => void
  /** Ask every two seconds whether the server is there again, and do not wait for the line's own patience (F36). */
  probes?: boolean
}
export interface Link {
  resync: () => void
  reconnect: () => void
  /** Say something on this line; false when nobody acknowledges it. */
  send: (name: string, body: object) => Promise<boolean>
  close: () => void
}

const PULSE_PATIENCE_MS = 300
const SILENCE_MS = 30000

export function connect(namespace: string, options: LinkOptions): Link {
  let picture: Picture | null = null
  let pulse: Pulse | null = null
  let heard = Date.now()
  let unwanted = false // refused for good: only who enrols or signs in comes again
  const hear: Record<string, (message: never) => void> = {
    snapshot: (message: Snapshot) => {
      alive(message.at)
      take(applySnapshot(picture, message))
      options.onPhase('live')
    },
    changes: (message: Changes) => {
      alive(message.at)
      take(applyChanges(picture, message))
    },
    pulse: (message: Pulse) => {
      alive(message.at)
      pulse = message
      if (behind(picture, message)) {
        setTimeout(() => pulse === message && behind(picture, message) && resync(), PULSE_PATIENCE_MS)
      }
    },
    // What a machine beside this face says: no part of the picture, told once.
    beside: (event: HallEvent) => options.onEvent(event),
  }
  const own = line(namespace, {
    auth: options.auth,
    joined: () => (heard = Date.now()),
    event: (name, body) => hear[name] && hear[name]!(body as never),
    lost: () => options.onPhase('offline'),
    refused: (why) => {
      const known = why === 'unknown-device' || why === 'session-needed'
      unwanted = known
      if (known) options.onPhase(why)
      return known
    },
  })

  const resync = () => own.say('resync')
  const alive = (at: string) => {
    heard = Date.now()
    correct(at)
    options.onHeard()
  }
  const take = (applied: Applied) => {
    if (applied.picture) picture = applied.picture
    if (applied.verdict === 'missed') resync()
    if (applied.verdict !== 'taken' || !picture) return
    options.onPicture(picture)
    for (const event of applied.events) options.onEvent(event)
  }
  const watch = setInterval(() => {
    if (own.joined() && Date.now() - heard > SILENCE_MS) own.lose()
  }, 5000)
  const stopProbe = options.probes ? probe(() => own.joined() || unwanted, own.renew) : () => undefined

  return {
    resync,
    reconnect: () => {
      unwanted = false
      own.renew()
    },
    send: async (name, body) => ((await own.ask(name, body)) as { ok?: boolean } | undefined)?.ok === true,
    close: () => {
      clearInterval(watch)
      stopProbe()
      own.stop()
    },
  }
}
