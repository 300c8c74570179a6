import { expect, test } from 'vitest'
import { aboutOf, ago, chosen, coverOf, progressOf, scoreOf, type RunRow } from './rows'

const row = (name: string, more: Partial<RunRow> = {}): RunRow => ({
  id: name,
  kind: 'run',
  name,
  where: name,
  standing: 'done',
  study: null,
  ...more,
})

test('how far a run is', () => {
  expect(progressOf(row('a', { images: 1200, seconds: 75, budget_images: 5000, speed: 170.4, left: 30, standing: 'training' }))).toBe(
    '1,200 of 5,000 images seen in 1\u00a0min\u00a015\u00a0s, 170 a second, 30\u00a0s left',
  )
  expect(progressOf(row('a', { images: 0 }))).toBe('0 images seen')
  expect(progressOf(row('s', { kind: 'study', done: 3, cells: 12 }))).toBe('3 of 12 runs done')
})

test('a score has its error and what reals reach', () => {
  const score = { title: 'FD', value: 1301.99, error: 44.33, floor: 738.4, images: 500, is_last: true }
  expect(scoreOf(score)).toBe('FD 1,302 ± 44: lower is better, reals reach 738')
  expect(scoreOf({ ...score, error: null, is_last: false })).toBe('FD 1,302 after 500 images: lower is better, reals reach 738')
})

test('what a run was made with', () => {
  expect(aboutOf(row('a', { recipe: 'dcgan', shape: [64, 96], source: 'faces', origin: null }))).toBe('dcgan, 64×96 px, faces')
  expect(aboutOf(row('s', { kind: 'study', factors: ['lr', 'width'], source: 'faces' }))).toBe('lr × width, faces')
})

test('when it was', () => {
  expect([0, 59, 60, 3600, 90_000, 200_000].map((s) => ago(1e6 - s, 1e6))).toEqual([
    'just now', 'just now', '1 min ago', '1 h ago', 'yesterday', '2 days ago',
  ])
  expect(ago(1e6 + 5, 1e6)).toBe('just now') // a server whose clock is ahead
})

test('what is asked for comes in its order, and what trains comes first', () => {
  const rows = [
    row('a-10', { changed: 1 }),
    row('a-9', { changed: 2, standing: 'killed' }),
    row('b', { changed: 0, standing: 'training', source: 'faces' }),
    row('cell', { study: 's' }),
  ]
  const names = (...asked: [string | null, string, Parameters<typeof chosen>[3], Parameters<typeof chosen>[4]]) =>
    chosen(rows, ...asked).map((it) => it.name)
  expect(names(null, '', 'all', 'changed')).toEqual(['b', 'a-9', 'a-10'])
  expect(names(null, '', 'all', 'name')).toEqual(['a-9', 'a-10', 'b'])
  expect(names(null, 'FACES', 'all', 'name')).toEqual(['b'])
  expect(names(null, '', 'open', 'name')).toEqual(['a-9'])
  expect(names('s', '', 'all', 'name')).toEqual(['cell'])
})

test('a study is shown by the run that changed last', () => {
  const rows = [row('x', { study: 's', sheet: 5, changed: 1 }), row('y', { study: 's', sheet: 7, changed: 2 }), row('z', { study: 's' })]
  expect(coverOf(row('s', { kind: 'study' }), rows)?.name).toBe('y')
  expect(coverOf(row('z'), rows)).toBeNull()
})
