import { expect, it } from 'vitest'
import { NO_SHEET, heard, mayPrint, type Sheet } from './paper'

const printing: Sheet = { is: 'printing', slip: 7 }

it.each([
  ['printed', { is: 'done' }], ['unsure', { is: 'done' }], ['failed', { is: 'failed' }], ['sending', printing],
] as const)('the printer says %s', (state, then) => {
  expect(heard(printing, 7, state)).toEqual(then)
})

it('another paper is no news of this one', () => {
  expect(heard(printing, 8, 'printed')).toBe(printing)
  expect(heard(NO_SHEET, 7, 'printed')).toBe(NO_SHEET)
})

it('one sheet at a time', () => {
  expect([NO_SHEET, { is: 'asked' }, printing, { is: 'done' }, { is: 'failed' }, { is: 'refused', text: null }].map((s) => mayPrint(s as Sheet))).toEqual([true, false, false, false, true, false])
})
