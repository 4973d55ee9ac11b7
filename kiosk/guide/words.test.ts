import { afterEach, describe, expect, it } from 'vitest'
import type { Hall } from '@client/contract'
import { lang } from '@client/text'
import { placeText } from './words'

const window = { id: 'W05', number: '5', name: '', zone: 'B区', zone_en: 'Area B', floor: '1', kind: 'special', low_counter: false }
const hall: Pick<Hall, 'windows'> = { windows: [window] }

afterEach(() => void (lang.value = 'zh'))
describe('where a hand is wanted', () => {
  it('names an area in the language that is read', () => {
    expect(placeText('zone:B区', hall)).toBe('B区')
    lang.value = 'en'
    expect(placeText('zone:B区', hall)).toBe('Area B')
    expect(placeText('zone:西厅', hall)).toBe('西厅') // has no other name
  })
})
