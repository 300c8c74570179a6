import { expect, test } from 'vitest'
import { count, digits, movingAverage, nearestTo, placeAt, short, time, several } from './numbers'

test('numbers are short on axes and whole in words', () => {
  expect([0, 999, 1500, 49152, 2e6, 0.25].map(short)).toEqual(['0', '999', '1.5k', '49.15k', '2M', '0.25'])
  expect(count(49152)).toBe('49,152')
  expect([1301.995, 12.345, 0.01234, null, NaN].map((it) => digits(it))).toEqual(['1,302', '12.3', '0.0123', '–', '–'])
})

test('time is told by its two largest parts', () => {
  expect([0, 59.6, 75, 3600, 5430].map(time)).toEqual(['0 s', '1 min', '1 min 15 s', '1 h', '1 h 30 min'])
})

test('places among ascending numbers', () => {
  const numbers = [0, 10, 20, 40]
  expect([-5, 0, 9, 10, 39, 99].map((it) => placeAt(numbers, it))).toEqual([0, 0, 0, 1, 2, 3])
  expect([-5, 4, 6, 29, 31, 99].map((it) => nearestTo(numbers, it))).toEqual([0, 0, 1, 2, 3, 3])
  expect(nearestTo([], 3)).toBe(0)
})

test('a moving average leaves gaps out and is cut off at the ends', () => {
  expect(movingAverage([1, 2, 3, null, 5], 3)).toEqual([1.5, 2, 2.5, 4, 5])
  expect(movingAverage([null, null], 3)).toEqual([null, null])
  expect(movingAverage([1, 2], 1)).toEqual([1, 2])
})

test('one frame is no frames', () => {
  expect([several(1.2, 'frame'), several(0, 'frame'), several(1500, 'turn')]).toEqual(['1 frame', '0 frames', '1,500 turns'])
})
