import { describe, expect, it } from 'vitest'
import { colour, isLogo, LOGO_BYTES, ready, same } from './brand'

const wish = { primary: '#b11226', accent: '', slogan: '为民办事', slogan_en: '' }

describe('the look of a hall', () => {
  it('takes colours as people write them', () => {
    expect(['#B11226', 'b11226', ' #abc ', '', 'red', '#12345'].map(colour)).toEqual(['#b11226', '#b11226', '#aabbcc', '', null, null])
  })
  it('is published when it is whole and differs', () => {
    expect([ready(wish), ready({ ...wish, accent: 'gold' }), ready({ ...wish, slogan: '长'.repeat(41) })]).toEqual([true, false, false])
    expect([same(wish, { ...wish, slogan: ' 为民办事 ' }), same(wish, { ...wish, accent: '#ffd700' })]).toEqual([true, false])
  })
  it('wears a picture of sensible size', () => {
    expect([isLogo({ type: 'image/png', size: 9000 }), isLogo({ type: 'image/svg+xml', size: 900 }), isLogo({ type: 'image/jpeg', size: LOGO_BYTES + 1 })]).toEqual([true, false, false])
  })
})
