// Templates of slips as the manager edits them: a draft over the files, which the server tries out and publishes.
// Pure: each move makes a new draft.

export const CONTENTS = ['text', 'qr', 'barcode', 'image', 'rule', 'feed'] as const
export type Content = (typeof CONTENTS)[number]
export interface Line {
  text: string
  qr: string
  barcode: string
  image: string
  rule: boolean
  feed: number
  size: number
  mm: number
  align: 'left' | 'center' | 'right'
  bold: boolean
  underline: boolean
  when: string
  each: string
}
export interface Template {
  title: string
  title_en: string
  paper: string
  mm: number
  services: string[]
  queues: string[]
  kiosks: string[]
  line: Line[]
}
export type Draft = Record<string, Template>
export interface SlipsFacts {
  version: number
  own: Draft
  files: Draft
  papers: Record<string, { code: string; facts: string[]; lists: Record<string, string[]> }>
  order: string[] // the papers as people think of them
  models: { id: string; mm: number; baud: number }[]
  bauds: number[]
  printers: { name: string; kiosk: string | null; model: string }[]
  services: { id: string; name: string; name_en: string; queue: string }[]
  queues: { id: string; name: string }[]
  pictures: string[]
  versions: { version: number; at: string | null; person: string; name: string; note: string; changes: { what: string; title: string; kind: string }[]; rolled_back_to: number | null }[]
}
export interface Seen {
  png: string
  width: number
  height: number
  mm: number
  bytes: number
  seconds: number
  picture_seconds: number
  missing: string
  rejects: number
}
export interface Trouble {
  key: string
  zh: string
  en: string
}

export const EMPTY: Line = { text: '', qr: '', barcode: '', image: '', rule: false, feed: 0, size: 1, mm: 24, align: 'left', bold: false, underline: false, when: '', each: '' }
const FIRST: Record<Content, Partial<Line>> = {
  text: { text: '…' }, qr: { qr: '{url}', size: 6 }, barcode: { barcode: '{number}' }, image: { align: 'center' }, rule: { rule: true }, feed: { feed: 1 },
}
export const contentOf = (line: Line): Content => CONTENTS.find((name) => Boolean(line[name])) ?? 'text'

/** All templates as they would be in force with the draft over the files, in the order of the papers. */
export function merged(files: Draft, draft: Draft, papers: string[] = []): Draft {
  const rank = ([name, one]: [string, Template]) => `${String(papers.indexOf(one.paper)).padStart(3, '0')} ${name}`
  return Object.fromEntries(Object.entries({ ...files, ...draft }).sort((a, b) => rank(a).localeCompare(rank(b))))
}

export function setLine(template: Template, at: number, change: Partial<Line>): Template {
  return { ...template, line: template.line.map((line, i) => (i === at ? { ...line, ...change } : line)) }
}
export function addLine(template: Template, after: number, content: Content, picture = ''): Template {
  const made = { ...EMPTY, ...FIRST[content], ...(content === 'image' ? { image: picture } : {}) }
  return { ...template, line: [...template.line.slice(0, after + 1), made, ...template.line.slice(after + 1)] }
}
export function dropLine(template: Template, at: number): Template {
  return { ...template, line: template.line.filter((_, i) => i !== at) }
}
export function moveLine(template: Template, at: number, by: -1 | 1): Template {
  const to = at + by
  if (to < 0 || to >= template.line.length) return template
  const line = [...template.line]
  ;[line[at], line[to]] = [line[to]!, line[at]!]
  return { ...template, line }
}

/** The draft with a changed template; one that is again as in the files needs no override. */
export function put(draft: Draft, files: Draft, name: string, template: Template): Draft {
  const next = { ...draft, [name]: template }
  if (files[name] && same(files[name]!, template)) delete next[name]
  return next
}
/** A copy for one service, under a name of its own. */
export function copyFor(all: Draft, name: string, service: { id: string; name: string }): { name: string; template: Template } {
  const template = all[name]!
  return { name: `${name}_${service.id.toLowerCase()}`.replace(/[^a-z0-9_-]/g, ''), template: { ...template, title: `${template.title}：${service.name}`, services: [service.id] } }
}
export const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)
export const changed = (facts: SlipsFacts, draft: Draft): string[] =>
  [...new Set([...Object.keys(facts.own), ...Object.keys(draft)])].filter((name) => !same(facts.own[name], draft[name]))

/** What may be chosen for a preview: the facts that are true or not in the template's own lines, and whether it is for a number in English. */
export const choicesOf = (template: Template): string[] => [
  ...[...new Set(template.line.map((line) => line.when))].filter((when) => ['reprint', 'appointment', 'wait', 'wait_soon', 'wait_unknown'].includes(when)),
  ...(template.line.some((line) => /_en\b/.test(line.text + line.when)) ? ['service_en'] : []),
]

/** Mistakes by line of one template; the rest under -1. Keys come as line.3.text, or with the template's name before them. */
export function byLine(troubles: Trouble[], name: string): Record<number, Trouble[]> {
  const found: Record<number, Trouble[]> = {}
  for (const trouble of troubles) {
    const key = trouble.key.startsWith(`${name}.`) ? trouble.key.slice(name.length + 1) : trouble.key
    const at = /^line\.(\d+)/.exec(key)
    ;(found[at ? Number(at[1]) : -1] ??= []).push(trouble)
  }
  return found
}
