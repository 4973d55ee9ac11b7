// The first start: code and password go out, everybody's one-time password comes back and can be printed.
import { ask, why } from './ask.js'

const form = document.getElementById('setup')

if (form) {
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    void send(form)
  })
  document.getElementById('print').addEventListener('click', () => window.print())
}

async function send(form) {
  const field = (name) => form.elements.namedItem(name)
  const trouble = document.getElementById('trouble')
  const button = form.querySelector('button')
  if (field('password').value !== field('again').value) {
    trouble.textContent = form.dataset.differ
    field('again').focus()
    return
  }
  button.disabled = true
  trouble.textContent = form.dataset.busy
  const answer = await ask('POST', '/api/setup', { code: field('code').value, password: field('password').value })
  button.disabled = false
  if (!answer.ok) {
    trouble.textContent = why(answer, form.dataset.failed)
    return
  }
  form.reset()
  form.hidden = true
  show(answer.body.staff)
}

function show(staff) {
  const rows = document.getElementById('staff')
  for (const person of staff) {
    const row = rows.insertRow()
    for (const text of [person.name, person.id, person.title, person.window || '', person.once_password]) {
      row.insertCell().textContent = text
    }
    row.lastElementChild.className = 'once'
  }
  const done = document.getElementById('done')
  done.hidden = false
  done.querySelector('h1').focus()
  // until it is printed or written down, leaving the page loses it
  window.addEventListener('beforeunload', keep)
  document.getElementById('print').addEventListener('click', () => window.removeEventListener('beforeunload', keep))
}

function keep(event) {
  event.preventDefault()
}
