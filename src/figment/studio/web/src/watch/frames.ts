// Pictures of a long row, decoded shortly before they are wanted: what a slider that moves over hundreds of them draws from.

const AT_ONCE = 4 // that are loaded side by side
const MOST_PIXELS = 48e6 // of all that are kept: four bytes each

export class Frames {
  private kept = new Map<string, ImageBitmap>() // the one that was wanted longest ago first
  private pixels = 0
  private loading = new Set<string>()
  private failed = new Set<string>()
  private wanted: string[] = []
  private ended = false

  /** address: of a picture by its key; arrived: called when one is there. */
  constructor(
    private address: (key: string) => string,
    private arrived: () => void,
  ) {}

  get(key: string): ImageBitmap | undefined {
    const found = this.kept.get(key)
    if (found) {
      this.kept.delete(key)
      this.kept.set(key, found)
    }
    return found
  }

  /** Of keys the first that is there. */
  first(keys: Iterable<string>): ImageBitmap | undefined {
    for (const key of keys) if (this.kept.has(key)) return this.get(key)
    return undefined
  }

  isLost(key: string): boolean {
    return this.failed.has(key)
  }

  /** Have these loaded, in this order; what was wanted before and hasn't begun is no longer. */
  want(keys: readonly string[]): void {
    this.wanted = keys.filter((key) => !this.kept.has(key) && !this.loading.has(key) && !this.failed.has(key))
    this.next()
  }

  end(): void {
    this.ended = true
    for (const bitmap of this.kept.values()) bitmap.close()
    this.kept.clear()
  }

  private next(): void {
    while (this.loading.size < AT_ONCE && this.wanted.length && !this.ended) void this.load(this.wanted.shift()!)
  }

  private async load(key: string): Promise<void> {
    this.loading.add(key)
    try {
      const answer = await fetch(this.address(key))
      if (!answer.ok) throw new Error(answer.statusText)
      this.keep(key, await createImageBitmap(await answer.blob()))
    } catch {
      this.failed.add(key)
    }
    this.loading.delete(key)
    if (this.ended) return
    this.arrived()
    this.next()
  }

  private keep(key: string, bitmap: ImageBitmap): void {
    if (this.ended) return bitmap.close()
    this.kept.set(key, bitmap)
    this.pixels += bitmap.width * bitmap.height
    for (const [old, its] of this.kept) {
      if (this.pixels <= MOST_PIXELS || old === key) break
      this.kept.delete(old)
      this.pixels -= its.width * its.height
      its.close()
    }
  }
}

/** Places from one outwards, nearest first. */
export function* outwards(place: number, count: number): Generator<number> {
  if (place >= 0 && place < count) yield place
  for (let step = 1; step < count; step++) {
    if (place - step >= 0) yield place - step
    if (place + step < count) yield place + step
  }
}

/** So many places all over a row, evenly: what is shown while a slider moves too fast for the others. */
export const scattered = (count: number, most: number): number[] =>
  count <= most ? [...Array(count).keys()] : Array.from({ length: most }, (_, i) => Math.round((i * (count - 1)) / (most - 1)))

/** The places around one that are to be loaded: itself, then its neighbours, those ahead of the way that it moves first. */
export function around(place: number, count: number, ahead: 1 | -1, reach = 12): number[] {
  const found = [place]
  for (let step = 1; step <= reach; step++) {
    found.push(place + ahead * step)
    if (step <= reach / 3) found.push(place - ahead * step)
  }
  return found.filter((it) => it >= 0 && it < count)
}
