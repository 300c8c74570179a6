// The same codes through the generators of several runs, after the same number of images or the same time.
import { useMemo, useState } from 'preact/hooks'
import { OverChoice, type Over } from './curves'
import { common, type Compared } from './compared'
import type { History } from '../history'
import { count, nearestTo, time } from '../numbers'

const SHOWN = 8
const STEPS = 100

export function SameCodes({ runs, histories, alike }: { runs: Compared[]; histories: Record<string, History>; alike: boolean }) {
  const [over, setOver] = useState<Over>('images')
  const [share, setShare] = useState(STEPS)
  const [start, setStart] = useState(0)
  const there = runs.filter((run) => histories[run.id]?.snapshots.length)
  const moments = useMemo(() => Object.fromEntries(there.map((run) => [run.id, kept(histories[run.id]!)])), [histories, runs])
  if (there.length < 2) return <p>Generators were kept of fewer than two of these runs.</p>
  const end = common(there.map((run) => moments[run.id]!.at(-1)![over === 'images' ? 'images' : 'seconds']))
  const wanted = (end * share) / STEPS
  const words = over === 'images' ? `${count(wanted)} images` : time(wanted)
  return (
    <>
      <div class="row between">
        <OverChoice what="Samples" over={over} onChange={setOver} />
        <button type="button" onClick={() => setStart(start + SHOWN)}>
          Other codes
        </button>
      </div>
      <label class="early">
        <span class="steady">after {words}</span>
        <input type="range" min={0} max={STEPS} value={share} aria-valuetext={words} onInput={(event) => setShare(+event.currentTarget.value)} />
      </label>
      <ul class="rows">
        {there.map((run) => {
          const { images, seconds } = nearest(moments[run.id]!, wanted, over)
          return (
            <li key={run.id}>
              <h3>
                <i class="dot" style={{ background: `var(--${run.colour})` }} /> {run.name}
                <span class="quiet">
                  {' '}
                  {count(images)} images · {time(seconds)}
                </span>
              </h3>
              <img src={`/api/runs/${run.id}/samples?images=${images}&start=${start}&count=${SHOWN}`} alt={`Samples ${start} to ${start + SHOWN - 1} of ${run.name} after ${count(images)} images`} />
            </li>
          )
        })}
      </ul>
      <p class="quiet">
        Samples {start} to {start + SHOWN - 1} of seed 0, by the kept generator that is nearest to the moment.{' '}
        {alike
          ? 'All runs get the same codes: go down a column to see what each makes of one. Nets that were trained apart make different things of it.'
          : 'Here codes differ in size, prior or classes, so pictures in a column have nothing in common.'}
      </p>
    </>
  )
}

/** Moments of which a generator was kept, with their time; that of one that nobody noted goes by the images. */
function kept({ snapshots, sheets, ticks }: History): { images: number; seconds: number }[] {
  const known = new Map(sheets.map((it) => [it.images, it.seconds]))
  const pace = (ticks.seconds.at(-1) ?? 0) / Math.max(ticks.images.at(-1) ?? 0, 1)
  return snapshots.map((images) => ({ images, seconds: known.get(images) ?? images * pace }))
}

function nearest(moments: { images: number; seconds: number }[], wanted: number, over: Over) {
  return moments[nearestTo(moments.map((it) => it[over === 'images' ? 'images' : 'seconds']), wanted)]!
}
