/**
 * 离线取号: the device host on the kiosk's own machine, which holds numbers for the time the server is away.
 *
 * Where it is and its key come from the server while that is there (`/api/offline`) and are kept. Once the line has been
 * down for CUT_S it is asked every two seconds what it can give; the moment the line is up again it is forgotten.
 *
 * A browser that started at the host's own address while the server was away has its page from there (`doorKey`): then the
 * host is all there is, until it says that the server answers.
 */
import { onUnmounted, shallowReactive, watch } from 'vue'
import type { OfflineHost, Slip, Taken } from '@client/contract'
import { doorKey, faceId } from '@client/face'
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
  take: (request_id: string, wish: Wish) => Promise<Answer<Taken>>
  slip: (link: string) => Promise<Answer<{ slip: Slip }>>
  reprint: (link: string) => Promise<Answer<{ slip: Slip }>>
  /** Is there such a host at all? */
  known: () => boolean
  /** Where this page should go as soon as nobody uses it: to the server that is back, or to the host whom it may not ask from here. */
  elsewhere: string
}
/** The browser was started at the host's address, so that it may be sent there again. */
const FROM_DOOR = /[?&]door=1\b/.test(location.search)
/** Looks at a host that cannot be asked from the server's page (Chrome lets no page on plain http ask its own machine). */
const PATIENT = 4
interface Wish {
  service: string
  lang: string
  priority: string | null
  further: string[]
}
interface Status {
  services: string[]
  why: string | null
  facts: Record<string, unknown>
  /** The server answers the host. */
  server: boolean
}

/** line: how the line to the server is; cut when it is down, '' while nobody can say. */
export function useSpare(line: () => 'live' | 'cut' | ''): Spare {
  const cut = () => line() === 'cut'
  const here = '/' + encodeURIComponent(faceId())
  let host: OfflineHost | null = doorKey() ? { url: here, key: doorKey() } : kept<OfflineHost>(KEEP)
  let since = 0
  let unheard = 0
  const spare = shallowReactive<Spare>({
    on: !!doorKey(), services: [], why: doorKey() ? 'starting' : null, facts: {}, elsewhere: '',
    known: () => !!host && host.url !== null,
    take: (request_id, wish) => post<Taken>(at('/numbers'), wish, { request_id, key: host!.key, patience_s: 5 }),
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
      since = unheard = 0
      spare.on = false
      spare.elsewhere = ''
      return
    }
    since = since || Date.now()
    const answer = await get<Status>(at(''), host.key)
    if (answer.ok) Object.assign(spare, { services: answer.body.services, why: answer.body.why, facts: answer.body.facts })
    if (doorKey()) {
      if (!answer.ok) Object.assign(spare, { services: [], why: 'offline', facts: {} })
      spare.elsewhere = answer.ok && answer.body.server ? location.pathname : ''
      return
    }
    // What the host says while the server comes back is no longer wanted.
    spare.on = answer.ok && cut() && Date.now() - since >= (CUT_S - 1) * 1000
    unheard = !answer.ok && answer.status === 0 ? unheard + 1 : 0
    spare.elsewhere = FROM_DOOR && unheard >= PATIENT ? host.url.slice(0, -here.length) + '/touch' + here : ''
  }
  watch(line, (is) => {
    if (is === 'cut') return void look()
    spare.on = false
    spare.elsewhere = ''
    since = 0
    learnt = false
    if (is === 'live') void learn()
  }, { immediate: true })
  const timer = setInterval(() => void (line() === 'live' && !learnt ? learn() : look()), EVERY_MS)
  onUnmounted(() => clearInterval(timer))
  return spare
}
