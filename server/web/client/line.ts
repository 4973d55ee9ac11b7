/**
 * A live line: one namespace of Socket.IO, built anew whenever it breaks, until it is stopped.
 *
 * It goes over a websocket. Where none has ever come through, long polling is tried beside it (polling.ts, fetched only then, for nearly
 * nobody needs it); a websocket that opens after all takes over, at that moment or with any later try.
 */
import { event, join, PONG, read, type Word } from './wire'

/** One way to carry texts both ways. `lost` is called at most once, and never after `end`. */
export interface Way {
  say: (text: string) => void
  end: () => void
}
export type Open = (heard: (text: string) => void, lost: () => void) => Way

export interface Ears {
  /** Asked anew for every connection. */
  auth: () => object
  joined: () => void
  event: (name: string, body: unknown) => void
  /** There is no line, or no longer; it is being built anew. */
  lost: () => void
  /** The server wants nothing to do with us. True: so be it, until `renew`. */
  refused: (why: string) => boolean
}
export interface Line {
  joined: () => boolean
  /** Nothing is kept for later: without a line this does nothing. */
  say: (name: string) => void
  /** Say it and wait for the answer; undefined when none came. */
  ask: (name: string, body: object) => Promise<unknown>
  /** Begin anew, now. */
  renew: () => void
  /** Begin anew after the usual pause. */
  lose: () => void
  stop: () => void
}

const OPEN_MS = 8000
const ANSWER_MS = 5000
const PAUSE_MS = 500
const LONGEST_PAUSE_MS = 4000

const websocket: Open = (heard, lost) => {
  const socket = new WebSocket(location.origin.replace('http', 'ws') + '/socket.io/?EIO=4&transport=websocket')
  socket.onmessage = (message) => heard(String(message.data))
  socket.onclose = lost
  return {
    say: (text) => socket.send(text),
    end: () => {
      socket.onmessage = socket.onclose = null
      socket.close()
    },
  }
}

export function line(namespace: string, ears: Ears): Line {
  const opens = [websocket]
  let ways: Way[] = []
  let way: Way | null = null // the one that is spoken over
  let joined = false
  let ever = false
  let stopped = false
  let early: Word[] = []
  let tries = 0
  let asked = 0
  let patience_ms = OPEN_MS
  let timer: ReturnType<typeof setTimeout> | undefined // the end of the patience with this line, or of the pause before the next
  const answers: Record<number, (body?: unknown) => void> = {}

  function drop() {
    clearTimeout(timer)
    for (const one of ways) one.end()
    ways = []
    way = null
    joined = false
    early = []
    for (const id of Object.keys(answers)) answers[+id]!()
  }
  function lose() {
    drop()
    if (!stopped) ears.lost()
    if (stopped) return // before, or by who heard it
    if (!ever && opens.length < 2) void import('./polling').then((found) => opens.push(found.polling), () => undefined)
    timer = setTimeout(begin, Math.min(LONGEST_PAUSE_MS, PAUSE_MS * 2 ** tries++) * (0.5 + Math.random() / 2))
  }
  const wait = () => {
    clearTimeout(timer)
    timer = setTimeout(lose, patience_ms)
  }
  function begin() {
    drop()
    if (stopped) return // whoever asked the server meanwhile learns that it is there
    patience_ms = OPEN_MS
    wait()
    for (const open of opens) {
      try {
        const one: Way = open(
          (text) => hear(one, read(text)),
          () => {
            ways = ways.filter((other) => other !== one)
            if (one === way || !ways.length) lose()
          },
        )
        ways.push(one)
      } catch {
        // This way is closed to us by the browser's policy.
      }
    }
    if (!ways.length) lose()
  }
  function hear(from: Way, word: Word | null) {
    if (word && word.is === 'open') {
      if (from !== ways[0] && way) return from.end()
      if (way) way.end()
      way = from
      joined = false
      patience_ms = word.patience_ms
      from.say(join(namespace, ears.auth()))
    }
    if (from !== way) return
    wait()
    if (!word) return
    if (word.is === 'ping') from.say(PONG)
    else if (word.is === 'left') lose()
    else if (word.is === 'refused') {
      drop()
      if (!ears.refused(word.why)) lose()
    } else if (word.is === 'joined') {
      joined = ever = true
      tries = 0
      ears.joined()
      for (const one of early.splice(0)) hear(from, one)
    } else if (word.is === 'event') {
      if (joined) ears.event(word.name, word.body)
      else early.push(word) // the first picture is on its way before the welcome
    } else if (word.is === 'answer' && answers[word.to]) answers[word.to]!(word.body)
  }

  const cut = () => way && lose()
  addEventListener('offline', cut)
  begin()
  return {
    joined: () => joined,
    say: (name) => {
      if (joined) way!.say(event(namespace, name))
    },
    ask: (name, body) =>
      new Promise((done) => {
        if (!joined) return done(undefined)
        const id = asked++
        const late = setTimeout(() => answers[id]!(), ANSWER_MS)
        answers[id] = (answer) => {
          clearTimeout(late)
          delete answers[id]
          done(answer)
        }
        way!.say(event(namespace, name, body, id))
      }),
    renew: begin,
    lose,
    stop: () => {
      stopped = true
      removeEventListener('offline', cut)
      drop()
    },
  }
}
