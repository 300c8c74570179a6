// A pad between four codes: mouse, touch and arrow keys carry the picture from one to the others.
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import { Choices } from './choices'
import type { Desk } from './desk'
import type { Item } from './player'
import { Drop, Thumb } from './thumb'

const CORNERS = ['upper left', 'upper right', 'lower left', 'lower right']
const STEP = 0.04 // of the pad, that an arrow key moves
const MOVES: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }
/** A place on the pad, with no more digits than an address needs. */
const clamp = (value: number) => Math.min(1, Math.max(0, Math.round(1000 * value) / 1000))

export function Pad({ desk }: { desk: Desk }) {
  const seed = desk.facts.seed
  const samples = (first: number): Item[] => CORNERS.map((_, i) => ({ point: { number: first + i, seed }, label: null }))
  const [start] = useState(() => samples(0))
  const { corners, x, y } = desk.state.between ?? { corners: start, x: 0.5, y: 0.5 }
  const setCorners = (all: Item[]) => desk.change({ between: { corners: all, x, y } })
  const setPlace = ([x, y]: [number, number]) => desk.change({ between: { corners, x, y } })
  const [chosen, setChosen] = useState<Item | null>(null)
  const area = useRef<HTMLButtonElement>(null)
  useLayoutEffect(() => {
    desk.show({ codes: [{ corners: corners.map((it) => it.point), x, y }], label: corners[0]!.label, net: desk.state.net })
  }, [corners, x, y, desk.state.net])
  const put = (corner: number, item: Item) => setCorners(corners.map((it, i) => (i === corner ? item : it)))

  function follow(event: PointerEvent) {
    if (event.type === 'pointermove' && !event.buttons) return
    const box = area.current!.getBoundingClientRect()
    if (event.type === 'pointerdown') area.current!.setPointerCapture(event.pointerId)
    setPlace([clamp((event.clientX - box.left) / box.width), clamp((event.clientY - box.top) / box.height)])
  }

  function step(event: KeyboardEvent) {
    const move = MOVES[event.key]
    if (!move) return
    event.preventDefault()
    setPlace([clamp(x + STEP * move[0]), clamp(y + STEP * move[1])])
  }

  const corner = (i: number) => (
    <Drop class="corner" label={`Corner, ${CORNERS[i]}`} onItem={(item) => put(i, item)}>
      <Thumb desk={desk} item={corners[i]!} name={`The picture at the ${CORNERS[i]}`} />
      <button type="button" disabled={!chosen} aria-label={`Put here, ${CORNERS[i]}`} onClick={() => chosen && put(i, chosen)}>
        Put here
      </button>
    </Drop>
  )
  return (
    <>
      <div class="row spread">
        <h2>Between four</h2>
        <button type="button" onClick={() => setCorners(samples(Math.floor(Math.random() * 100_000)))}>
          Four others
        </button>
      </div>
      <div class="pad">
        {corner(0)}
        <button
          type="button" class="area" ref={area} aria-label="Place between the four pictures: arrow keys move it"
          aria-describedby="pad-place" onPointerDown={follow} onPointerMove={follow} onKeyDown={step}
        >
          <span class="dot" style={{ left: `${100 * x}%`, top: `${100 * y}%` }} />
        </button>
        {corner(1)}
        {corner(2)}
        {corner(3)}
      </div>
      <p class="quiet" id="pad-place">
        {Math.round(100 * x)} % to the right, {Math.round(100 * y)} % down
      </p>
      <Choices desk={desk} chosen={chosen} onChoose={setChosen} />
    </>
  )
}
