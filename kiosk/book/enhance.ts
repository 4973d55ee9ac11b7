/** Keeps a booking's page fresh, and never under the hands of somebody who is typing. Without script it stands still. */
const EVERY_MS = 60000
const filling = () => Array.from(document.querySelectorAll<HTMLInputElement>('input.line')).some((line) => !!line.value)
const asking = () => !!document.querySelector('.cancel[open]')

setInterval(() => {
  if (!document.hidden && !filling() && !asking()) location.reload()
}, EVERY_MS)
