// More have booked a time than there are places: what the office is told, and where else there is a place. Pure.

export interface OverSlot {
  queue: string
  name: string
  name_en: string
  at: string
  booked: number
  places: number
  over: number
  bookings: { id: number; service: { id: string; name: string; name_en: string }; made_at: string }[]
}
export interface Slots {
  days: { date: string; slots: { at: string; free: number }[] }[]
}
export interface Free {
  at: string
  free: number
}

/** The times that have a place, in order. */
export function freeTimes(found: Slots): Free[] {
  return found.days.flatMap((day) => day.slots).filter((slot) => slot.free > 0).sort((a, b) => a.at.localeCompare(b.at))
}

/** The one of them that is nearest to the time that was booked; '' when there is none. */
export function nearest(free: Free[], at: string): string {
  const away = (x: Free) => Math.abs(Date.parse(x.at) - Date.parse(at))
  return free.reduce((best, x) => (best === '' || away(x) < Math.abs(Date.parse(best) - Date.parse(at)) ? x.at : best), '')
}

/** What granting a leave would add: "03-03 10:00 B +2". `short` says a time. */
export function overWords(over: { queue: string; at: string; over: number }[] | undefined, short: (at: string) => string): string {
  return (over || []).map((x) => `${short(x.at)} ${x.queue} +${x.over}`).join('、')
}
