/** What this kiosk can offer, as last told by the server. */
import { shallowReactive } from 'vue'
import type { Services } from '@client/contract'
import { keep, kept } from '@client/keep'
import { get } from '@client/post'
import { offered } from '@client/search'

export const offer = shallowReactive<Services>({ version: '', themes: [], events: [], services: [] })

export async function loadOffer(): Promise<boolean> {
  const answer = await get<Services>('/api/services')
  const found = answer.ok ? answer.body : offer.services.length ? null : kept<Services>('wucha:services')
  if (answer.ok) keep('wucha:services', answer.body)
  if (found) {
    offer.version = found.version
    offer.services = offered(found.services)
    const here = (id: string) => offer.services.some((s) => s.id === id)
    offer.events = (found.events || []).map((e) => ({ ...e, services: e.services.filter(here) })).filter((e) => e.services.length)
    offer.themes = found.themes.filter((theme) => offer.services.some((s) => s.theme === theme.id))
  }
  return offer.services.length > 0
}
