// Codes: numbered samples of a seed, and the ways between and beside them, in Gaussian space as figment's own.
import { below, normal, seedAt, uniform } from './random'

export type Prior = 'uniform' | 'normal'
export type Code = Float32Array

const LARGEST = 1 - 2 ** -24 // the uniform prior can draw −1 itself, whose place is infinite

/** Code number `number` of a seed: see figment.codes.numbered. */
export function numbered(seed: number, number: number, size: number, prior: Prior): Code {
  return (prior === 'uniform' ? uniform : normal)(seedAt(seed, 'sample', number), size)
}

/** Class of sample number `number` of a seed. */
export const numberedClass = (seed: number, number: number, classes: number): number =>
  below(seedAt(seed, 'class', number), classes)

/** Drawn in towards the prior's mean, which is 0. */
export const truncated = (code: Code, truncation: number): Code => code.map((it) => it * Math.fround(truncation))

/** The error function, by a series of positive terms alone: 2/√π · exp(−x²) · Σ 2ⁿ x²ⁿ⁺¹ / (2n + 1)!!. */
export function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x)
  let term = x
  let sum = x
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) sum += term *= (2 * x * x) / (2 * n + 1)
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum
}

/** Its inverse: Winitzki's approximation, and then Halley's steps. */
export function erfinv(y: number): number {
  if (y === 0) return 0
  const log = Math.log1p(-y * y)
  const half = 2 / (Math.PI * 0.147) + log / 2
  let x = Math.sign(y) * Math.sqrt(Math.sqrt(half * half - log / 0.147) - half)
  for (let i = 0; i < 3; i++) {
    const step = (erf(x) - y) / ((2 / Math.sqrt(Math.PI)) * Math.exp(-x * x))
    x -= step / (1 + x * step)
  }
  return x
}

export function toGaussian(code: Code, prior: Prior): Float64Array {
  if (prior === 'normal') return Float64Array.from(code)
  return Float64Array.from(code, (it) => erfinv(Math.min(LARGEST, Math.max(-LARGEST, it))) * Math.SQRT2)
}

export function fromGaussian(gaussian: Float64Array, prior: Prior): Code {
  return Float32Array.from(prior === 'normal' ? gaussian : gaussian.map((it) => erf(it / Math.SQRT2)))
}

/** A code moved along unit vectors by so many deviations of the prior each. */
export function moved(code: Code, moves: { vector: Float32Array; amount: number }[], prior: Prior): Code {
  if (!moves.some((it) => it.amount)) return code
  const place = toGaussian(code, prior)
  for (const { vector, amount } of moves) vector.forEach((it, i) => (place[i]! += amount * it))
  return fromGaussian(place, prior)
}

const length = (x: Float64Array): number => Math.sqrt(x.reduce((sum, it) => sum + it * it, 0))

/** Along a great circle, lengths being interpolated as well (Shoemake 1985). */
export function slerp(first: Code, second: Code, share: number, prior: Prior): Code {
  const [a, b] = [toGaussian(first, prior), toGaussian(second, prior)]
  const [long, other] = [length(a), length(b)]
  const cosine = a.reduce((sum, it, i) => sum + (it / long) * (b[i]! / other), 0)
  const angle = Math.acos(Math.min(1, Math.max(-1, cosine)))
  const sine = Math.sin(angle)
  const [p, q] = sine > 1e-6 ? [Math.sin((1 - share) * angle) / sine, Math.sin(share * angle) / sine] : [1 - share, share]
  const size = long + (other - long) * share
  return fromGaussian(a.map((it, i) => size * ((p * it) / long + (q * b[i]!) / other)), prior)
}

/** A place on the pad between four: x to the right, y down, each 0 to 1. */
export function between(corners: Code[], x: number, y: number, prior: Prior): Code {
  const [a, b, c, d] = corners as [Code, Code, Code, Code]
  return slerp(slerp(a, b, x, prior), slerp(c, d, x, prior), y, prior)
}

/** The moment `time` (0 to 1) of a closed, smooth path past keyframes: figment.explore.walk.along_loop. */
export function onLoop(keyframes: Code[], time: number, prior: Prior): Code {
  const count = keyframes.length
  const t = time * count
  const even = count % 2 === 0
  const variance = even ? (count - 1 + Math.cos(Math.PI * t) ** 2) / count : 1
  const place = new Float64Array(keyframes[0]!.length)
  keyframes.forEach((keyframe, k) => {
    let weight = 1
    for (let m = 1; m <= (count - 1) >> 1; m++) weight += 2 * Math.cos(((2 * Math.PI) / count) * (t - k) * m)
    if (even) weight = (weight + Math.cos(Math.PI * (t - k))) / Math.sqrt(variance)
    toGaussian(keyframe, prior).forEach((it, i) => (place[i]! += (weight / count) * it))
  })
  return fromGaussian(place, prior)
}
