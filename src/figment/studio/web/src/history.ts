// A run's history as it is shown, and how events that come later make it longer.

export interface Meaning {
  text: string
  means: string | null
}

export interface ChartSpec {
  title: string
  reading: string
  limits: [number | null, number | null]
  guide: number | null
  log: boolean
  lines: { field: string; label: string; colour: string; dashes: number[] }[]
}

export interface Score {
  images: number
  seconds: number | null
  fd: number
  error: number
  floor: number
}

export interface SheetAt {
  images: number
  seconds: number | null
}

export type Columns = Record<string, (number | null)[]> & { images: number[]; seconds: (number | null)[] }

export interface History {
  after: string
  readings: number
  ticks: Columns
  charts: ChartSpec[]
  words: { images: number; said: Meaning[] }[]
  meanings: { words: string; means: string }[] // of all that may come to be said, by a stretch of each
  scores: Score[]
  score_words: { title: string; reading: string } | null
  sheets: SheetAt[]
  snapshots: number[]
  grid: [number, number]
  notes: { event: string; images: number; seconds: number | null; text: string }[]
  shape: [number, number]
  classes: string[]
  /** Of a training clip, in a run of clips, whose sheets have a row for each; else 0. */
  frames: number
  seed: number
  starts_known: boolean
  ends: string | null // what is said where the readings end before the run
}

export interface Happened {
  event: string
  images: number
  seconds?: number | null
  text?: string
  diagnosis?: string[]
  [field: string]: unknown
}

const MAX_POINTS = 4000 // of a curve; of more, every second one goes

/** The history with events that came after it. The one that is given stays as it is. */
export function grown(history: History, events: readonly Happened[]): History {
  const found = { ...history, ticks: { ...history.ticks } as Columns }
  const ticks = events.filter((it) => it.event === 'tick')
  if (ticks.length) {
    addTicks(found, ticks)
    found.ends = null
  }
  const scores = events.filter((it) => it.event === 'score' && typeof it.fd === 'number') as unknown as Score[]
  if (scores.length) found.scores = [...found.scores, ...scores]
  const sheets = events.filter((it) => it.event === 'snapshot')
  if (sheets.length) found.sheets = merged(found.sheets, sheets.map(({ images, seconds = null }) => ({ images, seconds })))
  const notes = events.filter((it) => it.text)
  if (notes.length) found.notes = [...found.notes, ...notes.map(({ event, images, seconds = null, text }) => ({ event, images, seconds, text: text! }))]
  return found
}

function addTicks(found: History, ticks: readonly Happened[]): void {
  const before = found.ticks.images.length
  const fields = new Set([...Object.keys(found.ticks), ...found.charts.flatMap((chart) => chart.lines.map((line) => line.field))])
  for (const field of fields) {
    const added = ticks.map((tick) => (typeof tick[field] === 'number' ? (tick[field] as number) : null))
    const old = found.ticks[field]
    if (!old && added.every((it) => it === null)) continue
    found.ticks[field] = [...(old ?? new Array<null>(before).fill(null)), ...added]
  }
  if (found.ticks.images.length > MAX_POINTS)
    for (const field of Object.keys(found.ticks)) found.ticks[field] = found.ticks[field]!.filter((_, i) => i % 2 === 0)
  found.readings += ticks.length
  const words = [...found.words]
  for (const tick of ticks) {
    const said = (tick.diagnosis ?? []).map((text) => ({ text, means: meaningOf(found, text) }))
    if (said.length && said.map((it) => it.text).join() !== words.at(-1)?.said.map((it) => it.text).join()) words.push({ images: tick.images, said })
  }
  found.words = words
}

const meaningOf = (history: History, text: string): string | null => history.meanings.find((it) => text.includes(it.words))?.means ?? null

/** Sheets in order, each once. */
function merged(old: readonly SheetAt[], added: readonly SheetAt[]): SheetAt[] {
  const byImages = new Map([...old, ...added].map((it) => [it.images, it]))
  return [...byImages.values()].sort((a, b) => a.images - b.images)
}

/** Several curves over one axis: all places that one of them has, in order, and of each its values there, else nothing. */
export function joined(curves: readonly { x: readonly number[]; y: readonly (number | null)[] }[]): { x: number[]; ys: (number | null)[][] } {
  const x = [...new Set(curves.flatMap((it) => [...it.x]))].sort((a, b) => a - b)
  const ys = curves.map((it) => {
    const values = new Map(it.x.map((at, i) => [at, it.y[i] ?? null]))
    return x.map((at) => values.get(at) ?? null)
  })
  return { x, ys }
}
