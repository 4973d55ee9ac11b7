/**
 * The live line of a face to the server: one picture, kept equal by snapshot + changes (apply.ts), healing by itself.
 *
 * connect -> snapshot -> changes ...; a gap or a pulse that stays ahead for 300 ms -> `resync`.
 * A line that says nothing for 30 s is cut and built anew, whatever the sockets believe.
 */
import { io } from 'socket.io-client'
import { applyChanges, applySnapshot, behind, type Applied, type Picture } from './apply'
import { correct } from './clock'
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
const RETRY_MS = 2000

export function connect(namespace: string, options: LinkOptions): Link {
  let picture: Picture | null = null
  let pulse: Pulse | null = null
  let heard = Date.now()
  let closed = false
  let ever = false
  let again: ReturnType<typeof setTimeout> | undefined
  const socket = io(namespace, {
    path: '/socket.io', transports: ['websocket'], auth: (give) => give(options.auth()),
    reconnectionDelay: 500, reconnectionDelayMax: 4000, timeout: 8000, autoConnect: false,
  })

  const resync = () => {
    if (socket.connected) socket.emit('resync')
  }
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
  const tryAgain = (ms: number) => {
    clearTimeout(again)
    if (!closed) again = setTimeout(() => socket.connect(), ms)
  }

  /** A network through which no websocket has ever come: poll, and try the websocket from there. Fetched only now, for nearly nobody needs it. */
  const polling = () => import('./polling').then(() => (socket.io.opts.transports = ['polling', 'websocket']), () => undefined)

  socket.on('snapshot', (message: Snapshot) => {
    alive(message.at)
    take(applySnapshot(picture, message))
    options.onPhase('live')
  })
  socket.on('changes', (message: Changes) => {
    alive(message.at)
    take(applyChanges(picture, message))
  })
  // What a machine beside this face says: no part of the picture, told once.
  socket.on('beside', (event: HallEvent) => options.onEvent(event))
  socket.on('pulse', (message: Pulse) => {
    alive(message.at)
    pulse = message
    if (behind(picture, message)) {
      setTimeout(() => pulse === message && behind(picture, message) && resync(), PULSE_PATIENCE_MS)
    }
  })
  socket.on('connect', () => {
    ever = true
    heard = Date.now()
  })
  socket.on('disconnect', (reason) => {
    if (closed) return
    options.onPhase('offline')
    if (reason === 'io server disconnect' || reason === 'io client disconnect') tryAgain(1000)
  })
  socket.on('connect_error', (error) => {
    if (closed) return
    if (error.message === 'unknown-device' || error.message === 'session-needed') {
      options.onPhase(error.message)
      return
    }
    options.onPhase('offline')
    if (!ever) void polling()
    if (!socket.active) tryAgain(RETRY_MS)
  })
  const watch = setInterval(() => {
    if (socket.connected && Date.now() - heard > SILENCE_MS) socket.disconnect()
  }, 5000)

  const reconnect = () => {
    clearTimeout(again)
    socket.disconnect()
    tryAgain(0)
  }
  const stopProbe = options.probes ? probe(() => socket.connected, reconnect) : () => undefined

  socket.connect()
  return {
    resync,
    reconnect,
    send: (name, body) =>
      new Promise((done) => {
        if (!socket.connected) return done(false)
        socket.timeout(5000).emit(name, body, (error: unknown, answer?: { ok?: boolean }) => done(!error && !!answer && answer.ok === true))
      }),
    close: () => {
      closed = true
      clearTimeout(again)
      clearInterval(watch)
      stopProbe()
      socket.disconnect()
    },
  }
}
