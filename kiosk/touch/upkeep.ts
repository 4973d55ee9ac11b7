/**
 * What is behind the face, for staff: a hidden corner held for three seconds asks for the PIN, the PIN opens a menu for some
 * minutes. Pure. closed -> pin -> (checking -> pin | menu) -> closed; a minute without a touch closes it.
 */
import type { Upkeep } from '@client/contract'

export const HOLD_MS = 3000
export const QUIET_S = 60
export const MOST_DIGITS = 12

export type Behind =
  | { step: 'closed' }
  | { step: 'pin'; pin: string; trouble: string; checking: boolean; touched_at: number }
  | { step: 'menu'; upkeep: Upkeep; said: string; busy: string | null; touched_at: number }
export type Word =
  | { name: 'held'; now: number }
  | { name: 'digit'; digit: string; now: number }
  | { name: 'erase'; now: number }
  | { name: 'check' }
  | { name: 'wrong'; text: string; now: number }
  | { name: 'opened'; upkeep: Upkeep; now: number }
  | { name: 'begin'; act: string; now: number }
  | { name: 'said'; text: string; upkeep?: Partial<Upkeep>; now: number }
  | { name: 'tick'; now: number }
  | { name: 'close' }

export const CLOSED: Behind = { step: 'closed' }

export function behind(at: Behind, word: Word): Behind {
  switch (word.name) {
    case 'held':
      return at.step === 'closed' ? { step: 'pin', pin: '', trouble: '', checking: false, touched_at: word.now } : at
    case 'digit':
      return at.step === 'pin' && !at.checking ? { ...at, pin: (at.pin + word.digit).slice(0, MOST_DIGITS), trouble: '', touched_at: word.now } : at
    case 'erase':
      return at.step === 'pin' && !at.checking ? { ...at, pin: at.pin.slice(0, -1), trouble: '', touched_at: word.now } : at
    case 'check':
      return at.step === 'pin' && at.pin && !at.checking ? { ...at, checking: true } : at
    case 'wrong':
      return at.step === 'pin' ? { ...at, pin: '', checking: false, trouble: word.text, touched_at: word.now } : at
    case 'opened':
      return at.step === 'pin' ? { step: 'menu', upkeep: word.upkeep, said: '', busy: null, touched_at: word.now } : at
    case 'begin':
      return at.step === 'menu' && !at.busy ? { ...at, busy: word.act, said: '', touched_at: word.now } : at
    case 'said':
      return at.step === 'menu' ? { ...at, upkeep: { ...at.upkeep, ...word.upkeep }, busy: null, said: word.text, touched_at: word.now } : at
    case 'tick':
      if (at.step === 'closed') return at
      return word.now - at.touched_at >= QUIET_S * 1000 || (at.step === 'menu' && word.now >= Date.parse(at.upkeep.until)) ? CLOSED : at
    case 'close':
      return CLOSED
  }
}
