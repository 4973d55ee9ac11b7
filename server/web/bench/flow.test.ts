import { describe, expect, it } from 'vitest'
import { benchtop, CABLE, type Digits, digitsOf, dotsOf, faultsOf, isDigits, isOn, isReprint, type Keypad, keysOf, kindOf, type Model, newestFirst, placeOf, placesOf, ratingValue, runsOf, type Strip, switchOver, unpack } from './flow'

const model = (name: string, more: Partial<Model> = {}): Model => ({ model: name, unplugged: false, faults: [], offers: [], ...more })

describe('the bench', () => {
  it('lays out printers, then one desk per window, counted as people count', () => {
    const top = benchtop({
      'keypad-W10': model('keypad_ff68'), 'strip-W02': model('onbon_bxk'), 'keypad-W02': model('keypad_ff68'),
      'printer-K2': model('escpos'), 'printer-K1': model('escpos'), 'thing-X1': model('unheard-of'),
    })
    expect(top.printers.map((p) => p.place)).toEqual(['K1', 'K2'])
    expect(top.desks.map((d) => [d.place, !!d.strip, !!d.keypad])).toEqual([['W02', true, true], ['W10', false, true]])
  })
  it('puts readers and scanners beside them', () => {
    const top = benchtop({ 'reader-K2': model('idcard_sam'), 'scanner-K1': model('scanner'), 'reader-K1': model('idcard_sam') })
    expect([top.readers.map((r) => r.name), top.scanners.map((s) => s.name)]).toEqual([['reader-K1', 'reader-K2'], ['scanner-K1']])
    expect(isOn(model('idcard_sam', { faults: ['slow'] }), 'slow')).toBe(true)
  })
  it('shows every strip of a window', () => {
    const [desk] = benchtop({ 'digits-W10': model('modbus_led'), 'board-W10': model('apertum_board') }).desks
    expect([desk!.strip?.name, desk!.more.map((s) => s.name)]).toEqual(['digits-W10', ['board-W10']])
  })
  it('knows kinds and places', () => {
    expect(kindOf({ model: 'escpos' })).toBe('printer')
    expect(kindOf({ model: 'x' })).toBeNull()
    expect(['strip-W03', 'printer-K1', 'hall'].map(placeOf)).toEqual(['W03', 'K1', 'hall'])
  })
  it('sets screens over no window apart', () => {
    const top = benchtop({ 'summary-1': model('pingan_lihe', { screen: 'summary' }), 'strip-W01': model('pingan_lihe', { screen: 'strip' }), 'strip-W02': model('alpha') })
    expect(top.summaries.map((s) => s.name)).toEqual(['summary-1'])
    expect(top.desks.map((d) => d.place)).toEqual(['W01', 'W02'])
  })
  it('shows a strip in its colours', () => {
    const strip = (more: object) => model('alpha', { text: 'A1', on: true, width: 1, height: 1, ...more }) as Strip
    expect(runsOf(strip({}))).toEqual([{ text: 'A1', colour: '' }])
    expect(runsOf(strip({ runs: [{ text: 'A1', colour: 'green' }] }))).toEqual([{ text: 'A1', colour: 'green' }])
  })
  it('asks a device itself what may be broken and which keys it has', () => {
    expect(faultsOf(model('apertum_box', { offers: ['collision'] }))).toEqual(['unplug', 'collision'])
    expect(faultsOf(model('unheard-of'))).toEqual(['unplug'])
    expect(keysOf(model('apertum_box', { keys: ['start', 'end'] }) as Keypad)).toEqual(['start', 'end'])
    expect(keysOf(model('keypad_ff68') as Keypad)).toContain('recall')
  })
  it('shows what is wrong with the cable at everything that hangs on it', () => {
    const spoilt = model('onbon_bxk', { cable: ['echo', 'noise'], node: 'ttyV3' })
    expect(CABLE.filter((f) => isOn(spoilt, f))).toEqual(['echo', 'noise'])
    expect(switchOver(spoilt, 'echo')).toEqual({ act: 'clear', fault: 'echo' })
    expect(switchOver(spoilt, 'renumber')).toEqual({ act: 'fault', fault: 'renumber' })
  })
  it('fills a number display from the right', () => {
    const four = model('modbus_led', { text: 'A1', digits: 4 }) as Digits
    expect(isDigits(four) && placesOf(four)).toEqual(['', '', 'A', '1'])
    expect(placesOf({ ...four, text: '' })).toEqual(['', '', '', ''])
    expect(isDigits(model('onbon_bxk'))).toBe(false)
  })
  it('feels a fault where it shows and switches it over', () => {
    const out = model('escpos', { offers: ['cutter', 'head'], faults: ['cutter'] })
    expect(faultsOf(out).filter((f) => isOn(out, f))).toEqual(['cutter'])
    expect(switchOver(out, 'cutter')).toEqual({ act: 'clear', fault: 'cutter' })
    expect(switchOver(out, 'head')).toEqual({ act: 'fault', fault: 'head' })
    expect(switchOver(out, 'run_out')).toEqual({ act: 'fault', fault: 'run_out', value: 20 })
    expect(switchOver(model('escpos', { faults: ['run_out'] }), 'run_out')).toEqual({ act: 'clear', fault: 'run_out' })
    expect(switchOver(out, 'unplug')).toEqual({ act: 'unplug' })
    expect(switchOver({ ...out, unplugged: true }, 'unplug')).toEqual({ act: 'replug' })
  })
  it('reads six digits, dark ones too', () => {
    expect(digitsOf(' 12012')).toEqual(['', '1', '2', '0', '1', '2'])
    expect(digitsOf('')).toEqual(['', '', '', '', '', ''])
  })
  it('rates from the best button on', () => {
    expect([5, 3, 1].map(ratingValue)).toEqual([0, 2, 4])
  })
  it('shows the newest paper first and knows a reprint', () => {
    const papers = [{ lines: [{ text: '补打 第2次' }], mm: 1, end: 'cut' as const }, { lines: [{ qr: 'x' }], mm: 1, end: '' as const }]
    expect(newestFirst(papers).map((p) => p.end)).toEqual(['', 'cut'])
    expect(papers.map(isReprint)).toEqual([true, false])
  })
  it('unpacks dots', () => {
    expect(dotsOf(Uint8Array.of(0x80, 0x01), 8)).toEqual([[true, false, false, false, false, false, false, false], [false, false, false, false, false, false, false, true]])
    expect(dotsOf(Uint8Array.of(0xff), 16)).toEqual([])
  })
  it('unpacks what the printer packed', async () => {
    // base64(zlib.compress(bytes.fromhex('ff00ff')))
    expect([...(await unpack('eNr7z/AfAAP/Af8='))]).toEqual([0xff, 0x00, 0xff])
    await expect(unpack('AAAA')).rejects.toBeTruthy()
  })
})
