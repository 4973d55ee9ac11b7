/** What a level is called: Chinese and English come with the national dictionary, others from the language's own file. */
import type { RatingLevel } from '@client/contract'
import { has, named, t } from '@client/text'
export const levelName = (level: RatingLevel): string => (has('pad.level.' + level.value) ? t('pad.level.' + level.value) : named(level))
