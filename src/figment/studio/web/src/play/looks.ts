// What is drawn: codes as the server takes them, and the picture on the stage as an address keeps it.

/** Sample so much of a seed, or a code by its own numbers. */
export type Point = { number: number; seed: number } | { values: number[] }

export type Code =
  | Point
  | { a: Point[]; b: Point[]; c: Point[] }
  | { corners: Point[]; x: number; y: number }
  | { first: Point; second: Point; share: number }
  | { keyframes: Point[]; time: number }

/** What the server draws (its model Look). */
export interface Look {
  codes: Code[]
  moves?: Record<string, number>
  truncation?: number
  label?: string | null
  net?: string
  late?: Point | null
  stage?: number
}

/** The picture that is played with, and how it is looked at: all that an address keeps. */
export interface State {
  point: Point
  moves: Record<string, number>
  truncation: number
  label: string | null
  net: string
  many: boolean
  spread: number
  smooth: boolean
  panel: string
}

export const START: State = {
  point: { number: 0, seed: 0 }, moves: {}, truncation: 1, label: null, net: 'result', many: false, spread: 0.3,
  smooth: true, panel: 'directions',
}
export const NEIGHBOURS = 15

const STEPS = 4096 // of a code's numbers in an address: they fit into 16 bits up to 8

/** A state as the end of an address; what is as at the start is left out. */
export function toQuery(state: State, seed: number): string {
  const query = new URLSearchParams()
  if ('values' in state.point) query.set('z', packed(state.point.values))
  else {
    query.set('code', String(state.point.number))
    if (state.point.seed !== seed) query.set('seed', String(state.point.seed))
  }
  for (const [name, amount] of Object.entries(state.moves)) if (amount) query.append('move', `${amount}:${name}`)
  if (state.truncation !== 1) query.set('truncation', String(state.truncation))
  if (state.label !== null) query.set('label', state.label)
  if (state.net !== 'result') query.set('net', state.net)
  if (state.many) query.set('view', 'many')
  if (state.spread !== START.spread) query.set('spread', String(state.spread))
  if (!state.smooth) query.set('pixels', '1')
  if (state.panel !== START.panel) query.set('panel', state.panel)
  return query.toString()
}

/** The state that an address keeps. seed: the run's own, which its sheets are drawn from. */
export function fromQuery(query: URLSearchParams, seed: number): State {
  const values = unpacked(query.get('z') ?? '')
  const number = { number: whole(query.get('code'), 0), seed: whole(query.get('seed'), seed) }
  const moves: Record<string, number> = {}
  for (const text of query.getAll('move')) {
    const at = text.indexOf(':')
    const amount = Number(text.slice(0, at))
    if (at > 0 && Number.isFinite(amount)) moves[text.slice(at + 1)] = amount
  }
  return {
    point: values ? { values } : number,
    moves,
    truncation: within(query.get('truncation'), 0, 2, START.truncation),
    label: query.get('label'),
    net: /^(best|\d{1,15})$/.test(query.get('net') ?? '') ? query.get('net')! : START.net,
    many: query.get('view') === 'many',
    spread: within(query.get('spread'), 0, 1, START.spread),
    smooth: query.get('pixels') === null,
    panel: query.get('panel') ?? START.panel,
  }
}

function whole(text: string | null, otherwise: number): number {
  const found = Number(text)
  return text !== null && Number.isSafeInteger(found) && found >= 0 ? found : otherwise
}

function within(text: string | null, least: number, most: number, otherwise: number): number {
  const found = Number(text)
  return text !== null && found >= least && found <= most ? found : otherwise
}

/** A code's numbers as text for an address. */
export function packed(values: number[]): string {
  const bytes = new Uint8Array(new Int16Array(values.map((value) => Math.max(-32768, Math.min(32767, Math.round(value * STEPS))))).buffer)
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')
}

/** The numbers of such a text; null where it is none. */
export function unpacked(text: string): number[] | null {
  try {
    const bytes = Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (letter) => letter.charCodeAt(0))
    return bytes.length && bytes.length % 2 === 0 ? Array.from(new Int16Array(bytes.buffer), (value) => value / STEPS) : null
  } catch {
    return null
  }
}

/** What is drawn of a state: the picture, or it among its neighbours, each part of the way to another sample. */
export function lookOf(state: State): Look {
  const { moves, truncation, label, net } = state
  const codes: Code[] = [state.point]
  if (state.many) for (let i = 1; i <= NEIGHBOURS; i++) codes.push(neighbour(state, i))
  return { codes, moves, truncation, label, net }
}

/** The neighbour number i of the picture on the stage, on the way to a sample that no sheet shows. */
export function neighbour(state: State, i: number): Code {
  return { first: state.point, second: { number: 1_000_000 + i, seed: 0 }, share: state.spread }
}

/** The picture in words, for readers of screens. */
export function inWords(state: State): string {
  const what = 'values' in state.point ? 'a code of its own' : `sample ${state.point.number} of seed ${state.point.seed}`
  const moved = Object.entries(state.moves).filter(([, amount]) => amount)
  const how = moved.map(([name, amount]) => `${name} ${amount > 0 ? '+' : '−'}${Math.abs(amount)}`)
  return `Generated picture: ${[what, ...how].join(', ')}`
}
