import { describe, expect, it } from 'vitest'
import { addLine, byLine, changed, choicesOf, contentOf, copyFor, dropLine, EMPTY, merged, moveLine, put, setLine, type SlipsFacts, type Template } from './slips'

const ticket: Template = {
  title: '取号小票', title_en: 'Ticket', paper: 'ticket', mm: 0, services: [], queues: [], kiosks: [],
  line: [{ ...EMPTY, text: '{number}', size: 4 }, { ...EMPTY, text: '补打', when: 'reprint' }, { ...EMPTY, qr: '{url}', size: 6 }],
}
const files = { ticket }
const facts = { own: {}, files } as unknown as SlipsFacts

describe('editing a template', () => {
  it('changes, adds, moves and drops lines without touching the old one', () => {
    const larger = setLine(ticket, 0, { size: 8 })
    expect(larger.line[0]!.size).toBe(8)
    expect(ticket.line[0]!.size).toBe(4)
    expect(addLine(ticket, 0, 'rule').line.map(contentOf)).toEqual(['text', 'rule', 'text', 'qr'])
    expect(addLine(ticket, 2, 'image', 'emblem').line[3]).toMatchObject({ image: 'emblem', align: 'center', text: '' })
    expect(moveLine(ticket, 0, 1).line.map((l) => l.text)).toEqual(['补打', '{number}', ''])
    expect(moveLine(ticket, 0, -1)).toBe(ticket)
    expect(moveLine(ticket, 2, 1)).toBe(ticket)
    expect(dropLine(ticket, 1).line).toHaveLength(2)
  })
  it('keeps only what differs from the files', () => {
    const draft = put({}, files, 'ticket', setLine(ticket, 0, { size: 8 }))
    expect(changed(facts, draft)).toEqual(['ticket'])
    expect(merged(files, draft).ticket!.line[0]!.size).toBe(8)
    expect(put(draft, files, 'ticket', ticket)).toEqual({})
    expect(changed(facts, {})).toEqual([])
  })
  it('copies a template for one service', () => {
    const { name, template } = copyFor(files, 'ticket', { id: 'S101', name: '社保卡' })
    expect(name).toBe('ticket_s101')
    expect(template.services).toEqual(['S101'])
    expect(changed(facts, { [name]: template })).toEqual(['ticket_s101'])
  })
  it('lists the papers in their order, whatever the templates are called', () => {
    const notice = { ...ticket, paper: 'notice' }
    expect(Object.keys(merged({ a_notice: notice, ticket }, { z_ticket: ticket }, ['ticket', 'notice']))).toEqual(['ticket', 'z_ticket', 'a_notice'])
  })
  it('knows what can be chosen for a preview', () => {
    expect(choicesOf(ticket)).toEqual(['reprint'])
    expect(choicesOf({ ...ticket, line: [{ ...EMPTY, text: '{service_en}' }] })).toEqual(['service_en'])
  })
  it('puts mistakes to their lines', () => {
    const trouble = (key: string) => ({ key, zh: '错', en: 'wrong' })
    const found = byLine([trouble('line.2.text'), trouble('ticket.line.2.size'), trouble('ticket')], 'ticket')
    expect(found[2]).toHaveLength(2)
    expect(found[-1]).toHaveLength(1)
  })
})
