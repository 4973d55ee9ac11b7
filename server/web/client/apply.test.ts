import { describe, expect, it } from 'vitest'
import { applyChanges, applySnapshot, behind, type Picture } from './apply'

const mine: Picture = { revision: 5, at: 't5', rows: { windows: { W01: { state: 'open' }, W02: { state: 'open' } } }, values: { day: 1 } }
const changes = { since: 5, revision: 6, at: 't6', events: [{ name: 'window.paused' }], rows: {}, values: {} }

describe('changes', () => {
  it('merge rows, drop deleted ones, replace values and hand on the events', () => {
    const { picture, verdict, events } = applyChanges(mine, {
      ...changes, rows: { windows: { W01: { state: 'paused' }, W02: null }, queues: { A: { waiting: 1 } } }, values: { calls: [] },
    })
    expect(verdict).toBe('taken')
    expect(picture?.rows).toEqual({ windows: { W01: { state: 'paused' } }, queues: { A: { waiting: 1 } } })
    expect(picture?.values).toEqual({ day: 1, calls: [] })
    expect(events).toHaveLength(1)
    expect(mine.rows.windows?.W02).toBeDefined()
  })
  it('heard before are ignored, and so are their events', () => {
    expect(applyChanges(mine, { ...changes, since: 4, revision: 5 })).toEqual({ picture: mine, verdict: 'old', events: [] })
  })
  it('that may overlap are taken', () => {
    expect(applyChanges(mine, { ...changes, since: 3, revision: 7 }).verdict).toBe('taken')
  })
  it('after a gap show that something was missed', () => {
    expect(applyChanges(mine, { ...changes, since: 6, revision: 7 }).verdict).toBe('missed')
    expect(applyChanges(null, changes).verdict).toBe('missed')
  })
})

describe('snapshot', () => {
  const older = { revision: 3, at: 't3', rows: {}, values: {} }
  it('replaces the picture', () => {
    expect(applySnapshot(mine, { ...older, revision: 9 }).picture?.revision).toBe(9)
    expect(applySnapshot(null, older).verdict).toBe('taken')
  })
  it('older than the picture is doubted once, then believed', () => {
    const first = applySnapshot(mine, older)
    expect(first.verdict).toBe('missed')
    expect(first.picture?.revision).toBe(5)
    expect(applySnapshot(first.picture, older)).toMatchObject({ verdict: 'taken', picture: { revision: 3 } })
  })
  it('doubt ends with the next change', () => {
    const doubted = applySnapshot(mine, older).picture
    const moved = applyChanges(doubted, changes).picture
    expect(applySnapshot(moved, older).verdict).toBe('missed')
  })
})

it('a pulse tells who is behind', () => {
  expect(behind(mine, { revision: 5, at: '' })).toBe(false)
  expect(behind(mine, { revision: 6, at: '' })).toBe(true)
  expect(behind(null, { revision: 0, at: '' })).toBe(true)
})
