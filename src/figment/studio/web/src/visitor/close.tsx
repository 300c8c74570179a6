// One picture, closely: sliders of what was found in this generator.
import { useRef, useState } from 'preact/hooks'
import { signed, Slider } from '../play/slider'
import { moved } from './codes'
import { labelled, timed, useDrawn, type Desk } from './desk'
import type { Direction } from './facts'
import { paint, type Pixels } from './pixels'
import { saved } from './save'

const MOST = 3 // deviations, to either side

export function Close({ desk, chosen }: { desk: Desk; chosen: number }) {
  const { facts, engine, settings } = desk
  const [amounts, setAmounts] = useState<Record<string, number>>({})
  const canvas = useRef<HTMLCanvasElement>(null)
  const shown = useRef<Pixels | null>(null)
  const sample = desk.sample(chosen)
  useDrawn(async () => {
    const moves = facts.directions.map((one) => ({ vector: one.vector, amount: amounts[one.name] ?? 0 }))
    const [picture] = await timed('redraw', () => engine.draw([moved(sample.code, moves, facts.prior)], [sample.label]))
    shown.current = picture!
    paint(canvas.current!, picture!)
    canvas.current!.dataset.drawn = JSON.stringify(amounts)
  }, [settings, chosen, amounts])
  const sliders = (all: Direction[]) =>
    all.map((one) => (
      <Slider
        key={one.name} label={one.name.replaceAll('_', ' ')} value={amounts[one.name] ?? 0} min={-MOST} max={MOST} step={0.1} show={signed}
        onChange={(value) => setAmounts({ ...amounts, [one.name]: value })}
      />
    ))
  const named = facts.directions.filter((one) => one.named)
  const others = facts.directions.filter((one) => !one.named)
  return (
    <section aria-labelledby="close-title">
      <h2 id="close-title">Picture {chosen + 1}, closely</h2>
      <div class="two">
        <div>
          <canvas
            class="large" ref={canvas} role="img" width={facts.width} height={facts.height}
            aria-label={`Picture ${chosen + 1}${labelled(facts, sample.label)}, synthetic, as the sliders have it`}
          />
          <p>
            <button type="button" class="main" onClick={async () => {
              if (shown.current) desk.say(await saved(facts, shown.current, `synthetic-${settings.seed}-${chosen}`))
            }}>
              Download this picture
            </button>
          </p>
        </div>
        <div>
          {sliders(named)}
          {named.length && others.length ? (
            <details>
              <summary>{others.length} directions without a name</summary>
              {sliders(others)}
            </details>
          ) : sliders(others)}
          {facts.directions.length ? (
            <button type="button" onClick={() => setAmounts({})}>All to 0</button>
          ) : (
            <p class="quiet">Nobody has looked for directions in this generator, so there is nothing to slide here.</p>
          )}
        </div>
      </div>
    </section>
  )
}
