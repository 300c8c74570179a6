// A walk past eight samples and round again, for as long as one likes to look.
import { useEffect, useRef, useState } from 'preact/hooks'
import { onLoop } from './codes'
import { timed, useDrawn, type Desk } from './desk'
import { paint } from './pixels'

const KEYFRAMES = 8
const SECONDS = 16 // once round

export function Walk({ desk }: { desk: Desk }) {
  const { facts, engine, settings } = desk
  const [playing, setPlaying] = useState(false)
  const [time, setTime] = useState(0)
  const canvas = useRef<HTMLCanvasElement>(null)
  const ready = useRef(true)
  useDrawn(async () => {
    const samples = Array.from({ length: KEYFRAMES }, (_, i) => desk.sample(i))
    const code = onLoop(samples.map((it) => it.code), time, facts.prior)
    const [picture] = await timed('walk', () => engine.draw([code], [samples[0]!.label]))
    paint(canvas.current!, picture!)
    canvas.current!.dataset.drawn = time.toFixed(3)
    ready.current = true
  }, [settings, time])
  useEffect(() => {
    if (!playing) return
    let frame = 0
    let last = performance.now()
    const step = (now: number) => {
      const gone = (now - last) / 1000 / SECONDS
      if (ready.current && gone > 0) { // a frame's time can lie before the click
        ready.current = false
        last = now
        setTime((it) => (it + gone) % 1)
      }
      frame = requestAnimationFrame(step)
    }
    frame = requestAnimationFrame(step)
    return () => cancelAnimationFrame(frame)
  }, [playing])
  return (
    <section aria-labelledby="walk-title">
      <h2 id="walk-title">A walk</h2>
      <canvas class="large" ref={canvas} role="img" width={facts.width} height={facts.height} aria-label="The walk, synthetic" />
      <div class="row">
        <button type="button" onClick={() => setPlaying(!playing)}>{playing ? 'Stop' : 'Walk'}</button>
        <label class="grow">
          Where <input type="range" min={0} max={0.999} step={0.001} value={time} aria-valuetext={`${Math.round(100 * time)} % of the way`}
            onInput={(event) => setTime(event.currentTarget.valueAsNumber)} />
        </label>
      </div>
      <p class="quiet">Past the first eight pictures of the wall, and round again.</p>
    </section>
  )
}
