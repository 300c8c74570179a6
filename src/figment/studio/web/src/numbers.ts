// Numbers as people read them.

/** 1500 → 1.5k, 2000000 → 2M: for axes. */
export function short(value: number): string {
  for (const [size, letter] of [[1e6, 'M'], [1e3, 'k']] as const)
    if (Math.abs(value) >= size) return `${+(value / size).toPrecision(4)}${letter}`
  return `${+value.toPrecision(4)}`
}

/** 12345 → 12,345. */
export const count = (value: number): string => Math.round(value).toLocaleString('en')

/** 1 frame, 2 frames. */
export const several = (value: number, what: string): string => `${count(value)} ${what}${Math.round(value) === 1 ? '' : 's'}`

/** As many digits as a reading needs: 1,302, 12.3, .0123 as 0.0123; an en dash for nothing. */
export function digits(value: number | null | undefined, places = 3): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–'
  if (Math.abs(value) >= 1000) return count(value)
  return `${+value.toPrecision(places)}`
}

/** 5400 → 1 h 30 min, 75 → 1 min 15 s. */
export function time(seconds: number): string {
  const whole = Math.round(seconds)
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60]
  if (h) return m ? `${h} h ${m} min` : `${h} h`
  if (m) return s ? `${m} min ${s} s` : `${m} min`
  return `${s} s`
}

/** The place of the largest of ascending numbers that isn't above a value; 0 where all are. */
export function placeAt(ascending: ArrayLike<number>, value: number): number {
  let low = 0
  let high = ascending.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (ascending[middle]! <= value) low = middle
    else high = middle - 1
  }
  return low
}

/** The place of the one of ascending numbers that lies nearest to a value. */
export function nearestTo(ascending: ArrayLike<number>, value: number): number {
  const place = placeAt(ascending, value)
  const next = place + 1
  return next < ascending.length && ascending[next]! - value < value - ascending[place]! ? next : place
}

/** Means over a window centred on each value, cut off at the ends; gaps stay out of them. */
export function movingAverage(values: readonly (number | null)[], window: number): (number | null)[] {
  const reach = Math.floor(window / 2)
  const sums = [0]
  const counts = [0]
  for (const value of values) {
    sums.push(sums.at(-1)! + (value ?? 0))
    counts.push(counts.at(-1)! + (value === null ? 0 : 1))
  }
  return values.map((_, i) => {
    const from = Math.max(0, i - reach)
    const to = Math.min(values.length, i + reach + 1)
    const n = counts[to]! - counts[from]!
    return n ? (sums[to]! - sums[from]!) / n : null
  })
}
