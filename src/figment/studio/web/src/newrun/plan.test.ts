import { expect, test } from 'vitest'
import { parted } from './plan'

test('a line of a plan has a name and what it is, or is a sentence', () => {
  expect(parted('machine        AMD EPYC (cpu)')).toEqual(['machine', 'AMD EPYC (cpu)'])
  expect(parted('300 pictures from faces: 270 to train on.')).toEqual(['', '300 pictures from faces: 270 to train on.'])
})
