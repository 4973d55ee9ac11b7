/** Finding a service by its name, its pinyin, the initials of its pinyin, by what people call it, or its English name. Pure. */
import type { Service } from './contract'

const squeeze = (text: string) => text.toLowerCase().replace(/[\s（）()、，·'’-]/g, '')

/** 0 is no match; better matches score higher. */
export function score(service: Service, query: string): number {
  const q = squeeze(query)
  if (!q) return 0
  const own = byName(service, q)
  if (own >= 80) return own
  let best = own
  for (const { word, pinyin, initials } of service.also || []) {
    const other = squeeze(word)
    // "我要换驾照" holds a whole everyday word: that is what was meant.
    if (other.indexOf(q) === 0 || (other.length >= 2 && q.indexOf(other) >= 0)) best = Math.max(best, 78)
    else if (other.indexOf(q) > 0) best = Math.max(best, 72)
    else if (initials === q || pinyin === q) best = Math.max(best, 68)
    else if (q.length >= 2 && (initials.indexOf(q) === 0 || pinyin.indexOf(q) === 0)) best = Math.max(best, 60)
  }
  return best
}
function byName(service: Service, q: string): number {
  const name = squeeze(service.name)
  if (name === q) return 100
  if (name.indexOf(q) === 0) return 90
  if (name.indexOf(q) > 0) return 80
  if (service.initials.indexOf(q) === 0) return 70
  if (service.pinyin.indexOf(q) === 0) return 65
  if (service.initials.indexOf(q) > 0) return 55
  const english = squeeze(service.name_en || '')
  if (english.indexOf(q) >= 0) return 50 - (english.indexOf(q) > 0 ? 5 : 0)
  if (q.length >= 2 && service.pinyin.indexOf(q) > 0) return 40
  if (squeeze(service.department ? service.department.name : '').indexOf(q) >= 0 || squeeze(service.theme).indexOf(q) >= 0) return 30
  return 0
}

export function search(services: Service[], query: string, most = 12): Service[] {
  return services
    .map((service, place) => ({ service, place, score: score(service, query) }))
    .filter((found) => found.score > 0)
    .sort((a, b) => b.score - a.score || Number(b.service.popular) - Number(a.service.popular) || a.place - b.place)
    .slice(0, most)
    .map((found) => found.service)
}

/** What can be seen here: at a kiosk only what may be taken without staff. */
export const offered = (services: Service[]): Service[] => services.filter((s) => s.self_register)

export interface Group {
  id: string
  name: string
  name_en?: string
  count: number
}
export function departments(services: Service[]): Group[] {
  const found: Record<string, Group> = {}
  for (const { department } of services) {
    if (!department) continue
    const group = (found[department.id] = found[department.id] || { ...department, count: 0 })
    group.count += 1
  }
  return Object.keys(found).map((id) => found[id]!)
}
