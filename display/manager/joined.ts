// Parts of a sentence as the reader's language joins them.
import { lang } from '@client/text'

const chinese = () => lang.value === 'zh'
/** One thing; another thing. */
export const clauses = (parts: (string | null)[]): string => parts.filter(Boolean).join(chinese() ? '；' : '; ')
/** What: how it is. */
export const colon = (what: string, how: string): string => `${what}${chinese() ? '：' : ': '}${how}`
/** (beside it), set off from the word before. */
export const aside = (words: string): string => (chinese() ? `（${words}）` : ` (${words})`)
