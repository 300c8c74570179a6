import { expect, test } from 'vitest'
import { coloured, idsIn, type Comparison } from './compared'

test('runs of one setting share a colour, and beyond six settings they are dashed', () => {
  const settings = Array.from({ length: 7 }, (_, i) => ({ label: `${i}`, runs: [{ id: `a${i}`, name: `a${i}`, seed: 0 }, { id: `b${i}`, name: `b${i}`, seed: 1 }] }))
  const found = coloured({ settings } as Comparison)
  expect(found[0]!.colour).toBe(found[1]!.colour)
  expect([found[0]!.dashes, found[12]!.dashes]).toEqual([[], [4, 2]])
  expect(found[12]!.colour).toBe('first')
})

test('ids in an address are taken once, and nothing else is', () => {
  expect(idsIn(new URLSearchParams('runs=a1,b2,a1,,<x>'))).toEqual(['a1', 'b2'])
  expect(idsIn(new URLSearchParams(''))).toEqual([])
})
