// The wall: sixteen samples of a seed, one of which is chosen.
import { useRef } from 'preact/hooks'
import { COUNT, labelled, timed, useDrawn, type Desk } from './desk'
import { paint, sheet, type Pixels } from './pixels'
import { saved } from './save'

interface Props {
  desk: Desk
  chosen: number
  onChoose: (number: number) => void
  onDrawn: (milliseconds: number) => void
}

export function Wall({ desk, chosen, onChoose, onDrawn }: Props) {
  const { facts, engine, settings } = desk
  const canvases = useRef<(HTMLCanvasElement | null)[]>([])
  const shown = useRef<Pixels[]>([])
  useDrawn(async () => {
    const start = performance.now()
    const drawn: Pixels[] = []
    for (let first = 0; first < COUNT; first += engine.batch) {
      const samples = Array.from({ length: Math.min(engine.batch, COUNT - first) }, (_, i) => desk.sample(first + i))
      const found = await timed('batch', () => engine.draw(samples.map((it) => it.code), samples.map((it) => it.label)))
      found.forEach((picture, i) => paint(canvases.current[first + i]!, picture))
      drawn.push(...found)
      await new Promise((done) => setTimeout(done)) // the page may answer in between
    }
    shown.current = drawn
    performance.mark('wall')
    document.documentElement.dataset.wall = `${settings.seed} ${settings.truncation} ${settings.label}`
    onDrawn((performance.now() - start) / COUNT)
  }, [settings])
  const store = async () => {
    if (shown.current.length === COUNT) desk.say(await saved(facts, sheet(shown.current, 4), `synthetic-seed-${settings.seed}`))
  }
  return (
    <section aria-labelledby="wall-title">
      <div class="row between">
        <h2 id="wall-title">Sixteen new pictures</h2>
        <button type="button" onClick={store}>Download all as one picture</button>
      </div>
      <div class="wall">
        {Array.from({ length: COUNT }, (_, i) => (
          <button
            key={i} type="button" aria-pressed={chosen === i} onClick={() => onChoose(i)}
            aria-label={`Picture ${i + 1}${labelled(facts, desk.sample(i).label)}, synthetic`}
          >
            <canvas ref={(it) => void (canvases.current[i] = it)} width={facts.width} height={facts.height} />
          </button>
        ))}
      </div>
    </section>
  )
}
