// A pad between four pictures: mouse, touch and arrow keys.
import { useRef, useState } from 'preact/hooks'
import { between } from './codes'
import { timed, useDrawn, type Desk, type Sample } from './desk'
import { paint, type Pixels } from './pixels'
import { saved } from './save'

const CORNERS = ['upper left', 'upper right', 'lower left', 'lower right']
const STEP = 0.04 // of the pad, that an arrow key moves
const MOVES: Record<string, [number, number]> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }
const clamp = (value: number) => Math.min(1, Math.max(0, value))

export function Pad({ desk, chosen }: { desk: Desk; chosen: number }) {
  const { facts, engine, settings } = desk
  const [numbers, setNumbers] = useState([0, 1, 2, 3])
  const [[x, y], setPlace] = useState([0.5, 0.5] as [number, number])
  const canvas = useRef<HTMLCanvasElement>(null)
  const area = useRef<HTMLButtonElement>(null)
  const shown = useRef<Pixels | null>(null)
  const corners = numbers.map(desk.sample) as [Sample, Sample, Sample, Sample]
  useDrawn(async () => {
    const code = between(corners.map((it) => it.code), x, y, facts.prior)
    const [picture] = await timed('pad', () => engine.draw([code], [corners[0].label]))
    shown.current = picture!
    paint(canvas.current!, picture!)
    canvas.current!.dataset.drawn = `${x.toFixed(2)} ${y.toFixed(2)}`
  }, [settings, numbers, x, y])

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
    <div class="corner" role="group" aria-label={`Corner, ${CORNERS[i]}`}>
      <Still desk={desk} sample={corners[i]!} name={`Picture ${numbers[i]! + 1}, at the ${CORNERS[i]}`} />
      <button type="button" aria-label={`Put ${chosen + 1} here, ${CORNERS[i]}`} onClick={() => setNumbers(numbers.map((it, k) => (k === i ? chosen : it)))}>
        Put {chosen + 1} here
      </button>
    </div>
  )
  return (
    <section aria-labelledby="pad-title">
      <h2 id="pad-title">Between four</h2>
      <div class="two">
        <div>
          <canvas class="large" ref={canvas} role="img" width={facts.width} height={facts.height} aria-label="The picture between the four, synthetic" />
          <p>
            <button type="button" onClick={async () => {
              if (shown.current) desk.say(await saved(facts, shown.current, `synthetic-${settings.seed}-between`))
            }}>
              Download what is between
            </button>
          </p>
        </div>
        <div>
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
          <p class="quiet" id="pad-place">{Math.round(100 * x)} % to the right, {Math.round(100 * y)} % down</p>
          {facts.classes.length > 0 && <p class="quiet">What is between is drawn as the upper left one’s class: classes aren’t mixed.</p>}
        </div>
      </div>
    </section>
  )
}

function Still({ desk, sample, name }: { desk: Desk; sample: Sample; name: string }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  useDrawn(async () => {
    const [picture] = await desk.engine.draw([sample.code], [sample.label])
    paint(canvas.current!, picture!)
  }, [name, desk.settings])
  return <canvas ref={canvas} role="img" aria-label={`${name}, synthetic`} width={desk.facts.width} height={desk.facts.height} />
}
