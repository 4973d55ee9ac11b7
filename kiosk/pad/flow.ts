/**
 * The pad as a machine. Pure: no clock, no DOM, no socket; the time comes in with the message.
 *
 *   idle -> ask -> why -> sending -> thanks -> idle
 *
 * The server says what is asked and until when. Silence is never an answer: when the time is over the pad forgets and
 * sends nothing. A bad level is not sent without a reason. A good one was chosen by hand: the reasons are offered, and
 * whoever walks away has it sent as it stands after OFFER_S. What was rated is forgotten after THANKS_S.
 */
import type { PadValue, RatingRules } from '@client/contract'

export type Ask = NonNullable<PadValue['ask']>
export type Pad =
  | { step: 'idle' }
  | { step: 'ask'; ask: Ask }
  | { step: 'why'; ask: Ask; level: number; reasons: string[]; text: string; more: boolean; missing: boolean; sends: { at: number; request_id: string } | null }
  | { step: 'sending'; ask: Ask; level: number; reasons: string[]; text: string; request_id: string }
  | { step: 'thanks'; leg: number; level: number; until: number }
  /** kept: nobody has decided about it; it is handed over when the server is back. */
  | { step: 'trouble'; leg: number; refused: string; text: { zh: string; en: string } | null; kept: boolean; until: number }

export const THANKS_S = 10
export const TROUBLE_S = 8
export const OFFER_S = 8
const LATEST_MS = 2000 // an answer must reach the server before it stops asking

export type Msg =
  | { name: 'asked'; ask: PadValue['ask']; now: number }
  | { name: 'tapped'; level: number; request_id: string; rules: RatingRules; now: number }
  | { name: 'reason'; code: string; now: number }
  | { name: 'more'; now: number }
  | { name: 'wrote'; text: string; now: number }
  | { name: 'back' }
  | { name: 'send'; request_id: string }
  | { name: 'rated'; now: number }
  | { name: 'refused'; refused: string; text: { zh: string; en: string } | null; kept: boolean; now: number }
  | { name: 'tick'; now: number }

export function next(pad: Pad, msg: Msg): Pad {
  switch (msg.name) {
    case 'asked':
      return asked(pad, msg.ask, msg.now)
    case 'tapped': {
      if (pad.step !== 'ask') return pad
      const sends = msg.level <= msg.rules.reason_required_max_level ? null : { at: offered(pad.ask, msg.now), request_id: msg.request_id }
      return { step: 'why', ask: pad.ask, level: msg.level, reasons: [], text: '', more: false, missing: false, sends }
    }
    case 'reason': {
      if (pad.step !== 'why') return pad
      const has = pad.reasons.indexOf(msg.code) >= 0
      return stayed({ ...pad, reasons: has ? pad.reasons.filter((c) => c !== msg.code) : [...pad.reasons, msg.code], missing: false }, msg.now)
    }
    case 'more':
      return pad.step === 'why' ? stayed({ ...pad, more: !pad.more }, msg.now) : pad
    case 'wrote':
      return pad.step === 'why' ? stayed({ ...pad, text: msg.text, missing: false }, msg.now) : pad
    case 'back':
      return pad.step === 'why' ? { step: 'ask', ask: pad.ask } : pad
    case 'send':
      if (pad.step !== 'why') return pad
      if (!pad.sends && !pad.reasons.length && !pad.text.trim()) return { ...pad, missing: true }
      return sending(pad, msg.request_id)
    case 'rated':
      return pad.step === 'sending' ? { step: 'thanks', leg: pad.ask.leg, level: pad.level, until: msg.now + THANKS_S * 1000 } : pad
    case 'refused':
      return pad.step === 'sending'
        ? { step: 'trouble', leg: pad.ask.leg, refused: msg.refused, text: msg.text, kept: msg.kept, until: msg.now + TROUBLE_S * 1000 }
        : pad
    case 'tick':
      if (pad.step === 'why' && pad.sends && msg.now >= pad.sends.at) return sending(pad, pad.sends.request_id)
      if (pad.step === 'ask' || pad.step === 'why') return msg.now >= Date.parse(pad.ask.until) ? { step: 'idle' } : pad
      return (pad.step === 'thanks' || pad.step === 'trouble') && msg.now >= pad.until ? { step: 'idle' } : pad
  }
}

type Why = Extract<Pad, { step: 'why' }>
const sending = (pad: Why, request_id: string): Pad => ({ step: 'sending', ask: pad.ask, level: pad.level, reasons: pad.reasons, text: pad.text.trim(), request_id })
const offered = (ask: Ask, now: number): number => Math.min(now + OFFER_S * 1000, Date.parse(ask.until) - LATEST_MS)
/** Somebody is still choosing: the offer begins anew. */
const stayed = (pad: Why, now: number): Why => (pad.sends ? { ...pad, sends: { ...pad.sends, at: offered(pad.ask, now) } } : pad)

function asked(pad: Pad, ask: PadValue['ask'], now: number): Pad {
  if (!ask) return pad.step === 'ask' || pad.step === 'why' ? { step: 'idle' } : pad
  if (now >= Date.parse(ask.until)) return pad
  // An answer on its way is for the visit it was given for; the next question waits for it.
  if (pad.step === 'sending') return pad
  if (pad.step === 'why' && pad.sends && pad.ask.leg !== ask.leg) return sending(pad, pad.sends.request_id)
  if ((pad.step === 'thanks' || pad.step === 'trouble') && pad.leg === ask.leg) return pad
  if ((pad.step === 'ask' || pad.step === 'why') && pad.ask.leg === ask.leg) return { ...pad, ask }
  return { step: 'ask', ask }
}
