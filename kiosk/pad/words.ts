/** What a level is called: Chinese and English come with the national dictionary, others from the language's own file; so do the reasons, whose official words are Chinese. */
import type { RatingLevel } from '@client/contract'
import { has, lang, named, t } from '@client/text'
export const levelName = (level: RatingLevel): string => (lang.value === 'zh' || lang.value === 'en' ? named(level) : t('pad.level.' + level.value))
export const reasonName = ({ code, text }: { code: string; text: string }): string => (lang.value !== 'zh' && has('pad.reason.' + code) ? t('pad.reason.' + code) : text)
