// A game drawn: D's field, the true points, G's mesh, the generated points and where they are pushed.
import { themed, withAlpha } from '../theme'
import { EDGE, FIELD_SIDE, UNIT, type Shot } from './message'

export const LAYERS = { field: 'D’s field', truth: 'true points', made: 'generated points', pushes: 'arrows', mesh: 'G’s mesh' } as const
export type Layer = keyof typeof LAYERS
export type Layers = Record<Layer, boolean>

export const SIDE = 560 // pixels across, of a screen's own
const FIELD_STRENGTH = 115 // of 255, of the field's colours at its surest
const LONGEST = 0.16 // an arrow, in the plane
const place = (coordinate: number): number => ((coordinate / UNIT / EDGE + 1) / 2) * SIDE
const down = (coordinate: number): number => SIDE - place(coordinate)

export function draw(context: CanvasRenderingContext2D, shot: Shot, truth: Int16Array, layers: Layers, small: HTMLCanvasElement): void {
  context.setTransform(context.canvas.width / SIDE, 0, 0, context.canvas.height / SIDE, 0, 0)
  context.fillStyle = themed('card')
  context.fillRect(0, 0, SIDE, SIDE)
  if (layers.field) drawField(context, shot.field, small)
  if (layers.truth) squares(context, truth, themed('first'))
  if (layers.mesh) drawMesh(context, shot)
  if (layers.pushes) drawPushes(context, shot)
  if (layers.made) dots(context, shot.points, themed('second'))
}

/** Blue where D sees true points rather, orange where it sees generated ones, nothing between. */
function drawField(context: CanvasRenderingContext2D, field: Uint8Array, small: HTMLCanvasElement): void {
  small.width = small.height = FIELD_SIDE
  const image = new ImageData(FIELD_SIDE, FIELD_SIDE)
  const [yes, no] = [parts(themed('first')), parts(themed('second'))]
  for (let row = 0; row < FIELD_SIDE; row++)
    for (let column = 0; column < FIELD_SIDE; column++) {
      const sure = field[row * FIELD_SIDE + column]! / 127.5 - 1
      const at = 4 * ((FIELD_SIDE - 1 - row) * FIELD_SIDE + column)
      image.data.set(sure > 0 ? yes : no, at)
      image.data[at + 3] = Math.abs(sure) * FIELD_STRENGTH
    }
  small.getContext('2d')!.putImageData(image, 0, 0)
  const half = SIDE / (FIELD_SIDE - 1) / 2 // the outermost are centred on the edge
  context.drawImage(small, -half, -half, SIDE + 2 * half, SIDE + 2 * half)
}

/** #rrggbb → its three numbers. */
export const parts = (colour: string): number[] => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16))

function squares(context: CanvasRenderingContext2D, points: Int16Array, colour: string): void {
  context.fillStyle = colour
  for (let i = 0; i < points.length; i += 2) context.fillRect(place(points[i]!) - 1.5, down(points[i + 1]!) - 1.5, 3, 3)
}

function dots(context: CanvasRenderingContext2D, points: Int16Array, colour: string): void {
  context.fillStyle = colour
  context.beginPath()
  for (let i = 0; i < points.length; i += 2) {
    const [x, y] = [place(points[i]!), down(points[i + 1]!)]
    context.moveTo(x + 2.2, y)
    context.arc(x, y, 2.2, 0, 7)
  }
  context.fill()
}

function drawPushes(context: CanvasRenderingContext2D, { points, pushes }: Shot): void {
  const scale = ((LONGEST / EDGE / 2) * SIDE) / 127
  context.strokeStyle = withAlpha(themed('strong'), 0.6)
  context.lineWidth = 1
  context.beginPath()
  for (let i = 0; i < points.length; i += 2) {
    const [x, y] = [place(points[i]!), down(points[i + 1]!)]
    const [dx, dy] = [pushes[i]! * scale, -pushes[i + 1]! * scale]
    if (dx * dx + dy * dy < 1) continue
    context.moveTo(x, y)
    context.lineTo(x + dx, y + dy)
    context.lineTo(x + 0.7 * dx - 0.15 * dy, y + 0.7 * dy + 0.15 * dx)
  }
  context.stroke()
}

function drawMesh(context: CanvasRenderingContext2D, { mesh, rows, columns }: Shot): void {
  context.strokeStyle = withAlpha(themed('third'), 0.75)
  context.lineWidth = 1
  context.beginPath()
  const line = (count: number, index: (i: number) => number) => {
    for (let i = 0; i < count; i++) {
      const at = 2 * index(i)
      context[i ? 'lineTo' : 'moveTo'](place(mesh[at]!), down(mesh[at + 1]!))
    }
  }
  for (let row = 0; row < rows; row++) line(columns, (i) => row * columns + i)
  if (rows > 1) for (let column = 0; column < columns; column++) line(rows, (i) => i * columns + column)
  context.stroke()
}
