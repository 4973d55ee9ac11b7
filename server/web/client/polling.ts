/** Long polling, for a network that lets no websocket through. Packets of one answer are parted by a byte 1e. */
import type { Open } from './line'
import { CLOSE, read } from './wire'

export const polling: Open = (heard, lost) => {
  let sid = ''
  let over = false
  let last: Promise<unknown> = Promise.resolve()
  let asked = 0
  // A network that swallows everything leaves each question hanging, and a browser has six lines to a server.
  const control = typeof AbortController === 'undefined' ? null : new AbortController()
  const ask = async (body?: string): Promise<string> => {
    const path = `/socket.io/?EIO=4&transport=polling&t=${Date.now().toString(36)}.${asked++}${sid && '&sid=' + sid}`
    const signal = control && body !== CLOSE ? control.signal : undefined
    const reply = await fetch(path, body === undefined ? { cache: 'no-store', signal } : { method: 'POST', headers: { 'Content-Type': 'text/plain;charset=UTF-8' }, body, signal })
    if (!reply.ok) throw new Error(String(reply.status))
    return reply.text()
  }
  const broken = () => {
    if (over) return
    over = true
    lost()
  }
  function pull() {
    if (!over) ask().then(take).catch(broken)
  }
  function take(answer: string) {
    for (const text of answer.split('\x1e')) {
      if (over) return
      const word = read(text)
      if (word && word.is === 'open') sid = word.sid
      setTimeout(() => over || heard(text)) // a face that stumbles over a message does not break the line
    }
    pull()
  }
  pull()
  return {
    // One after the other: what is said keeps its order.
    say: (text) => void (last = last.then(() => (over ? '' : ask(text))).catch(broken)),
    end: () => {
      if (over) return
      over = true
      if (control) control.abort()
      if (sid) void ask(CLOSE).catch(() => undefined)
    },
  }
}
