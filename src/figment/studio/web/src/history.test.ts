import { expect, test } from 'vitest'
import { around, outwards, scattered } from './watch/frames'
import { grown, joined, type History } from './history'

const empty: History = {
  after: '', readings: 1, ticks: { images: [10], seconds: [1], spread: [0.5] }, charts: [], words: [{ images: 10, said: [{ text: 'a collapse', means: 'A' }] }],
  meanings: [{ words: 'a collapse', means: 'A' }, { words: 'balance', means: 'B' }],
  scores: [], score_words: null, sheets: [{ images: 0, seconds: 0 }], grid: [1, 1], notes: [], shape: [16, 16], classes: [], frames: 0, seed: 0, starts_known: false, ends: null,
} as unknown as History // prettier-ignore

test('events make a history longer and leave the old one alone', () => {
  const later = grown(empty, [
    { event: 'tick', images: 20, seconds: 2, spread: 0.6, diagnosis: ['a collapse'] },
    { event: 'tick', images: 30, seconds: 3, spread: null, diagnosis: ['in balance, spread 0.6', 'odd'] },
    { event: 'snapshot', images: 30, seconds: 3 },
    { event: 'score', images: 30, seconds: 3, fd: 12, error: 1, floor: 5, title: 'FD' },
    { event: 'standstill', images: 30, text: 'it stood still' },
  ])
  expect(later.ticks).toEqual({ images: [10, 20, 30], seconds: [1, 2, 3], spread: [0.5, 0.6, null] })
  expect(later.words.map((it) => it.said)).toEqual([
    [{ text: 'a collapse', means: 'A' }],
    [{ text: 'in balance, spread 0.6', means: 'B' }, { text: 'odd', means: null }],
  ])
  expect(later.sheets.map((it) => it.images)).toEqual([0, 30])
  expect(later.scores[0]!.fd).toBe(12)
  expect(later.notes[0]!.text).toBe('it stood still')
  expect(later.readings).toBe(3)
  expect(empty.ticks.images).toEqual([10])
})

test('a sheet that is told of twice is one', () => {
  expect(grown(empty, [{ event: 'snapshot', images: 0, seconds: 5 }]).sheets).toEqual([{ images: 0, seconds: 5 }])
})

test('thousands of readings more are thinned', () => {
  const many = Array.from({ length: 4001 }, (_, i) => ({ event: 'tick', images: 20 + i, spread: 1 }))
  const { ticks } = grown(empty, many)
  expect(ticks.images.length).toBe(2001)
  expect(ticks.spread!.length).toBe(2001)
})

test('curves of different places are joined over all of them', () => {
  const { x, ys } = joined([{ x: [1, 3], y: [10, 30] }, { x: [2, 3], y: [5, null] }])
  expect(x).toEqual([1, 2, 3])
  expect(ys).toEqual([[10, null, 30], [null, 5, null]])
})

test('neighbours ahead of the way come first, and none beyond the ends', () => {
  expect(around(5, 10, 1, 3)).toEqual([5, 6, 4, 7, 8])
  expect(around(0, 3, -1, 6)).toEqual([0, 1, 2])
})

test('places outwards, and scattered over a row', () => {
  expect([...outwards(1, 4)]).toEqual([1, 0, 2, 3])
  expect([...outwards(0, 0)]).toEqual([])
  expect(scattered(3, 5)).toEqual([0, 1, 2])
  expect(scattered(101, 5)).toEqual([0, 25, 50, 75, 100])
})
