// What things on a plan are called.
import type { PlanSpot } from '@client/contract'
import { named, t } from '@client/text'

export const called = (thing: Pick<PlanSpot, 'id' | 'name' | 'name_en'> & { kind: string }): string => named(thing) || `${t('manager.floor.thing.' + thing.kind)}${thing.id ? ' ' + thing.id : ''}`
