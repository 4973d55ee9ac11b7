// Times that a person types for the hall, whatever zone the browser is in. Pure.

/** "2026-03-02T09:30" as the hall's clock shows it -> ISO 8601 with offset. Empty stays empty. */
export function inZone(local: string, zone: string): string {
  const asUtc = local ? Date.parse(local + ':00Z') : NaN
  if (Number.isNaN(asUtc)) return ''
  // the offset at that moment: guess it, and look again where the guess itself lies (a change of clocks)
  let offset = offsetAt(asUtc, zone)
  offset = offsetAt(asUtc - offset, zone)
  return new Date(asUtc - offset).toISOString()
}

/** How far the zone's clock is ahead of UTC at `ms`, in ms. */
function offsetAt(ms: number, zone: string): number {
  const parts: Record<string, string> = {}
  const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit' })
  for (const part of format.formatToParts(ms)) parts[part.type] = part.value
  const shown = Date.UTC(Number(parts.year), Number(parts.month) - 1, Number(parts.day), Number(parts.hour) % 24, Number(parts.minute), Number(parts.second))
  return shown - Math.floor(ms / 1000) * 1000
}
