/** The list of papers printed without a number: pure, one sheet at a time. */
import type { Both, Slip } from '@client/contract'

export type Sheet =
  | { is: 'none' }
  | { is: 'asked' }
  | { is: 'printing'; slip: number }
  | { is: 'done' }
  | { is: 'failed' }
  | { is: 'refused'; text: Both | null }

export const NO_SHEET: Sheet = { is: 'none' }

/** May the button be pressed? Not while one comes out; after a "no" the reason stays until the page is left. */
export const mayPrint = (sheet: Sheet): boolean => sheet.is === 'none' || sheet.is === 'failed'

/** The printer's word about a slip. */
export function heard(sheet: Sheet, slip: number, state: Slip['state']): Sheet {
  if (sheet.is !== 'printing' || sheet.slip !== slip) return sheet
  if (state === 'printed' || state === 'unsure') return { is: 'done' }
  return state === 'failed' ? { is: 'failed' } : sheet
}
