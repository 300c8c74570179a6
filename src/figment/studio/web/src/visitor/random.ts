// The random numbers of figment's samples: seeds by place (BLAKE2b), a Mersenne twister, and torch's ways to uniform and normal
// numbers. As common/seeds.py and common/torch_numbers.py have them, so that a seed draws here what `figment sample` draws.
const MASK = (1n << 64n) - 1n
const INITIAL = [
  0x6a09e667f3bcc908n, 0xbb67ae8584caa73bn, 0x3c6ef372fe94f82bn, 0xa54ff53a5f1d36f1n,
  0x510e527fade682d1n, 0x9b05688c2b3e6c1fn, 0x1f83d9abfb41bd6bn, 0x5be0cd19137e2179n,
]
const ORDER = [
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15], [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
  [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4], [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
  [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13], [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
  [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11], [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
  [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5], [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
]
const QUARTERS = [
  [0, 4, 8, 12], [1, 5, 9, 13], [2, 6, 10, 14], [3, 7, 11, 15], [0, 5, 10, 15], [1, 6, 11, 12], [2, 7, 8, 13], [3, 4, 9, 14],
] as const

const turned = (x: bigint, by: bigint): bigint => (x >> by) | ((x << (64n - by)) & MASK)

/** The first 8 bytes of BLAKE2b (RFC 7693, digest of 8 bytes, no key) of up to 128 bytes, as a little-endian number. */
export function blake2b(text: string): bigint {
  const bytes = new Uint8Array(128)
  const given = new TextEncoder().encode(text)
  if (given.length > 128) throw new RangeError('one block alone')
  bytes.set(given)
  const view = new DataView(bytes.buffer)
  const message = Array.from({ length: 16 }, (_, i) => view.getBigUint64(8 * i, true))
  const h0 = INITIAL[0]! ^ 0x01010008n
  const v = [h0, ...INITIAL.slice(1), ...INITIAL]
  v[12]! ^= BigInt(given.length)
  v[14]! ^= MASK // the last block, which is the first
  for (let round = 0; round < 12; round++) {
    const order = ORDER[round % 10]!
    QUARTERS.forEach(([a, b, c, d], i) => {
      v[a] = (v[a]! + v[b]! + message[order[2 * i]!]!) & MASK
      v[d] = turned(v[d]! ^ v[a]!, 32n)
      v[c] = (v[c]! + v[d]!) & MASK
      v[b] = turned(v[b]! ^ v[c]!, 24n)
      v[a] = (v[a]! + v[b]! + message[order[2 * i + 1]!]!) & MASK
      v[d] = turned(v[d]! ^ v[a]!, 16n)
      v[c] = (v[c]! + v[d]!) & MASK
      v[b] = turned(v[b]! ^ v[c]!, 63n)
    })
  }
  return h0 ^ v[0]! ^ v[8]!
}

/** Of the seed for one place, such as ("sample", 3), the lower 32 bits: all that the twister takes. */
export const seedAt = (seed: number, place: string, number: number): number =>
  Number((blake2b(`(${seed}, '${place}', ${number})`) >> 1n) & 0xffffffffn)

/** The Mersenne twister's first words (Matsumoto and Nishimura 1998, MT19937). */
export function words(seed: number, count: number): Uint32Array {
  const N = 624
  const state = new Uint32Array(N)
  state[0] = seed
  for (let i = 1; i < N; i++) {
    const before = state[i - 1]! ^ (state[i - 1]! >>> 30)
    state[i] = Math.imul(1812433253, before) + i
  }
  const found = new Uint32Array(count)
  for (let i = 0; i < count; i++) {
    const at = i % N
    const both = (state[at]! & 0x80000000) | (state[(at + 1) % N]! & 0x7fffffff)
    let y = (state[at] = state[(at + 397) % N]! ^ (both >>> 1) ^ (both & 1 ? 0x9908b0df : 0))
    y ^= y >>> 11
    y ^= (y << 7) & 0x9d2c5680
    y ^= (y << 15) & 0xefc60000
    found[i] = y ^ (y >>> 18)
  }
  return found
}

const fractions = (seed: number, count: number): Float32Array =>
  Float32Array.from(words(seed, count), (word) => (word & 0xffffff) * 2 ** -24)

/** torch.randint(limit, (1,)). */
export const below = (seed: number, limit: number): number => words(seed, 1)[0]! % limit

/** torch.rand(count) · 2 − 1. */
export const uniform = (seed: number, count: number): Float32Array => fractions(seed, count).map((it) => it * 2 - 1)

const LONG_ROW = 16 // normal numbers from which on torch takes them in blocks
const TWO_PI = Math.fround(2 * Math.PI)

/** torch.randn(count), to the last digits: torch's own differ from one kind of processor to another. */
export function normal(seed: number, count: number): Float32Array {
  const row = new Float32Array(count)
  if (count < LONG_ROW) {
    const drawn = words(seed, 4 * Math.ceil(count / 2))
    const share = (i: number) => ((drawn[i]! & 0x1fffff) * 2 ** 32 + drawn[i + 1]!) * 2 ** -53
    for (let i = 0; i < count; i += 2) {
      const radius = Math.sqrt(-2 * Math.log1p(-share(2 * i + 2)))
      const angle = 2 * Math.PI * share(2 * i)
      row[i] = radius * Math.cos(angle)
      if (i + 1 < count) row[i + 1] = radius * Math.sin(angle)
    }
    return row
  }
  const rest = count % LONG_ROW
  const drawn = fractions(seed, count + (rest ? LONG_ROW : 0))
  for (let start = 0; start + LONG_ROW <= count; start += LONG_ROW) block(drawn, start, row, start)
  if (rest) block(drawn, count, row, count - LONG_ROW) // the last 16 are drawn anew, over numbers that were there
  return row
}

/** Box and Muller's pairs: number i of a block makes one with number i + 8. */
function block(from: Float32Array, start: number, to: Float32Array, place: number): void {
  for (let i = 0; i < LONG_ROW / 2; i++) {
    const radius = Math.sqrt(-2 * Math.log1p(-from[start + i]!))
    const angle = Math.fround(TWO_PI * from[start + 8 + i]!)
    to[place + i] = radius * Math.cos(angle)
    to[place + 8 + i] = radius * Math.sin(angle)
  }
}
