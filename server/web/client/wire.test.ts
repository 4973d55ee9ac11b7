import { describe, expect, it } from 'vitest'
import { event, join, read } from './wire'

// The examples of both protocols' own pages, in one of our namespaces.
describe('what the server says', () => {
  it.each([
    ['0{"sid":"lv_VI97HAXpY6yYWAAAC","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}', { is: 'open', patience_ms: 45000, sid: 'lv_VI97HAXpY6yYWAAAC' }],
    ['2', { is: 'ping' }],
    ['1', { is: 'left' }],
    ['40/hall,{"sid":"oSO0OpakMV_3jnilAAAA"}', { is: 'joined' }],
    ['40{"sid":"oSO0OpakMV_3jnilAAAA"}', { is: 'joined' }],
    ['41/hall,', { is: 'left' }],
    ['41/hall', { is: 'left' }],
    ['44/hall,{"message":"unknown-device"}', { is: 'refused', why: 'unknown-device' }],
    ['42/hall,["pulse",{"revision":7}]', { is: 'event', name: 'pulse', body: { revision: 7 } }],
    ['42["it\'s /hall, 12[x]",{}]', { is: 'event', name: "it's /hall, 12[x]", body: {} }],
    ['42/hall,["resync"]', { is: 'event', name: 'resync', body: undefined }],
    ['43/kiosk,12[{"ok":true}]', { is: 'answer', to: 12, body: { ok: true } }],
    ['43/kiosk,12[]', { is: 'answer', to: 12, body: undefined }],
  ])('%s', (text, word) => expect(read(text)).toEqual(word))

  it.each(['', '6', '3probe', '4', '42/hall,', '42/hall,["cut', '42/hall,null', '44/hall,', '0', '0[', '451-["binary"]', 'bAQIDBA==', '9/hall,[]', '\u0000'])('nothing of %j', (text) =>
    expect(read(text)).toBe(null),
  )
})

it('says it as Socket.IO does', () => {
  expect(join('/hall', { key: null })).toBe('40/hall,{"key":null}')
  expect(event('/hall', 'resync')).toBe('42/hall,["resync"]')
  expect(event('/kiosk', 'want_card', { wanted: true }, 0)).toBe('42/kiosk,0["want_card",{"wanted":true}]')
})
