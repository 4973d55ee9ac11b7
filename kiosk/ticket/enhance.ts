/**
 * Keeps the phone page fresh. The server draws the page; this asks /api/my/<link> with its ETag and, when something has
 * changed, fetches the drawn page and puts its <main> in place. Without it the page reloads itself (noscript refresh).
 */
import type { MyTicket } from '@client/contract'
import { post } from '@client/post'
import { alarm, changed, mayRedraw, pollAfter } from './flow'

const FAILS_SHOWN = 2
const byId = (id: string) => document.getElementById(id)
const page = byId('ticket')!
const link = page.dataset.link!
const lang = page.dataset.lang!

let mine: MyTicket | null = null
let etag = ''
let fails = 0
let timer: ReturnType<typeof setTimeout> | undefined
let flashing: ReturnType<typeof setInterval> | undefined
let sound: AudioContext | null = null
const Audio = window.AudioContext || (window as { webkitAudioContext?: typeof AudioContext }).webkitAudioContext
let awake: WakeLockSentinel | null = null
let touched = false // a phone shakes only for a page that has been touched

// ---------------------------------------------------------------- asking
async function ask(): Promise<void> {
  clearTimeout(timer)
  try {
    const reply = await fetch('/api/my/' + link, { cache: 'no-store', headers: etag ? { 'If-None-Match': etag } : {} })
    if (reply.status !== 304 && !reply.ok) throw new Error(String(reply.status))
    fails = 0
    if (reply.status !== 304) {
      const now = (await reply.json()) as MyTicket
      etag = reply.headers.get('ETag') || ''
      await take(now)
    }
  } catch {
    fails += 1
  }
  byId('offline')!.hidden = fails < FAILS_SHOWN
  const after = mine ? pollAfter(mine) : 10
  if (after !== null) timer = setTimeout(ask, after * 1000)
}

async function take(now: MyTicket): Promise<void> {
  const before = mine
  const first = before === null
  mine = now
  const what = alarm(before, now)
  const redraw = first ? now.ticket.state !== page.dataset.state : changed(before, now)
  if (redraw && mayRedraw(before, now, filling())) await draw()
  if (what === 'called') callOwner()
  else if (now.ticket.state !== 'called') stopFlash()
  if (what === 'near') {
    shake([200])
    chime()
    notify()
  }
}

const filling = () => !!document.querySelector('#rate input:checked') || document.activeElement === byId('words') || Array.from(document.querySelectorAll<HTMLInputElement>('#digits, .complain textarea, .complain .line')).some((one) => !!one.value)

async function draw(): Promise<void> {
  const reply = await fetch(location.pathname + '?lang=' + lang, { cache: 'no-store' })
  if (!reply.ok) throw new Error(String(reply.status))
  const drawn = new DOMParser().parseFromString(await reply.text(), 'text/html')
  const fresh = drawn.getElementById('ticket')
  if (!fresh) return
  const folds = Array.from(page.querySelectorAll<HTMLDetailsElement>('details'))
  page.innerHTML = fresh.innerHTML
  for (const fold of folds) {
    const again = fold.className && page.querySelector<HTMLDetailsElement>('details.' + fold.className.replace(/ /g, '.'))
    if (again && again.dataset.news === fold.dataset.news) again.open = fold.open
  }
  page.className = fresh.className
  page.dataset.state = fresh.dataset.state
  page.dataset.title = fresh.dataset.title
  document.title = fresh.dataset.title || document.title
  dress()
}

// ---------------------------------------------------------------- calling the owner
function shake(pattern: number[]): void {
  if (touched && 'vibrate' in navigator) navigator.vibrate(pattern)
}
function chime(): void {
  if (!sound) return
  if (sound.state === 'suspended') void sound.resume() // some phones silence a page that was out of sight
  const start = sound.currentTime
  ;[880, 660, 880].forEach((pitch, n) => {
    const tone = sound!.createOscillator()
    const loud = sound!.createGain()
    tone.frequency.value = pitch
    loud.gain.setValueAtTime(0.0001, start + n * 0.28)
    loud.gain.exponentialRampToValueAtTime(0.5, start + n * 0.28 + 0.03)
    loud.gain.exponentialRampToValueAtTime(0.0001, start + n * 0.28 + 0.26)
    tone.connect(loud)
    loud.connect(sound!.destination)
    tone.start(start + n * 0.28)
    tone.stop(start + n * 0.28 + 0.28)
  })
}
/** A phone whose screen goes dark stops this page, and nobody would be called: while the alert is on it stays lit. */
function stayAwake(on: boolean): void {
  if (awake) void awake.release()
  awake = null
  if (on && 'wakeLock' in navigator) navigator.wakeLock.request('screen').then((lock) => (sound ? (awake = lock) : void lock.release()), () => (awake = null))
}
function stopFlash(): void {
  clearInterval(flashing)
  flashing = undefined
  document.title = page.dataset.title || document.title
}
/** Where the phone has notices and its owner allowed them: one notice, for a page that is out of sight. */
function notify(): void {
  if (!sound || !document.hidden || !('Notification' in window) || Notification.permission !== 'granted') return
  const words = document.querySelector('.now .words')
  try {
    const notice = new Notification(document.title, { body: (words && words.textContent) || '', tag: link })
    notice.onclick = () => {
      window.focus()
      notice.close()
    }
  } catch (no) {
    if (!(no instanceof TypeError)) throw no // phones that give notices to installed pages only say so like this
  }
}
function callOwner(): void {
  notify()
  shake([400, 150, 400, 150, 400])
  chime()
  stopFlash()
  let on = false
  flashing = setInterval(() => {
    on = !on
    document.title = (on ? '● ' : '○ ') + (page.dataset.title || '')
  }, 900)
}

// ---------------------------------------------------------------- hands
/** Wire the controls of a freshly drawn page. */
function dress(): void {
  const bell = byId('alarm')
  if (bell && Audio) {
    bell.hidden = false
    const show = () => {
      bell.setAttribute('aria-pressed', String(!!sound))
      bell.textContent = (sound ? bell.dataset.on : bell.dataset.off)!
    }
    bell.onclick = () => {
      if (sound) {
        void sound.close()
        sound = null
        stayAwake(false)
      } else {
        stayAwake(true)
        sound = new Audio() // only a touch may open the sound of a phone
        chime()
        shake([150])
        if ('Notification' in window && Notification.permission === 'default') void Notification.requestPermission()
      }
      show()
    }
    show()
  }
  const cancel = byId('cancel') as HTMLFormElement | null
  if (cancel) cancel.onsubmit = (event) => void deed(event, cancel, 'cancel', {}, byId('cancel-trouble')!)
  const arrive = byId('arrive') as HTMLFormElement | null
  if (arrive) {
    arrive.onsubmit = (event) => void deed(event, arrive, 'arrive', { code: String(new FormData(arrive).get('code') || '').trim() }, byId('arrive-trouble')!)
  }
  const later = byId('postpone') as HTMLFormElement | null
  if (later) {
    for (const button of Array.from(later.querySelectorAll('button'))) {
      button.onclick = (event) => void deed(event, later, 'postpone', { by: button.value }, byId('postpone-trouble')!)
    }
  }
  const complain = byId('complain') as HTMLFormElement | null
  if (complain) {
    complain.onsubmit = (event) => void deed(event, complain, 'complain', said(complain), byId('complain-trouble')!)
  }
  for (const again of Array.from(document.querySelectorAll<HTMLFormElement>('.review'))) {
    const nth = Number(again.querySelector<HTMLInputElement>('[name=nth]')!.value)
    again.onsubmit = (event) => void deed(event, again, 'review', { ...said(again), nth }, again.querySelector<HTMLElement>('.trouble')!)
  }
  const rate = byId('rate') as HTMLFormElement | null
  if (rate) {
    rate.onsubmit = (event) => {
      const filled = new FormData(rate)
      const level = Number(filled.get('level'))
      const why = rate.querySelector('.why' + level)!
      const reasons = Array.from(why.querySelectorAll<HTMLInputElement>('input:checked'), (box) => box.value)
      const text = String(filled.get('text') || '').trim()
      const trouble = byId('rate-trouble')!
      if (why.classList.contains('must') && !reasons.length && !text) {
        event.preventDefault()
        tell(trouble, trouble.dataset.why!)
        return
      }
      void deed(event, rate, 'rate', { leg: Number(filled.get('leg')), level, reasons, text }, trouble)
    }
  }
}
/** The words of a complaint, and how to reach who writes them. */
function said(form: HTMLFormElement): { text: string; contact: string } {
  const filled = new FormData(form)
  const of = (name: string) => String(filled.get(name) || '').trim()
  return { text: of('text'), contact: of('contact') }
}
function tell(where: HTMLElement, words: string): void {
  where.textContent = words
  where.hidden = false
}

/** Send one deed, once: the button rests until there is an answer, and a broken line repeats the same request. */
async function deed(event: Event, form: HTMLFormElement, name: string, body: object, trouble: HTMLElement): Promise<void> {
  event.preventDefault()
  const buttons = Array.from(form.querySelectorAll('button'))
  if (buttons[0].disabled) return
  const rest = (on: boolean) => buttons.forEach((button) => (button.disabled = on))
  rest(true)
  trouble.hidden = true
  const answer = await post(`/api/my/${link}/${name}`, body)
  rest(false)
  if (answer.ok) {
    mine = null
    etag = ''
    await draw().catch(() => location.reload())
    await ask()
  } else tell(trouble, (answer.text && answer.text['english' in page.dataset ? 'en' : 'zh']) || trouble.dataset.offline!)
}

document.addEventListener('pointerdown', () => (touched = true), { once: true })
document.addEventListener('visibilitychange', () => {
  if (document.hidden) return
  if (sound) stayAwake(true) // out of sight it is taken away
  if (timer !== undefined) void ask()
})
dress()
void ask()
