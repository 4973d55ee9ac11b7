/**
 * Is the server there again? Asked every two seconds while the line is down: a line that is being built by itself may have
 * begun its next pause, or hang in a network that swallows everything. A cut of half an hour ends within five seconds (F36).
 */
export const PROBE_MS = 2000
/** A line that was just begun is left alone for so long. */
const PATIENCE_MS = 3000

/** Look until the answer is called. connected: is the line up? back: the server answers, and the line is not up yet. */
export function probe(connected: () => boolean, back: () => void): () => void {
  let begun = 0
  let asking = false
  async function look() {
    if (connected() || asking || Date.now() - begun < PATIENCE_MS) return
    asking = true
    const control = typeof AbortController === 'undefined' ? null : new AbortController()
    const timer = setTimeout(() => control && control.abort(), PROBE_MS - 100)
    try {
      const reply = await fetch('/healthz', { cache: 'no-store', signal: control ? control.signal : undefined })
      if (reply.ok && !connected()) {
        begun = Date.now()
        back()
      }
    } catch {
      // Still away: the next look tells.
    } finally {
      clearTimeout(timer)
      asking = false
    }
  }
  const timer = setInterval(look, PROBE_MS)
  return () => clearInterval(timer)
}
