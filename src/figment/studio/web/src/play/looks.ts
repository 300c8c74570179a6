// What is drawn: codes as the server takes them, and the picture on the stage as an address keeps it.

/** Sample so much of a seed, or path so much of it. */
export interface Numbered {
  number: number
  seed: number
}

/** A sample, or a code by its own numbers. */
export type Point = Numbered | { values: number[] }

/** A picture that something can be done with. label: its class, where it isn't the code's own. */
export interface Item {
  point: Point
  label: string | null
}

/** The pictures in each term of A − B + C. */
export type Terms = Record<'A' | 'B' | 'C', Item[]>

/** The four pictures of the pad, and the place between them. */
export interface Between {
  corners: Item[]
  x: number
  y: number
}

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
  terms: Terms
  motion: number | null // of a run of clips the path that is moved along; null: the picture's own
  between: Between | null // null: four samples, and the middle
}

export const START: State = {
  point: { number: 0, seed: 0 }, moves: {}, truncation: 1, label: null, net: 'result', many: false, spread: 0.3,
  smooth: true, panel: 'directions', terms: { A: [], B: [], C: [] }, motion: null, between: null,
}
export const NEIGHBOURS = 15

export const TERMS = ['A', 'B', 'C'] as const
export const MOST_IN_TERM = 8
export const CORNERS = 4

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
  if (state.motion !== null) query.set('motion', String(state.motion))
  if (state.many) query.set('view', 'many')
  if (state.spread !== START.spread) query.set('spread', String(state.spread))
  if (!state.smooth) query.set('pixels', '1')
  if (state.panel !== START.panel) query.set('panel', state.panel)
  if (state.panel === 'sum') for (const term of TERMS) for (const item of state.terms[term]) query.append(term, itemText(item, seed))
  if (state.panel === 'pad' && state.between) {
    query.set('at', `${state.between.x},${state.between.y}`)
    for (const item of state.between.corners) query.append('corner', itemText(item, seed))
  }
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
    motion: query.get('motion') === null ? null : whole(query.get('motion'), 0),
    many: query.get('view') === 'many',
    spread: within(query.get('spread'), 0, 1, START.spread),
    smooth: query.get('pixels') === null,
    panel: query.get('panel') ?? START.panel,
    terms: { A: itemsOf(query, 'A', seed), B: itemsOf(query, 'B', seed), C: itemsOf(query, 'C', seed) },
    between: betweenOf(query, seed),
  }
}

function betweenOf(query: URLSearchParams, seed: number): Between | null {
  const [x, y] = (query.get('at') ?? '').split(',')
  const corners = itemsOf(query, 'corner', seed)
  if (corners.length !== CORNERS) return null
  return { corners, x: within(x || null, 0, 1, 0.5), y: within(y || null, 0, 1, 0.5) }
}

/** A picture in an address: 12 is a sample of the run's own seed, 12.3 one of seed 3, and all else a code's own numbers; a class
 * comes after a colon. */
function itemText({ point, label }: Item, seed: number): string {
  const code = 'values' in point ? `z${packed(point.values)}` : `${point.number}${point.seed === seed ? '' : `.${point.seed}`}`
  return label === null ? code : `${code}:${label}`
}

function itemsOf(query: URLSearchParams, name: string, seed: number): Item[] {
  return query.getAll(name).slice(0, MOST_IN_TERM).flatMap((text): Item[] => {
    const at = text.indexOf(':')
    const [code, label] = at < 0 ? [text, null] : [text.slice(0, at), text.slice(at + 1)]
    const values = code.startsWith('z') ? unpacked(code.slice(1)) : null
    if (values) return [{ point: { values }, label }]
    const [number, own] = code.split('.')
    return /^\d{1,15}(\.\d{1,15})?$/.test(code) ? [{ point: { number: Number(number), seed: own === undefined ? seed : Number(own) }, label }] : []
  })
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
