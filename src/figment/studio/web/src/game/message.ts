// Frames as the server packs them (plane/packing.py, studio/game/player.py): a head, then each game's part.

export const UNIT = 8192 // steps of a coordinate in what is 1 in the plane
export const SHOWN = 512 // points of each kind
export const FIELD_SIDE = 40 // of D's opinion, rows from below
export const EDGE = 1.2 // the field reaches from minus this to this
const HEAD = 4
const GAME_HEAD = 32
const NONE = 255
const COLLAPSED = 1
const FINITE = 2

export interface Shot {
  stepsG: number
  stepsD: number
  lossG: number
  lossD: number
  separation: number
  onModes: number
  covered: number | null // modes; null where the points have none
  modes: number | null
  hasCollapsed: boolean
  isFinite: boolean
  pushes: Int8Array // x and y of each point, in 127ths of the longest
  points: Int16Array
  mesh: Int16Array
  rows: number
  columns: number
  field: Uint8Array // 255: true
}

export interface Shown {
  turns: number // since the last message
  games: Shot[]
}

/** A message's numbers; the arrays look into it. */
export function read(message: ArrayBuffer): Shown {
  const view = new DataView(message)
  const games: Shot[] = []
  let at = HEAD
  for (let i = view.getUint16(0, true); i > 0; i--) {
    const shot = readGame(message, view, at)
    games.push(shot)
    at = shot.field.byteOffset + shot.field.length
  }
  return { turns: view.getUint16(2, true), games }
}

function readGame(message: ArrayBuffer, view: DataView, at: number): Shot {
  const byte = (place: number) => view.getUint8(at + place)
  const known = (place: number) => (byte(place) === NONE ? null : byte(place))
  const [rows, columns] = [view.getUint16(at + 28, true), view.getUint16(at + 30, true)]
  const pushes = at + GAME_HEAD + 4
  const points = pushes + 2 * SHOWN
  const mesh = points + 4 * SHOWN
  return {
    stepsG: view.getUint32(at, true), stepsD: view.getUint32(at + 4, true),
    lossG: view.getFloat32(at + 8, true), lossD: view.getFloat32(at + 12, true),
    separation: view.getFloat32(at + 16, true), onModes: view.getFloat32(at + 20, true),
    covered: known(24), modes: known(25), hasCollapsed: !!(byte(26) & COLLAPSED), isFinite: !!(byte(26) & FINITE),
    pushes: new Int8Array(message, pushes, 2 * SHOWN),
    points: new Int16Array(message, points, 2 * SHOWN),
    mesh: new Int16Array(message, mesh, 2 * rows * columns), rows, columns,
    field: new Uint8Array(message, mesh + 4 * rows * columns, FIELD_SIDE ** 2),
  }
}
