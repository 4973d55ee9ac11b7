/**
 * A finger on the glass, as people mean it. A browser takes a touch of half a second for a long press and gives no click, and
 * one that trembles for the start of a drag: both are presses here, and count once. Who slides off the button has changed their
 * mind; two fingers press nothing; the second half of a double tap does not press what has come up beneath it.
 */

/** px a finger may wander on its button and still mean it. */
export const WANDER = 40
/** ms after a new page within which a touch was meant for the old one. */
export const SETTLE_MS = 300
/** ms the browser may take to make the click itself. */
const OWN_CLICK_MS = 80
/** ms after our click within which a late one of the browser is the same press. */
const SAME_PRESS_MS = 700

export interface Press {
  x: number
  y: number
  /** Another finger was on the glass at the same time. */
  many: boolean
  /** The page was scrolled by it. */
  scrolled: boolean
}
/** Does a finger that came down as `press` and went up at (x, y), on the same button or not, mean that button? Pure. */
export const meant = (press: Press, x: number, y: number, sameButton: boolean): boolean =>
  sameButton && !press.many && !press.scrolled && Math.abs(x - press.x) <= WANDER && Math.abs(y - press.y) <= WANDER

/** Is a click at `now` the tail of the touch that brought the page at `changed`? Keys (detail 0) are never. Pure. */
export const isTail = (detail: number, now: number, changed: number): boolean => detail > 0 && now - changed >= 0 && now - changed < SETTLE_MS

const buttonAt = (target: EventTarget | null): HTMLElement | null => (target instanceof Element ? target.closest('button, a, summary, [role="button"]') : null)

/** Watch the fingers of a whole page until the returned function is called. */
export function watchPresses(root: Document = document): () => void {
  let press: (Press & { button: HTMLElement | null; clicked: boolean }) | null = null
  let ours: { button: HTMLElement; at: number } | null = null
  const down = (event: TouchEvent) => {
    if (event.touches.length > 1) {
      if (press) press.many = true
      return
    }
    const { clientX: x, clientY: y } = event.touches[0]!
    press = { x, y, many: false, scrolled: false, button: buttonAt(event.target), clicked: false }
  }
  const scroll = () => {
    if (press) press.scrolled = true
  }
  const click = (event: MouseEvent) => {
    const button = buttonAt(event.target)
    if (event.isTrusted && ours && button === ours.button && Date.now() - ours.at < SAME_PRESS_MS) {
      event.stopPropagation()
      event.preventDefault()
      ours = null
      return
    }
    if (press && button === press.button) press.clicked = true
  }
  const up = (event: TouchEvent) => {
    const done = press
    if (!done || event.touches.length) return // the last finger ends it
    const { clientX: x, clientY: y } = event.changedTouches[0]!
    const { button } = done
    const same = button !== null && buttonAt(root.elementFromPoint(x, y)) === button
    if (!button || !meant(done, x, y, same)) return
    setTimeout(() => {
      if (done.clicked || !root.contains(button) || (button as HTMLButtonElement).disabled) return
      ours = { button, at: Date.now() }
      button.click()
    }, OWN_CLICK_MS)
  }
  root.addEventListener('touchstart', down, { capture: true, passive: true })
  root.addEventListener('touchend', up, { capture: true, passive: true })
  root.addEventListener('scroll', scroll, { capture: true, passive: true })
  root.addEventListener('click', click, true)
  return () => {
    root.removeEventListener('touchstart', down, true)
    root.removeEventListener('touchend', up, true)
    root.removeEventListener('scroll', scroll, true)
    root.removeEventListener('click', click, true)
  }
}
