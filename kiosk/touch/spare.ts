/**
 * 离线取号: the device host on the kiosk's own machine, which holds numbers for the time the server is away.
 *
 * Where it is and its key come from the server while that is there (`/api/offline`) and are kept. Once the line has been
 * down for CUT_S it is asked every two seconds what it can give; the moment the line is up again it is forgotten.
 *
 * A browser that started at the host's own address while the server was away has its page from there (`doorKey`): then the
 * host is all there is, until it says that the server answers.
 */
import { onScopeDispose, shallowReactive, watch } from 'vue'
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
/**
 * The browser was started at the host's address, which is on this port, so that it may be sent there again: also by a page
 * whose server went before it could say where the host is.
 */
const DOOR = (/[?&]door=(\d{2,5})\b/.exec(location.search) || [])[1]
/** For so long the host could not be asked from the server's page (Chrome lets no page on plain http ask its own machine). */
const DEAF_MS = 8000
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
  let deaf = 0 // since when the host does not answer
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
    if (!cut() || (host ? !host.url : !DOOR)) {
      since = deaf = 0
      spare.on = false
      spare.elsewhere = ''
      return
    }
    since = since || Date.now()
    const answer = host && (await get<Status>(at(''), host.key))
    // What the host says while the server comes back is no longer wanted.
    if (!cut()) return
    const heard = answer && answer.ok ? answer.body : null
    if (heard) Object.assign(spare, { services: heard.services, why: heard.why, facts: heard.facts })
    if (doorKey()) {
      if (!heard) Object.assign(spare, { services: [], why: 'offline', facts: {} })
      spare.elsewhere = heard && heard.server ? location.pathname : ''
      return
    }
    spare.on = !!heard && Date.now() - since >= (CUT_S - 1) * 1000
    deaf = heard ? 0 : deaf || Date.now()
    spare.elsewhere = DOOR && deaf && Date.now() - deaf >= DEAF_MS ? (host ? host.url!.slice(0, -here.length) : 'http://127.0.0.1:' + DOOR) + '/touch' + here : ''
  }
  watch(line, (is) => {
    if (is === 'cut') return void look()
    spare.on = false
    spare.elsewhere = ''
    since = deaf = 0
    learnt = false
    if (is === 'live') void learn()
  }, { immediate: true })
  const timer = setInterval(() => void (line() === 'live' && !learnt ? learn() : look()), EVERY_MS)
  onScopeDispose(() => clearInterval(timer))
  return spare
}
