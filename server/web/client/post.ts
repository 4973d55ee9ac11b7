/**
 * Asking the server over HTTP. No answer is ever guessed: it is the server's answer, its refusal, or "offline".
 *
 * A write carries a request_id. On a network failure it is sent again with the same id until `patience_s` is over, so
 * one deed is done once however often it was sent. With `keep` the request is stored before it is sent and stays stored
 * until `forgetRequest`: after a power cut `unfinished` hands it back and the same answer can be had again.
 */
import type { Both, Enrolled, Refused } from './contract'
import { forget, keep, kept } from './keep'

export type Answer<T> =
  | { ok: true; status: number; body: T }
  | { ok: false; status: number; refused: string; facts: Record<string, unknown>; text: Both | null }

export interface Kept {
  request_id: string
  path: string
  body: Record<string, unknown>
  at: number
}
export interface PostOptions {
  /** Name under which the request is remembered across a power cut. */
  keep?: string
  request_id?: string
  /** How long to go on trying while there is no network. */
  patience_s?: number
  method?: 'POST' | 'DELETE' | 'PUT' | 'PATCH'
  /** A question, not a deed: it carries no request_id. */
  bare?: boolean
  /** Speak as this device instead of as the one of this address. */
  key?: string
  /** Called before each try but the first. */
  onRetry?: (tries: number) => void
}

export const OFFLINE = 'offline'
const PAUSES_MS = [400, 800, 1500, 3000]
const TRY_MS = 8000
let csrf = ''

export function setCsrf(token: string): void {
  csrf = token
}
export function getCsrf(): string {
  return csrf
}

/** 36 characters; crypto.randomUUID is missing on old kiosks and on plain http. */
export function newRequestId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[6] = (bytes[6]! & 0x0f) | 0x40
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

// ---------------------------------------------------------------- device key
const keyName = () => 'wucha:key:' + location.pathname.replace(/\/$/, '')
export const deviceKey = (): string | null => kept<string>(keyName())
export const dropDeviceKey = (): void => forget(keyName())

/** Trade a one-time code for this device's key and remember it. */
export async function enrol(code: string): Promise<Answer<Enrolled>> {
  const answer = await ask<Enrolled>('POST', '/api/enrol', { code: code.trim().toUpperCase() })
  if (answer.ok) keep(keyName(), answer.body.key)
  return answer
}

// ---------------------------------------------------------------- requests
const wait = (ms: number) => new Promise<void>((done) => setTimeout(done, ms))

async function ask<T>(method: string, path: string, body?: object, as?: string): Promise<Answer<T>> {
  const headers: Record<string, string> = { Accept: 'application/json' }
  const key = as || deviceKey()
  if (key) headers.Authorization = 'Bearer ' + key
  if (csrf) headers['X-Wucha-CSRF'] = csrf
  if (body) headers['Content-Type'] = 'application/json'
  const control = typeof AbortController === 'undefined' ? null : new AbortController()
  const timer = setTimeout(() => control && control.abort(), TRY_MS)
  try {
    const reply = await fetch(path, {
      method, headers, credentials: 'same-origin', cache: method === 'GET' ? 'no-cache' : 'no-store',
      body: body ? JSON.stringify(body) : undefined, signal: control ? control.signal : undefined,
    })
    const found = reply.status === 204 ? null : await reply.json().catch(() => null)
    if (reply.ok) return { ok: true, status: reply.status, body: found as T }
    const no = found as Refused | null
    if (no && typeof no.refused === 'string') {
      return { ok: false, status: reply.status, refused: no.refused, facts: no.facts || {}, text: no.text || null }
    }
    return { ok: false, status: reply.status, refused: 'server-error', facts: {}, text: null }
  } catch {
    return { ok: false, status: 0, refused: OFFLINE, facts: {}, text: null }
  } finally {
    clearTimeout(timer)
  }
}

/** True when nobody who decides has answered: the network, a proxy, or a server just starting. */
const undecided = (answer: Answer<unknown>) =>
  !answer.ok && (answer.status === 0 || (answer.status >= 502 && answer.status <= 504 && answer.refused === 'server-error'))

/** As this device, or with another `key`. */
export function get<T>(path: string, key?: string): Promise<Answer<T>> {
  return ask<T>('GET', path, undefined, key)
}

/** A whole file as the body; it goes once, for the same file may be put again without harm. */
export async function putFile<T>(path: string, file: Blob, type: string): Promise<Answer<T>> {
  const headers: Record<string, string> = { Accept: 'application/json', 'Content-Type': type }
  if (csrf) headers['X-Wucha-CSRF'] = csrf
  try {
    const reply = await fetch(path, { method: 'PUT', headers, credentials: 'same-origin', cache: 'no-store', body: file })
    const found = await reply.json().catch(() => null)
    if (reply.ok) return { ok: true, status: reply.status, body: found as T }
    const no = found as Refused | null
    return { ok: false, status: reply.status, refused: (no && no.refused) || 'server-error', facts: (no && no.facts) || {}, text: (no && no.text) || null }
  } catch {
    return { ok: false, status: 0, refused: OFFLINE, facts: {}, text: null }
  }
}

export async function post<T>(path: string, body: object = {}, options: PostOptions = {}): Promise<Answer<T>> {
  const request_id = options.request_id || newRequestId()
  const whole = options.bare ? body : { ...body, request_id }
  if (options.keep) keep('wucha:sent:' + options.keep, { request_id, path, body: { ...body }, at: Date.now() } as Kept)
  const until = Date.now() + (options.patience_s === undefined ? 12 : options.patience_s) * 1000
  for (let tries = 1; ; tries++) {
    const answer = await ask<T>(options.method || 'POST', path, whole, options.key)
    if (!undecided(answer)) return answer
    const pause = PAUSES_MS[Math.min(tries, PAUSES_MS.length) - 1]!
    if (Date.now() + pause > until) return { ok: false, status: 0, refused: OFFLINE, facts: {}, text: null }
    await wait(pause)
    if (options.onRetry) options.onRetry(tries)
  }
}

/** The kept request that may have been cut off, unless it is older than `max_age_s`. */
export function unfinished(name: string, max_age_s: number): Kept | null {
  const found = kept<Kept>('wucha:sent:' + name)
  if (!found) return null
  if (Date.now() - found.at <= max_age_s * 1000) return found
  forgetRequest(name)
  return null
}
export const forgetRequest = (name: string): void => forget('wucha:sent:' + name)
