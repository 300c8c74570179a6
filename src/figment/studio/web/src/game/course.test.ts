import { expect, test } from 'vitest'
import { begun, gone } from './course'
import type { Shot } from './message'

const shot = (stepsG: number, more: Partial<Shot> = {}): Shot =>
  ({ stepsG, stepsD: stepsG, lossG: 1, lossD: 2, separation: 0.5, covered: 2, modes: 8, ...more }) as Shot

test('a course keeps to a length, and to one reading a step', () => {
  let course = begun()
  for (let i = 0; i < 2000; i++) course = gone(course, shot(i))
  expect(course.steps.length).toBeLessThanOrEqual(801)
  expect(course.steps.at(-1)).toBe(1999)
  expect([...course.steps].sort((a, b) => a - b)).toEqual(course.steps)
  const again = gone(course, shot(1999, { lossG: 9 }))
  expect([again.steps.length, again.lossG.at(-1)]).toEqual([course.steps.length, 9])
})

test('what is no number is a gap', () => {
  const course = gone(begun(), shot(1, { lossG: Infinity, modes: null, covered: null }))
  expect([course.lossG, course.covered, course.lossD]).toEqual([[null], [null], [2]])
})
