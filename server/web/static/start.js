// The start page: who is signed in, and one-time links that make a browser a device of the hall.
import { ask, lang, why } from './ask.js'

const words = document.getElementById('words').dataset
const signIn = document.getElementById('sign-in')
const signedIn = document.getElementById('signed-in')
const other = document.getElementById('other')
const MAY_ENROL = ['admin', 'manager'] // the server decides; this only hides buttons
let csrf = ''

if (signIn) {
  void look()
  signIn.addEventListener('submit', (event) => {
    event.preventDefault()
    void enter()
  })
  signedIn.addEventListener('submit', (event) => {
    event.preventDefault()
    void leave()
  })
}
for (const button of document.querySelectorAll('.enrol')) {
  button.addEventListener('click', () => void make(button, button.dataset.place, button.closest('li').querySelector('.made')))
}
other.addEventListener('submit', (event) => {
  event.preventDefault()
  void make(event.submitter, document.getElementById('other-place').value, other.querySelector('.made'))
})

async function look() {
  const answer = await ask('GET', '/api/session')
  show(answer.ok ? answer.body : null)
}

function show(session) {
  csrf = session ? session.csrf : ''
  const may = session !== null && MAY_ENROL.includes(session.me.role)
  signIn.hidden = session !== null
  signedIn.hidden = session === null
  other.hidden = !may
  document.getElementById('may').hidden = !may
  for (const button of document.querySelectorAll('.enrol')) button.hidden = !may
  for (const made of document.querySelectorAll('.made')) if (!may) made.textContent = ''
  if (session) document.getElementById('who').textContent = words.name.replace('{name}', session.me.name)
}

async function enter() {
  const value = (id) => document.getElementById(id).value
  const change = document.getElementById('change')
  const trouble = signIn.querySelector('.trouble')
  const body = { staff: value('staff').trim().toUpperCase(), password: value('password') }
  if (!change.hidden) body.new_password = value('new-password')
  trouble.textContent = ''
  const answer = await ask('POST', '/api/session', body)
  if (answer.ok) {
    signIn.reset()
    change.hidden = true
    show(answer.body)
    return
  }
  if (answer.body && answer.body.refused === 'password-change-needed') {
    change.hidden = false
    document.getElementById('new-password').focus()
  }
  trouble.textContent = why(answer, words.failed)
}

async function leave() {
  await ask('DELETE', '/api/session', null, csrf)
  await look()
}

async function make(button, place, made) {
  button.disabled = true
  const { kind, field } = button.dataset
  const answer = await ask('POST', '/api/enrolments', { kind, [field]: place }, csrf)
  button.disabled = false
  made.textContent = ''
  if (!answer.ok) {
    made.textContent = why(answer, words.failed)
    if (answer.status === 401) await look()
    return
  }
  const { code, url, expires_at } = answer.body
  const link = document.createElement('a')
  link.href = url
  link.target = '_blank'
  link.rel = 'noopener'
  link.textContent = words.open
  const shown = document.createElement('code')
  shown.textContent = code
  const time = new Date(expires_at).toLocaleTimeString(lang === 'zh' ? 'zh-CN' : 'en', { hour: '2-digit', minute: '2-digit' })
  made.append(words.code, shown, words.until.replace('{time}', time), ' ', link)
}
