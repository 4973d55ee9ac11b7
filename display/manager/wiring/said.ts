// What bytes mean, in the reader's language: the words of drivers/protocol/explain.py.

import { has, t } from '@client/text'

export type Said = [string, Record<string, unknown>][]
export function meaning(said: Said): string {
  const word = (facts: Record<string, unknown>) => {
    const key = 'manager.reason.' + facts.word
    return { ...facts, ...(facts.word === 'ok' ? { word: t('manager.state.ok') } : has(key) ? { word: t(key) } : {}) }
  }
  return said.map(([code, facts]) => t('wiring.said.' + code, word(facts))).join('；')
}
