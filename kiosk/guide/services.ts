/** Everything the hall does: a guide takes numbers for all of it, not only for what a kiosk offers. */
import { shallowRef } from 'vue'
import type { Service, Services } from '@client/contract'
import { keep, kept } from '@client/keep'
import { get } from '@client/post'

export const services = shallowRef<Service[]>([])
let version = ''
/** Of the services that are known. */
export const servicesVersion = () => version

export async function loadServices(): Promise<boolean> {
  const answer = await get<Services>('/api/services')
  const found = answer.ok ? answer.body : services.value.length ? null : kept<Services>('wucha:services')
  if (answer.ok) keep('wucha:services', answer.body)
  if (found) {
    services.value = found.services
    version = found.version
  }
  return services.value.length > 0
}
