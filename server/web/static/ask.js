// Asking the server from the pages that need no build. The words of a refusal come from the server.

export const lang = document.documentElement.lang.startsWith('zh') ? 'zh' : 'en'

/** {ok, status, body}; status 0 when the server cannot be reached. */
export async function ask(method, path, body, csrf) {
  const headers = { Accept: 'application/json' }
  if (body) headers['Content-Type'] = 'application/json'
  if (csrf) headers['X-Wucha-CSRF'] = csrf
  try {
    const reply = await fetch(path, { method, headers, credentials: 'same-origin', body: body ? JSON.stringify(body) : undefined })
    return { ok: reply.ok, status: reply.status, body: await reply.json() }
  } catch {
    return { ok: false, status: 0, body: null }
  }
}

/** The sentence of a refused answer. */
export function why(answer, offline) {
  const text = answer.body && answer.body.text
  return text ? text[lang] : offline
}
