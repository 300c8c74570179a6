import { expect, test } from 'vitest'
import { match } from './router'

test('a pattern finds its parts', () => {
  expect(match('/watch/{id}', '/watch/3f2a')).toEqual({ id: '3f2a' })
  expect(match('/watch/{id}', '/watch/3f2a/')).toEqual({ id: '3f2a' })
  expect(match('/', '/')).toEqual({})
})

test('what does not fit is null', () => {
  expect(match('/watch/{id}', '/watch')).toBeNull()
  expect(match('/watch/{id}', '/play/3f2a')).toBeNull()
  expect(match('/game', '/game/more')).toBeNull()
})
