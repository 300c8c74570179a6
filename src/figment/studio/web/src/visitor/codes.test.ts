import { expect, test } from 'vitest'
import { between, erf, erfinv, moved, numbered, onLoop, type Prior } from './codes'
import golden from './golden.json'
import { below, normal, seedAt, uniform } from './random'

const SEED = 20_261_201
const close = (found: ArrayLike<number>, wanted: number[]) => {
  expect(found.length).toBe(wanted.length)
  wanted.forEach((it, i) => expect(Math.abs(found[i]! - it)).toBeLessThan(4e-6)) // as figment's own, see docs/export.md
}

test('seeds, uniform and whole numbers are figment’s to the bit', () => {
  const seeds = [0, SEED].flatMap((seed) => ['sample', 'class'].flatMap((place) => [0, 15].map((i) => seedAt(seed, place, i))))
  expect(seeds).toEqual(golden.seeds)
  expect([...uniform(SEED, 700)].slice(-4)).toEqual(golden.uniform.map((it) => Math.fround(2 * it - 1)))
  expect(Array.from({ length: 8 }, (_, seed) => below(seed, 7))).toEqual(golden.below)
})

test('normal numbers are torch’s to the last digits, in short rows and in blocks', () => {
  for (const [n, wanted] of Object.entries(golden.normal)) close(normal(SEED, Number(n)), wanted)
})

test('the error function and its inverse', () => {
  expect(erf(0.5)).toBeCloseTo(0.5204998778130465, 14)
  expect(erf(3)).toBeCloseTo(0.9999779095030014, 14)
  for (const y of [-0.999999, -0.3, 1e-9, 0.7, 1 - 2 ** -24]) expect(erf(erfinv(y))).toBeCloseTo(y, 12)
})

test.each(['uniform', 'normal'] as Prior[])('codes and the ways between them: %s', (prior) => {
  const wanted = golden[`${prior}_ways`]
  const codes = [0, 1, 2, 3].map((i) => numbered(SEED, i, 6, prior))
  codes.forEach((code, i) => close(code, wanted.codes[i]!))
  const length = Math.sqrt(55)
  const vector = Float32Array.from([0, 1, 2, 3, 4, 5], (it) => it / length)
  close(moved(codes[0]!, [{ vector, amount: -1.5 }], prior), wanted.moved)
  close(between(codes, 0.3, 0.8, prior), wanted.between)
  close(onLoop(codes.slice(0, 3), 0.4, prior), wanted.loop[0]!)
  close(onLoop(codes, 0.9, prior), wanted.loop[1]!)
})
