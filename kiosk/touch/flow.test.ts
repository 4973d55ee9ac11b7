import { describe, expect, it } from 'vitest'
import type { CardRead, Service, Slip, Taken } from '@client/contract'
import { ATTRACT_S, attracts, BY_CARD, IDLE_S, NUMBER_ELDER_S, NUMBER_S, WARN_S, mayReprint, next, start, type Kiosk, type Msg, type Step } from './flow'
import { prompts, spoken } from './prompts'
import { departments, offered, search } from '@client/search'

const play = (kiosk: Kiosk, ...messages: Msg[]) => messages.reduce(next, kiosk)
const taken = (slip: Slip | null = { id: 11, state: 'queued' }): Taken => ({
  ticket: {
    id: 1, number: 'A012', queue: 'A', queue_name: '综合受理', service: { id: 'S001', name: '公司设立登记', name_en: '' }, state: 'waiting',
    ahead: 3, taken_at: '', link: 'x', url: 'http://hall/t/x', windows: ['1', '2'],
  },
  slip,
})
const service: Msg = { name: 'service', service: 'S001' }
const take: Msg = { name: 'take', request_id: 'r-1' }
const printed = (copy = 1): Msg => ({ name: 'slip', ticket: 1, slip: { id: 11, state: 'printed', copy }, now: 0 })
const numbered = (look: Msg = { name: 'look', look: {} }, slip?: Slip | null) =>
  play(start(0), look, service, take, { name: 'taken', taken: taken(slip), now: 0 })

describe('checking in for an appointment', () => {
  const code: Msg = { name: 'code', code: '12345678', request_id: 'r-9' }
  it('takes eight digits and nothing else', () => {
    const typed = play(start(0), { name: 'check_in' }, { name: 'digits', code: '12a34 56789' })
    expect(typed.at).toEqual({ step: 'check_in', code: '12345678' })
    expect(play(typed, { name: 'back' }).at.step).toBe('home')
  })
  it('asks once, by typing or by a scan from the start page', () => {
    expect(play(start(0), code).at).toMatchObject({ step: 'taking', code: '12345678', request_id: 'r-9' })
    expect(play(start(0), { name: 'check_in' }, code, { ...code, request_id: 'r-10' }).at).toMatchObject({ request_id: 'r-9' })
  })
  it('ends with a number like any other', () => {
    expect(play(start(0), code, { name: 'taken', taken: taken(), now: 0 }).at.step).toBe('number')
  })
  it('goes back to the digits after a no, and repeats a lost request as it was', () => {
    const no = play(start(0), code, { name: 'refused', refused: 'check-in-early', text: null })
    expect(play(no, { name: 'back' }).at).toEqual({ step: 'check_in', code: '' })
    expect(play(start(0), code, { name: 'lost' }, take).at).toMatchObject({ step: 'taking', code: '12345678', request_id: 'r-9' })
  })
  it('is not begun by a scan while somebody reads about a service', () => {
    expect(play(start(0), service, code).at.step).toBe('guide')
  })
})

describe('several matters on one number (FEATURES 17)', () => {
  const other: Msg = { name: 'service', service: 'S101' }
  const collected = play(start(0), service, { name: 'more' })
  it('puts one aside and takes both in the order in which they were chosen', () => {
    expect(collected).toMatchObject({ at: { step: 'home' }, basket: ['S001'] })
    expect(play(collected, other, take).at).toMatchObject({ step: 'taking', service: 'S001', further: ['S101'] })
  })
  it('takes what is put aside from the start page too, and nothing from an empty one', () => {
    expect(play(collected, take).at).toMatchObject({ step: 'taking', service: 'S001' })
    expect(play(collected, { name: 'drop', service: 'S001' }, take).at.step).toBe('home')
    expect(play(start(0), take).at.step).toBe('home')
  })
  it('keeps the priority class that was named with the first', () => {
    const elder = play(start(0), service, { name: 'priority', priority: 'elder' }, { name: 'more' })
    expect(play(elder, take).at).toMatchObject({ priority: 'elder' })
    expect(play(elder, other, take).at).toMatchObject({ priority: 'elder', further: ['S101'] })
  })
  it('names no service twice and no more than five', () => {
    expect(play(collected, service, take).at).toEqual({ step: 'taking', request_id: 'r-1', service: 'S001', priority: null, slow: false })
    expect(play(collected, service, { name: 'more' }).at.step).toBe('guide')
    const full = ['S101', 'S102', 'S103', 'S104'].reduce((k, s) => play(k, { name: 'service', service: s }, { name: 'more' }), collected)
    expect(full.basket).toEqual(['S001', 'S101', 'S102', 'S103'])
  })
  it('keeps them over a question, a lost line and the way home, and not beyond the visitor', () => {
    const no = play(collected, other, take, { name: 'refused', refused: 'queue-long', text: null, facts: { confirm: true } })
    expect(play(no, { name: 'take', request_id: 'r-2' }).at).toMatchObject({ service: 'S001', further: ['S101'], confirmed: ['queue-long'] })
    expect(play(collected, other, take, { name: 'lost' }, take).at).toMatchObject({ service: 'S001', further: ['S101'] })
    expect(play(collected, other, { name: 'home' }).basket).toEqual(['S001'])
    const gone = play(collected, { name: 'tick', now: (IDLE_S + WARN_S) * 1000 })
    expect(gone).toMatchObject({ at: { step: 'home' }, basket: [] })
    expect(play(collected, { name: 'tick', now: (IDLE_S + 1) * 1000 }).warning_s).toBe(WARN_S - 1)
  })
})

describe('the way to a number', () => {
  it('takes two touches for a popular service and three for any other', () => {
    expect(play(start(0), service, take).at).toMatchObject({ step: 'taking', service: 'S001', request_id: 'r-1' })
    expect(play(start(0), { name: 'list', by: 'theme', id: '企业开办' }, service, take).at.step).toBe('taking')
  })
  it('makes one number of two touches', () => {
    const twice = play(start(0), service, take, { name: 'take', request_id: 'r-2' })
    expect(twice.at).toMatchObject({ step: 'taking', request_id: 'r-1' })
  })
  it('cannot be left while the server is being asked', () => {
    const taking = play(start(0), service, take)
    expect(play(taking, { name: 'home' }, { name: 'back' }, service, { name: 'tick', now: 9e9 })).toEqual(taking)
  })
  it('carries one priority class', () => {
    expect(play(start(0), service, { name: 'priority', priority: 'elder' }, take).at).toMatchObject({ priority: 'elder' })
  })
  it('goes back to where the visitor came from', () => {
    const found = play(start(0), { name: 'search' }, { name: 'typed', query: 'gs' }, service)
    expect(next(found, { name: 'back' }).at).toEqual({ step: 'search', query: 'gs' })
  })
  it('tries a lost request again with the same id', () => {
    const lost = play(start(0), service, take, { name: 'lost' })
    expect(lost.at.step).toBe('lost')
    expect(next(lost, { name: 'take', request_id: 'r-9' }).at).toMatchObject({ step: 'taking', request_id: 'r-1' })
  })
  it('shows a refusal and leads back to the guide', () => {
    const refused = play(start(0), service, take, { name: 'refused', refused: 'quota-full', text: { zh: '满', en: 'full' } })
    expect(refused.at).toMatchObject({ step: 'refused', refused: 'quota-full' })
    expect(next(refused, { name: 'back' }).at).toMatchObject({ step: 'guide', service: 'S001' })
  })
  it('asks when many are ahead, and takes with the answer', () => {
    const asked = play(start(0), service, take, { name: 'refused', refused: 'queue-long', text: null, facts: { ahead: 30, confirm: true } })
    expect(asked.at).toMatchObject({ step: 'confirm', refused: 'queue-long', facts: { ahead: 30 } })
    const sure = next(asked, { name: 'take', request_id: 'r-2' })
    expect(sure.at).toMatchObject({ step: 'taking', request_id: 'r-2', confirmed: ['queue-long'] })
    const again = next(sure, { name: 'refused', refused: 'service-twice', text: null, facts: { confirm: true } })
    expect(next(again, { name: 'take', request_id: 'r-3' }).at).toMatchObject({ confirmed: ['queue-long', 'service-twice'] })
    expect(next(asked, { name: 'home' }).at.step).toBe('home')
  })
  it('ends in the same number after a power cut', () => {
    const again = play(start(0), { name: 'resumed', request_id: 'r-1', service: 'S001', priority: null })
    expect(next(again, { name: 'taken', taken: taken(), now: 5 }).at).toMatchObject({ step: 'number' })
  })
  it('ignores an answer that nobody waits for', () => {
    expect(next(start(0), { name: 'taken', taken: taken(), now: 0 }).at.step).toBe('home')
  })
})

describe('the number page', () => {
  it('goes home by itself, later for elders, and stays when asked', () => {
    expect(next(numbered(), { name: 'tick', now: NUMBER_S * 1000 - 1 }).at.step).toBe('number')
    expect(next(numbered(), { name: 'tick', now: NUMBER_S * 1000 }).at.step).toBe('home')
    const elder = numbered({ name: 'look', look: { elder: true } })
    expect(next(elder, { name: 'tick', now: NUMBER_S * 1000 }).at.step).toBe('number')
    expect(next(elder, { name: 'tick', now: NUMBER_ELDER_S * 1000 }).look.elder).toBe(false)
    const stayed = next(numbered(), { name: 'stay', now: 20000 })
    expect(next(stayed, { name: 'tick', now: NUMBER_S * 1000 }).at.step).toBe('number')
  })
  it.each([['printed', NUMBER_S * 1000], ['failed', 29000 + NUMBER_S * 1000], ['unsure', 29000 + NUMBER_S * 1000]] as const)(
    'a slip that is %s sets the time to read it', (state, until) => {
      const after = next(numbered(), { name: 'slip', ticket: 1, slip: { id: 11, state, copy: 1 }, now: 29000 })
      expect(after.at).toMatchObject({ step: 'number', until, slip: { state } })
    })
  it('believes only news of its own ticket', () => {
    expect(next(numbered(), { name: 'slip', ticket: 2, slip: { id: 11, state: 'failed' }, now: 0 })).toEqual(numbered())
  })
  it('asks for one reprint at a time, and only when the first paper is decided', () => {
    expect(next(numbered(), { name: 'reprint' }).at).toMatchObject({ reprint: 'no' })
    const asking = play(numbered(), printed(), { name: 'reprint' })
    expect(asking.at).toMatchObject({ reprint: 'asking' })
    const over = play(asking, { name: 'slip', ticket: 1, slip: { id: 12, state: 'sending', copy: 2 }, now: 0 }, printed(2))
    expect(over.at).toMatchObject({ reprint: 'no', slip: { state: 'printed', copy: 2 } })
  })
  it('a late word about the first paper does not undo the second', () => {
    const second = play(numbered(), printed(2))
    expect(next(second, { name: 'slip', ticket: 1, slip: { id: 11, state: 'failed', copy: 1 }, now: 0 })).toEqual(second)
  })
  it('offers no reprint at a kiosk without a printer, nor after a refusal', () => {
    const bare = numbered(undefined, null).at
    expect(bare.step === 'number' && mayReprint(bare)).toBe(false)
    expect(play(numbered(), printed(), { name: 'reprint' }, { name: 'reprint.refused' }, { name: 'reprint' }).at).toMatchObject({ reprint: 'refused' })
  })
})

describe('an abandoned visit', () => {
  const reading = play(start(0), { name: 'look', look: { lang: 'en', elder: true } }, service)
  it('is asked about, then ends and leaves nothing behind', () => {
    expect(next(reading, { name: 'tick', now: IDLE_S * 1000 - 1 }).warning_s).toBe(null)
    const warned = next(reading, { name: 'tick', now: IDLE_S * 1000 })
    expect(warned).toMatchObject({ warning_s: WARN_S, at: { step: 'guide' } })
    const gone = next(warned, { name: 'tick', now: (IDLE_S + WARN_S) * 1000 })
    expect(gone).toMatchObject({ at: { step: 'home' }, look: { lang: '', elder: false }, warning_s: null })
  })
  it('goes on when touched', () => {
    const warned = next(reading, { name: 'tick', now: IDLE_S * 1000 })
    expect(next(warned, { name: 'touched', now: IDLE_S * 1000 + 1 })).toMatchObject({ warning_s: null, at: { step: 'guide' } })
  })
  it('on the start page only tidies up the language', () => {
    const english = next(start(0), { name: 'look', look: { lang: 'en' } })
    expect(next(english, { name: 'tick', now: IDLE_S * 1000 })).toMatchObject({ look: { lang: '' }, warning_s: null })
    const resting = start(0)
    expect(next(resting, { name: 'tick', now: 9e9 })).toBe(resting)
  })
  it('invites whoever passes by once nobody has touched the start page for a while', () => {
    expect([attracts(start(0), ATTRACT_S * 1000 - 1), attracts(start(0), ATTRACT_S * 1000)]).toEqual([false, true])
    expect(attracts(reading, 9e9)).toBe(false)
    expect(attracts({ ...start(0), look: { ...start(0).look } }, 9e9)).toBe(true)
    expect(attracts(next(start(0), { name: 'look', look: { elder: true } }), 9e9)).toBe(false)
  })
})

describe('prompts', () => {
  const number = { step: 'number', taken: { ticket: { number: 'E001' } }, slip: null, reprint: 'no', until: 0 } as unknown as Step
  it.each([[{ step: 'home' }, 'home'], [number, 'number E 0 0 1 listen'], [{ step: 'search', query: '' }, '']])('%j', (at, clips) => {
    expect(spoken(at as Step).join(' ')).toBe(clips)
  })
  it('are asked for in the language on the glass, whichever it is', () => {
    const at: Step = { step: 'home' }
    expect(['zh', 'en', 'ko'].map((one) => prompts(at, one))).toEqual([['/api/voices/kiosk/zh/home.wav'], ['/api/voices/kiosk/en/home.wav'], ['/api/voices/kiosk/ko/home.wav']])
    expect(prompts(number, 'en')[1]).toBe('/api/voices/kiosk/en/E.wav')
  })
})

describe('search', () => {
  const make = (id: string, name: string, pinyin: string, initials: string, more: Partial<Service> = {}): Service => ({
    id, name, name_en: '', theme: '户籍证件', department: { id: 'D03', name: '县公安局', name_en: '' }, queue: 'E', audience: 'person', case_type: 'immediate',
    avg_minutes: 10, promised_limit: null, legal_limit: null, fee_yuan: 0, fee_basis: '', visits: 1, materials: [], result: '', pinyin, initials, also: [],
    popular: false, self_register: true, ...more,
  })
  const services = [
    make('1', '临时居民身份证办理', 'linshijuminshenfenzhengbanli', 'lsjmsfzbl'),
    make('2', '居民身份证换领', 'juminshenfenzhenghuanling', 'jmsfzhl', { popular: true, name_en: 'ID card renewal' }),
    make('3', '办不成事反映', 'banbuchengshifanying', 'bbcsfy', { self_register: false }),
  ]
  it.each([
    ['身份证', ['2', '1']], ['jmsfz', ['2', '1']], ['SFZ', ['2', '1']], ['shenfen', ['2', '1']], ['ls', ['1']], ['id card', ['2']],
    ['公安', ['2', '1', '3']], ['', []], ['zzzz', []],
  ])('%s', (query, ids) => {
    expect(search(services, query as string).map((s) => s.id)).toEqual(ids)
  })
  it.each([['驾照', '4'], ['我要换驾照', '4'], ['jz', '4'], ['jiazhao', '4'], ['驾', '4'], ['换领', '2']])('knows what people call it: %s', (query, id) => {
    const licence = make('4', '机动车证期满换证', 'jidongchezhengqimanhuanzheng', 'jdczqmhz', { also: [{ word: '驾照', pinyin: 'jiazhao', initials: 'jz' }] })
    expect(search([...services, licence], query)[0]!.id).toBe(id)
  })
  it('offers only what needs no staff, and groups by department', () => {
    expect(offered(services).map((s) => s.id)).toEqual(['1', '2'])
    expect(departments(services)).toEqual([{ id: 'D03', name: '县公安局', name_en: '', count: 3 }])
  })
})

describe('an identity card', () => {
  const elder: CardRead = { id: 'c1', reading: 'closed-1', shown: '张**', kind: 'mainland', aged: 'elder' }
  const adult: CardRead = { id: 'c2', reading: 'closed-2', shown: '欧阳**', kind: 'mainland', aged: '' }
  const lay = (card: CardRead, now = 0): Msg => ({ name: 'card', card, request_id: 'r-c', now })
  it('laid on the start page leads to what its holder has here', () => {
    expect(play(start(0), lay(adult))).toMatchObject({ at: { step: 'mine' }, card: adult, look: { elder: false } })
  })
  it('laid while a service is read takes its number', () => {
    expect(play(start(0), service, lay(adult)).at).toMatchObject({ step: 'taking', service: 'S001', request_id: 'r-c' })
  })
  it('turns on large type for an elder', () => {
    expect(play(start(0), service, lay(elder))).toMatchObject({ look: { elder: true }, card: elder })
  })
  it('goes with the visit, and with every way to a service', () => {
    const chosen = play(start(0), lay(adult), { name: 'all' }, service, { name: 'back' }, { name: 'back' }, { name: 'search' }, service)
    expect(chosen).toMatchObject({ at: { step: 'guide' }, card: adult })
    expect(play(chosen, take)).toMatchObject({ at: { step: 'taking' }, card: adult })
  })
  it.each<[string, Kiosk]>([
    ['home', play(start(0), lay(elder), { name: 'home' })],
    ['an abandoned page', next(play(start(0), lay(elder)), { name: 'tick', now: (IDLE_S + WARN_S) * 1000 })],
    ['an abandoned start page', next(play(start(0), lay(elder), { name: 'back' }), { name: 'tick', now: (IDLE_S + WARN_S) * 1000 })],
    ['the number page', next(play(start(0), service, lay(elder), { name: 'taken', taken: taken(), now: 0 }), { name: 'tick', now: NUMBER_ELDER_S * 1000 })],
  ])('leaves nothing behind after %s', (_, gone) => {
    expect(gone).toEqual(start(gone.touched_at))
    expect('card' in gone).toBe(false)
  })
  it('is asked about before the start page forgets it', () => {
    const back = play(start(0), lay(elder), { name: 'back' })
    expect(next(back, { name: 'tick', now: IDLE_S * 1000 })).toMatchObject({ warning_s: WARN_S, card: elder })
  })
  it('has to wait while the server is asked or a question stands', () => {
    const taking = play(start(0), service, take)
    expect(next(taking, lay(elder))).toBe(taking)
    const asked = next(taking, { name: 'refused', refused: 'queue-long', text: null, facts: { confirm: true } })
    expect(next(asked, lay(elder))).toBe(asked)
    const lost = next(taking, { name: 'lost' })
    expect(next(lost, lay(elder))).toBe(lost)
  })
  it('told twice counts once', () => {
    const once = play(start(0), lay(elder))
    expect(next(once, lay(elder))).toBe(once)
  })
  it('of the next person ends the visit of the one before', () => {
    const shown = play(start(0), { name: 'look', look: { lang: 'en' } }, service, lay(elder), { name: 'taken', taken: taken(), now: 0 })
    expect(next(shown, lay(adult, 9))).toMatchObject({ at: { step: 'mine' }, card: adult, look: { lang: '', elder: false } })
  })
  it('checks in, and a no leads back to it', () => {
    const asking = play(start(0), lay(adult), { name: 'by_card', request_id: 'r-b' })
    expect(asking.at).toMatchObject({ step: 'taking', code: BY_CARD })
    const no = next(asking, { name: 'refused', refused: 'booking-none', text: null })
    expect(next(no, { name: 'back' })).toMatchObject({ at: { step: 'mine' }, card: adult })
  })
  it('shows a number that its holder has already', () => {
    expect(play(start(0), lay(adult), { name: 'show', taken: taken({ id: 11, state: 'printed' }), now: 5 }).at).toMatchObject({ step: 'number', reprint: 'no' })
    expect(play(start(0), { name: 'show', taken: taken(), now: 5 }).at.step).toBe('home')
  })
  it('that was read too long ago has to be laid again', () => {
    const old = play(start(0), service, lay(adult), { name: 'refused', refused: 'card-expired', text: null })
    expect(old.card).toBe(undefined)
    expect(play(old, lay(elder)).at).toMatchObject({ step: 'taking', service: 'S001', request_id: 'r-c' })
    expect(play(start(0), lay(adult), { name: 'card.old' })).toMatchObject({ at: { step: 'mine' }, card: undefined })
  })
})

describe('离线取号: the server is away and the host beside the kiosk has numbers', () => {
  const spare: Msg = { name: 'take', request_id: 'r-1', spare: true }
  const offline: Taken = { ...taken(), offline: true }
  it('gives the number from the guide, as the server would', () => {
    const taking = play(start(0), service, spare)
    expect(taking.at).toMatchObject({ step: 'taking', spare: true, request_id: 'r-1', service: 'S001', priority: null })
    expect(play(taking, spare, { name: 'home' }).at).toEqual(taking.at)
    expect(play(taking, { name: 'taken', taken: offline, now: 0 }, { name: 'home' }).at.step).toBe('home')
  })
  it('carries the class and all services, and no card', () => {
    const full = play(start(0), service, { name: 'priority', priority: 'elder' }, { name: 'more' }, { name: 'service', service: 'S002' })
    const carded: Kiosk = { ...full, card: { id: 'c', reading: 'r', shown: '', kind: '', aged: '' } as CardRead }
    expect(play(carded, spare)).toMatchObject({ card: undefined, at: { step: 'taking', spare: true, service: 'S001', further: ['S002'], priority: 'elder' } })
    expect(play(start(0), service, { name: 'more' }, spare).at).toMatchObject({ step: 'taking', spare: true, service: 'S001' })
  })
  it('takes the place of a wish that got no answer, as the same request with all that it said', () => {
    const lost = play(start(0), service, { name: 'priority', priority: 'elder' }, { name: 'more' }, { name: 'service', service: 'S002' }, take, { name: 'lost' })
    expect(play(lost, { name: 'instead' }).at).toMatchObject({ step: 'taking', spare: true, request_id: 'r-1', service: 'S001', further: ['S002'], priority: 'elder' })
    const code = play(start(0), { name: 'code', code: '12345678', request_id: 'r-9' }, { name: 'lost' })
    expect(play(code, { name: 'instead' }).at.step).toBe('lost') // only the server knows appointments
  })
  it('tells a no, and goes back to the start', () => {
    const no = play(start(0), service, spare, { name: 'refused', refused: 'offline-empty', text: null })
    expect(no.at).toMatchObject({ step: 'refused', spare: true, refused: 'offline-empty' })
    expect(play(no, { name: 'back' }).at.step).toBe('home')
  })
  it('is no way around a number that is being taken', () => {
    expect(play(start(0), service, take, spare).at).toMatchObject({ step: 'taking', request_id: 'r-1' })
    expect(play(start(0), service, take, spare).at).not.toHaveProperty('spare')
  })
})
