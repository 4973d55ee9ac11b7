/**
 * What is said on a live line: Engine.IO 4 around Socket.IO 5, text alone, one namespace. Pure.
 *
 * 0{..} open  1 close  2 ping  3 pong  6 nothing  40 join  41 leave  42 event  43 answer  44 refused; a namespace stands before
 * a comma, a number before the body asks for an answer: 42/kiosk,7["want_card",{"wanted":true}] is answered by 43/kiosk,7[{"ok":true}].
 * Sources: https://socket.io/docs/v4/engine-io-protocol and https://socket.io/docs/v4/socket-io-protocol.
 */
export const PONG = '3'
export const CLOSE = '1'

export type Word =
  /** patience_ms: a line that says nothing for so long is dead. */
  | { is: 'open'; patience_ms: number; sid: string }
  | { is: 'ping' | 'joined' | 'left' }
  | { is: 'refused'; why: string }
  | { is: 'event'; name: string; body: unknown }
  | { is: 'answer'; to: number; body: unknown }

export const join = (namespace: string, auth: object): string => `40${namespace},${JSON.stringify(auth)}`
/** ask: the number under which an answer is wanted. */
export const event = (namespace: string, name: string, body?: object, ask: number | '' = ''): string => `42${namespace},${ask}${JSON.stringify(body ? [name, body] : [name])}`

/** What the server says, null when it is nothing that a face has to hear. */
export function read(text: string): Word | null {
  const [, kind, number, json] = /^(4?\d)(?:\/[^,]*,?)?(\d*)([^]*)$/.exec(text) || []
  try {
    const body = json ? JSON.parse(json) : null
    if (kind === '0') return { is: 'open', patience_ms: body.pingInterval + body.pingTimeout, sid: body.sid }
    if (kind === '2') return { is: 'ping' }
    if (kind === '40') return { is: 'joined' }
    if (kind === '42') return { is: 'event', name: body[0], body: body[1] }
    if (kind === '43') return { is: 'answer', to: +number!, body: body[0] }
    if (kind === '44') return { is: 'refused', why: body.message }
    if (kind === '41' || kind === CLOSE) return { is: 'left' }
  } catch {
    // Cut off or foreign: whoever misses what it said sees a gap and asks again.
  }
  return null
}
