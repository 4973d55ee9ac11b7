/** Who is signed in at this browser. The cookie is the server's; the faces only keep the CSRF token of the page's life. */
import type { Me, Session } from './contract'
import { get, post, setCsrf, type Answer } from './post'

export interface Credentials {
  staff: string
  password: string
  new_password?: string
}

/** The person signed in, null when nobody is; undefined when the server does not answer. */
export async function whoami(): Promise<Me | null | undefined> {
  const answer = await get<Session>('/api/session')
  if (answer.ok) {
    setCsrf(answer.body.csrf)
    return answer.body.me
  }
  return answer.status === 401 ? null : undefined
}
export async function signIn(who: Credentials): Promise<Answer<Session>> {
  const answer = await post<Session>('/api/session', who, { patience_s: 4 })
  if (answer.ok) setCsrf(answer.body.csrf)
  return answer
}
export async function signOut(): Promise<Answer<unknown>> {
  const answer = await post('/api/session', {}, { method: 'DELETE', patience_s: 4 })
  if (answer.ok) setCsrf('')
  return answer
}
