// Runs that are compared: what each is called and drawn in.

export interface Compared {
  id: string
  name: string
  colour: string
  dashes: number[]
}

export interface Comparison {
  settings: { label: string; runs: { id: string; name: string; seed: number }[] }[]
  sentences: string[]
  command: string | null
  alike: boolean
  scores: string[][]
  meanings: string[]
  judge: string | null
  pairs: { first: string; second: string; by: string; sure: boolean }[]
  differences: { section: string; field: string; values: string[]; meaning: string }[]
}

const COLOURS = ['first', 'second', 'third', 'fourth', 'fifth', 'sixth']
const DASHES = [[], [4, 2], [1, 1.5]]

/** Colours by setting: runs that differ by their seeds alone share one. */
export function coloured({ settings }: Comparison): Compared[] {
  return settings.flatMap(({ runs }, place) =>
    runs.map(({ id, name }) => ({ id, name, colour: COLOURS[place % COLOURS.length]!, dashes: DASHES[Math.floor(place / COLOURS.length) % DASHES.length]! })),
  )
}

/** Ids in an address: ?runs=a,b. */
export const idsIn = (query: URLSearchParams): string[] => [...new Set((query.get('runs') ?? '').split(',').filter((it) => /^\w{1,32}$/.test(it)))]

/** Where something lies between the first and the last of them all: the furthest that all have come to, by images or seconds. */
export const common = (ends: readonly number[]): number => Math.min(...ends)
