import { expect, test } from 'vitest'
import { defaults, limits, nameOf } from './settings'

test('a game is named by what sets it apart', () => {
  expect(nameOf({ objective: 'bce', r1: 1, r2: 0, generator_steps: 10, discriminator_steps: 1 })).toBe('BCE, R1, 10 steps of G')
  expect(nameOf({ objective: 'wgan', r1: 0, gradient_penalty: 1, generator_steps: 1, discriminator_steps: 5 })).toBe('Wasserstein, penalty, 5 steps of D')
  expect(nameOf({ objective: 'ml', generator_steps: 1, discriminator_steps: 1 })).toBe('maximum likelihood, no penalty')
})

test('limits and defaults are the server’s', () => {
  const batch = { default: 128, description: '', type: 'integer', minimum: 1, maximum: 512 }
  const rate = { default: 0.002, description: '', type: 'number', exclusiveMinimum: 0, maximum: 1 }
  expect(limits(batch)).toEqual({ min: 1, max: 512, step: 1 })
  expect(limits(rate)).toEqual({ min: 0, max: 1, step: 'any' })
  expect(defaults({ points: {}, lessons: {}, settings: { batch, rate } })).toEqual({ batch: 128, rate: 0.002 })
})
