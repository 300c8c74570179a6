// Points of one's own: put by pointer, or by arrow keys and Enter.
import { useEffect, useRef, useState } from 'preact/hooks'
import { onTheme, themed } from '../theme'

const SIDE = 320
const APART = 0.04 // in the plane: a stroke leaves a point each so far
const STRIDE = 0.05 // of the arrow keys
const MOST = 2000

type Point = [number, number]
const limited = (value: number): number => Math.max(-1, Math.min(1, Math.round(value * 1000) / 1000))

export function OwnPoints({ points, change }: { points: number[][]; change: (points: number[][]) => void }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const [cursor, setCursor] = useState<Point>([0, 0])
  const [isFocused, setFocused] = useState(false)
  const drawn = useRef<number[][]>(points)
  drawn.current = points

  useEffect(() => {
    const paint = () => {
      const context = canvas.current!.getContext('2d')!
      context.fillStyle = themed('card')
      context.fillRect(0, 0, SIDE, SIDE)
      context.fillStyle = themed('first')
      for (const [x, y] of points) context.fillRect(((x! + 1) / 2) * SIDE - 2, ((1 - y!) / 2) * SIDE - 2, 4, 4)
      if (!isFocused) return
      const [x, y] = [((cursor[0] + 1) / 2) * SIDE, ((1 - cursor[1]) / 2) * SIDE]
      context.strokeStyle = themed('strong')
      context.strokeRect(x - 6, y - 6, 12, 12)
    }
    paint()
    return onTheme(paint)
  }, [points, cursor, isFocused])

  const put = (point: Point) => {
    const last = drawn.current.at(-1)
    if (drawn.current.length >= MOST || (last && Math.hypot(last[0]! - point[0], last[1]! - point[1]) < APART / 2)) return
    drawn.current = [...drawn.current, point]
    change(drawn.current)
  }
  const under = (event: PointerEvent): Point => {
    const box = canvas.current!.getBoundingClientRect()
    return [limited((2 * (event.clientX - box.left)) / box.width - 1), limited(1 - (2 * (event.clientY - box.top)) / box.height)]
  }
  const pressed = (event: KeyboardEvent) => {
    const step = ({ ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] } as Record<string, Point>)[event.key]
    if (step) setCursor([limited(cursor[0] + STRIDE * step[0]), limited(cursor[1] + STRIDE * step[1])])
    else if (event.key === 'Enter' || event.key === ' ') put(cursor)
    else if (event.key === 'Backspace') change(points.slice(0, -1))
    else return
    event.preventDefault()
  }

  return (
    <div class="own card">
      <h2 id="own-title">Your own points</h2>
      <p class="quiet" id="own-how">
        Draw with the pointer; or move the frame with the arrow keys, put a point with Enter, and take the last one away with Backspace.
      </p>
      <canvas
        ref={canvas} width={SIDE} height={SIDE} tabIndex={0} role="application" aria-labelledby="own-title" aria-describedby="own-how own-where"
        onFocus={() => setFocused(true)} onBlur={() => setFocused(false)} onKeyDown={pressed}
        onPointerDown={(event) => (event.currentTarget.setPointerCapture(event.pointerId), put(under(event)))}
        onPointerMove={(event) => event.currentTarget.hasPointerCapture(event.pointerId) && far(drawn.current, under(event)) && put(under(event))}
      />
      <p class="quiet" id="own-where" aria-live="polite">
        {points.length} points; the frame is at {cursor[0]}, {cursor[1]}.
      </p>
      <div class="row">
        <button type="button" disabled={!points.length} onClick={() => change(points.slice(0, -1))}>Take the last away</button>
        <button type="button" disabled={!points.length} onClick={() => change([])}>Clear</button>
      </div>
    </div>
  )
}

const far = (points: number[][], [x, y]: Point): boolean => {
  const last = points.at(-1)
  return !last || Math.hypot(last[0]! - x, last[1]! - y) >= APART
}
