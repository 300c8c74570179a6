import { expect, test } from 'vitest'
import { progressOf, type Film } from './export'

const film: Film = { id: 'x', state: 'working', before: 0, done: 0, total: 0, told: '' }

test('how far a film is', () => {
  expect(progressOf({ ...film, state: 'waiting', before: 3 })).toBe('3 films come first …')
  expect(progressOf({ ...film, state: 'waiting', before: 1 })).toBe('One film comes first …')
  expect(progressOf(film)).toBe('It begins …')
  expect(progressOf({ ...film, done: 1199, total: 1200 })).toBe('1,199 of 1,200 frames, 99 %')
  expect(progressOf({ ...film, done: 1200, total: 1200 })).toBe('Writing the file …')
})
