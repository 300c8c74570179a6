// What the panels of Play have in common: the run, the picture on the stage, and what can be done with both.
import type { Look, State } from './looks'
import type { Item, Player } from './player'

export interface Direction {
  name: string
  how: string
  moves: string | null
  correlation: number | null
}

export interface Favourite {
  id: string
  name: string
  code: number[]
  label: string | null
}

/** What the server offers of a run. */
export interface Facts {
  name: string
  shape: [number, number]
  code_size: number
  seed: number
  classes: string[]
  stages: number
  /** Whether its pictures are the frames of clips. */
  moves: boolean
  directions: Direction[]
  snapshots: number[]
  has_best: boolean
  favourites: Favourite[]
  favourites_problem: string | null
}

export interface Desk {
  id: string
  facts: Facts
  player: Player
  state: State
  change: (part: Partial<State>) => void
  /** Shows something else on the stage than the picture that is played with; null: that again. */
  show: (look: Look | null) => void
  /** What is on the stage now. */
  shown: Look
  /** Makes an item the picture that is played with. */
  take: (item: Item) => void
  /** The picture on the stage as an item, with all that moved it. */
  hold: () => Promise<Item>
  favourites: Favourite[]
  setFavourites: (all: Favourite[]) => void
  again: () => void
}

export const itemOf = ({ code, label }: Favourite): Item => ({ point: { values: code }, label })
export const sameItem = (a: Item, b: Item): boolean => JSON.stringify(a) === JSON.stringify(b)
