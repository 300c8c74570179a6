// What the server tells of runs, studies and trainings, and how a page says it.
import { count, digits, time as timeOf } from '../numbers'

const time = (seconds: number): string => timeOf(seconds).replaceAll(' ', '\u00a0') // a unit stays on its number's line

export interface Score {
  title: string
  value: number
  error: number | null
  floor: number
  images: number
  is_last: boolean
}

export interface RunRow {
  id: string
  kind: 'run' | 'study'
  name: string
  where: string
  standing: string
  problem?: string
  lacks?: string // the file without which nothing can be done with it here
  study: string | null
  share?: number
  changed?: number
  source?: string | null
  // a run's
  state?: string
  images?: number
  seconds?: number
  planned?: number
  budget_images?: number | null
  budget_seconds?: number | null
  left?: number | null
  speed?: number | null
  recipe?: string
  shape?: [number, number]
  classes?: number
  origin?: string | null
  sheet?: number | null
  score?: Score | null
  words?: string | null
  why?: string | null // its last training ended badly
  // a study's
  cells?: number
  done?: number
  has_page?: boolean
  factors?: string[]
}

export interface Job {
  id: string
  kind: 'train' | 'resume'
  name: string
  run: string
  state: string
  has_run: boolean
  said: string
  error: string | null
  asked: number
}

/** What a standing is called, and the colour that goes with it. */
const STANDINGS: Record<string, [string, string]> = {
  preparing: ['getting ready', 'first'],
  training: ['training', 'first'],
  finishing: ['writing its report', 'first'],
  done: ['done', 'third'],
  stopped: ['stopped, with everything saved', 'fourth'],
  killed: ['ended before it could save', 'second'],
  begun: ['never trained', 'second'],
  failed: ['failed', 'second'],
  unreadable: ["can't be read", 'second'],
  open: ['not all done', 'fourth'],
}

export const wordOf = (standing: string): string => STANDINGS[standing]?.[0] ?? standing
export const colourOf = (standing: string): string => STANDINGS[standing]?.[1] ?? 'ink'
export const isBusy = (row: Pick<RunRow, 'standing'>): boolean => ['preparing', 'training', 'finishing'].includes(row.standing)

/** How far it is, and how fast: 31,200 of 49,000 images seen, 170 a second, 3 min left. */
export function progressOf(row: RunRow): string {
  if (row.kind === 'study') return `${row.done} of ${row.cells} runs done`
  const of = row.budget_images ? ` of ${count(row.budget_images)}` : ''
  const parts = [`${count(row.images ?? 0)}${of} images seen`]
  if (row.seconds) parts[0] += ` in ${time(row.seconds)}`
  if (row.speed) parts.push(`${digits(row.speed)} a second`)
  if (row.left != null && row.standing === 'training') parts.push(`${time(row.left)} left`)
  return parts.join(', ')
}

/** FD-lite0 1,302 ± 44: lower is better, reals reach 738. */
export function scoreOf(score: Score): string {
  const error = score.error == null ? '' : ` ± ${digits(score.error, 2)}`
  const at = score.is_last ? '' : ` after ${count(score.images)} images`
  return `${score.title} ${digits(score.value)}${error}${at}: lower is better, reals reach ${digits(score.floor)}`
}

/** What it was made with. */
export function aboutOf(row: RunRow): string {
  if (row.kind === 'study') return [row.factors?.join(' × '), row.source].filter(Boolean).join(', ')
  const [height, width] = row.shape ?? [0, 0]
  const size = height === width ? `${height} px` : `${height}×${width} px`
  const classes = row.classes ? `${row.classes} classes` : null
  return [row.recipe, size, row.source, classes, row.origin && `from ${row.origin}`].filter(Boolean).join(', ')
}

/** When something was: 3 min ago; now: both in Unix seconds. */
export function ago(then: number, now: number): string {
  const seconds = Math.max(0, now - then)
  if (seconds < 60) return 'just now'
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`
  const days = Math.floor(seconds / 86_400)
  return days === 1 ? 'yesterday' : `${days} days ago`
}

export type Order = 'changed' | 'name' | 'score'
export type Filter = 'all' | 'busy' | 'done' | 'open'

export const FILTERS: [Filter, string][] = [
  ['all', 'all'],
  ['busy', 'training now'],
  ['done', 'done'],
  ['open', 'stopped or failed'],
]

const passes = (row: RunRow, filter: Filter): boolean =>
  filter === 'all' ||
  (filter === 'busy' ? isBusy(row) : filter === 'done' ? row.standing === 'done' : !isBusy(row) && row.standing !== 'done')

const orders: Record<Order, (a: RunRow, b: RunRow) => number> = {
  changed: (a, b) => (b.changed ?? 0) - (a.changed ?? 0),
  name: (a, b) => a.where.localeCompare(b.where, undefined, { numeric: true }),
  score: (a, b) => (a.score?.value ?? Infinity) - (b.score?.value ?? Infinity),
}

/** The rows that a person asked for. study: whose runs; without one all that belong to none. Those that are busy come first. */
export function chosen(rows: RunRow[], study: string | null, words: string, filter: Filter, order: Order): RunRow[] {
  const wanted = words.trim().toLowerCase()
  return rows
    .filter((row) => (row.study ?? null) === study && passes(row, filter))
    .filter((row) => !wanted || `${row.where} ${row.recipe} ${row.source}`.toLowerCase().includes(wanted))
    .sort((a, b) => (order === 'changed' ? +isBusy(b) - +isBusy(a) : 0) || orders[order](a, b) || orders.name(a, b))
}

/** The run whose newest sheet stands for a row: its own, or of a study that of the run that changed last. */
export function coverOf(row: RunRow, rows: RunRow[]): RunRow | null {
  if (row.kind === 'run') return row.sheet != null ? row : null
  const cells = rows.filter((cell) => cell.study === row.id && cell.sheet != null)
  return cells.sort(orders.changed)[0] ?? null
}
