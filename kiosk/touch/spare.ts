/**
 * 离线取号: the device host on the kiosk's own machine, which holds numbers for the time the server is away.
 *
 * Where it is and its key come from the server while that is there (`/api/offline`) and are kept. Once the line has been
 * down for CUT_S it is asked every two seconds what it can give; the moment the line is up again it is forgotten.
 */
import { onUnmounted, shallowReactive, watch } from 'vue'
import type { OfflineHost, Slip, Taken } from '@client/contract'
import { keep, kept } from '@client/keep'
import { get, post, type Answer } from '@client/post'

/** A server that only starts anew is back sooner. */
export const CUT_S = 6
const EVERY_MS = 2000
const KEEP = 'wucha:offline'

export interface Spare {
  /** The server is away, and the host beside us has answered. */
  on: boolean
  /** What it can give a number for. */
  services: string[]
  /** Why it gives none, as a code, with the facts of its sentence. */
  why: string | null
  facts: Record<string, unknown>
  take: (request_id: string, service: string, lang: string) => Promise<Answer<Taken>>
  slip: (link: string) => Promise<Answer<{ slip: Slip }>>
  reprint: (link: string) => Promise<Answer<{ slip: Slip }>>
  /** Is there such a host at all? */
  known: () => boolean
}

/** line: how the line to the server is; cut when it is down, '' while nobody can say. */
export function useSpare(line: () => 'live' | 'cut' | ''): Spare {
  const cut = () => line() === 'cut'
  let host = kept<OfflineHost>(KEEP)
  let since = 0
  const spare = shallowReactive<Spare>({
    on: false, services: [], why: null, facts: {},
    known: () => !!host && host.url !== null,
    take: (request_id, service, lang) => post<Taken>(at('/numbers'), { service, lang }, { request_id, key: host!.key, patience_s: 5 }),
    slip: (link) => get<{ slip: Slip }>(at('/numbers/' + link), host!.key),
    reprint: (link) => post<{ slip: Slip }>(at('/numbers/' + link + '/reprint'), {}, { key: host!.key, bare: true, patience_s: 0 }),
  })
  const at = (path: string) => host!.url + path

  let learnt = false // from this server, since the line is up
  async function learn() {
    const answer = await get<OfflineHost>('/api/offline')
    if (!answer.ok) return
    learnt = true
    host = answer.body
    keep(KEEP, host)
  }
  async function look() {
    if (!cut() || !host || !host.url) {
      since = 0
      spare.on = false
      return
    }
    since = since || Date.now()
    const answer = await get<{ services: string[]; why: string | null; facts: Record<string, unknown> }>(at(''), host.key)
    // What the host says while the server comes back is no longer wanted.
    spare.on = answer.ok && cut() && Date.now() - since >= (CUT_S - 1) * 1000
    if (answer.ok) Object.assign(spare, { services: answer.body.services, why: answer.body.why, facts: answer.body.facts })
  }
  watch(line, (is) => {
    if (is === 'cut') return
    spare.on = false
    since = 0
    learnt = false
    if (is === 'live') void learn()
  }, { immediate: true })
  const timer = setInterval(() => void (line() === 'live' && !learnt ? learn() : look()), EVERY_MS)
  onUnmounted(() => clearInterval(timer))
  return spare
}
