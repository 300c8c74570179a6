// What all parts of the page share: the generator's facts, what draws, and what is chosen.
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import { numbered, numberedClass, truncated, type Code } from './codes'
import type { Engine } from './engine'
import type { Facts } from './facts'
import type { Pixels } from './pixels'

export const COUNT = 16 // pictures on the wall

export interface Settings {
  seed: number
  truncation: number
  label: number // −1: each its own
}

export interface Sample {
  code: Code
  label: number
}

export interface Desk {
  facts: Facts
  engine: Engine
  settings: Settings
  /** Sample number so and so of the seed, as `figment sample` has it. */
  sample: (number: number) => Sample
  say: (text: string) => void
}

export function sampleOf(facts: Facts, { seed, truncation, label }: Settings, number: number): Sample {
  const code = truncated(numbered(seed, number, facts.size, facts.prior), truncation)
  const own = facts.classes.length ? numberedClass(seed, number, facts.classes.length) : 0
  return { code, label: label < 0 ? own : label }
}

/** The same function, which works each answer out once. */
export function remembered<T>(of: (number: number) => T): (number: number) => T {
  const known = new Map<number, T>()
  return (number) => {
    if (!known.has(number)) known.set(number, of(number))
    return known.get(number)!
  }
}

/** Draw whenever what it depends on changes. Nothing queues: while one is drawn, only the newest waits. */
export function useDrawn(draw: () => Promise<void>, on: unknown[]): void {
  const state = useRef({ busy: false, next: null as (() => Promise<void>) | null, ended: false })
  useEffect(() => () => void (state.current.ended = true), [])
  useLayoutEffect(() => {
    const at = state.current
    const go = async (task: () => Promise<void>) => {
      at.busy = true
      await task().catch(console.error)
      at.busy = false
      const { next } = at
      at.next = null
      if (next && !at.ended) void go(next)
    }
    if (at.busy) at.next = draw
    else void go(draw)
  }, on)
}

export const labelled = (facts: Facts, label: number): string => (facts.classes.length ? `, ${facts.classes[label]}` : '')

/** Milliseconds of one drawing, where tests and the browser's own tools find it. */
export async function timed(name: string, work: () => Promise<Pixels[]>): Promise<Pixels[]> {
  const start = performance.now()
  const found = await work()
  performance.measure(name, { start, end: performance.now() })
  return found
}
