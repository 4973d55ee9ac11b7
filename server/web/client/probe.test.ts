import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { PROBE_MS, probe } from './probe'

let there: 'away' | 'there' | 'hanging' | 'ill' = 'away'
let asked = 0
beforeEach(() => {
  vi.useFakeTimers({ now: 1000000 })
  asked = 0
  vi.stubGlobal('fetch', (path: string, { signal }: { signal: AbortSignal }) => {
    asked++
    expect(path).toBe('/healthz')
    if (there === 'hanging') return new Promise((_, no) => signal.addEventListener('abort', () => no(new Error('aborted'))))
    return there === 'away' ? Promise.reject(new TypeError('network')) : Promise.resolve({ ok: there === 'there' })
  })
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

describe('F36 while the server is away', () => {
  it.each(['away', 'hanging'] as const)('it is asked every two seconds (%s), and found within five after thirty minutes', async (how) => {
    let up = true
    const back: number[] = []
    const stop = probe(() => up, () => back.push(Date.now()))
    there = how
    await vi.advanceTimersByTimeAsync(60000)
    expect(asked).toBe(0) // the line is up: nobody asks
    up = false
    await vi.advanceTimersByTimeAsync(30 * 60000)
    expect(asked).toBeGreaterThanOrEqual(how === 'away' ? 899 : 890)
    expect(back).toEqual([])
    there = 'there'
    const since = Date.now()
    await vi.advanceTimersByTimeAsync(5000)
    expect(back[0]! - since).toBeLessThanOrEqual(2 * PROBE_MS)
    stop()
  })
  it('a server that answers with an error is not back, and one that is back is not called twice at once', async () => {
    let calls = 0
    const stop = probe(() => false, () => calls++)
    there = 'ill'
    await vi.advanceTimersByTimeAsync(10000)
    expect(calls).toBe(0)
    there = 'there'
    await vi.advanceTimersByTimeAsync(PROBE_MS)
    expect(calls).toBe(1)
    await vi.advanceTimersByTimeAsync(PROBE_MS)
    expect(calls).toBe(1)
    await vi.advanceTimersByTimeAsync(2 * PROBE_MS)
    expect(calls).toBe(2)
    stop()
    await vi.advanceTimersByTimeAsync(60000)
    expect(calls).toBe(2)
  })
})
