/** A dialog keeps the keyboard: Tab goes round within it. */
export function round(event: KeyboardEvent, box: HTMLElement): void {
  const all = Array.from(box.querySelectorAll<HTMLElement>('button:not(:disabled), input'))
  const [edge, other] = event.shiftKey ? [all[0], all[all.length - 1]] : [all[all.length - 1], all[0]]
  if (document.activeElement !== edge && document.activeElement !== box) return
  if (document.activeElement === box && !event.shiftKey) return
  event.preventDefault()
  other?.focus()
}
