import { expect, test } from 'vitest'
import { filmAt } from './moving'

test('the film of a moment is the last before it, or the first', () => {
  const films = [0, 1000, 8000]
  expect([0, 999, 1000, 7999, 90000].map((it) => filmAt(films, it))).toEqual([0, 0, 1000, 1000, 8000])
  expect(filmAt([1000], 10)).toBe(1000)
})
