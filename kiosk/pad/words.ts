/** What a level is called: Chinese and English come with the national dictionary, others from the language's own file. */
import type { RatingLevel } from '@client/contract'
import { lang, named, t } from '@client/text'
export const levelName = (level: RatingLevel): string => (lang.value === 'zh' || lang.value === 'en' ? named(level) : t('pad.level.' + level.value))
