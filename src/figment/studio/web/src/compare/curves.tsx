// Curves of several runs over one another, over images seen or over time.
import { useMemo, useState } from 'preact/hooks'
import { Chart, type Curve } from '../chart'
import { joined, type ChartSpec, type History } from '../history'
import { Meaning } from '../meaning'
import { movingAverage } from '../numbers'
import type { Compared } from './compared'

const FIELDS = ['separation', 'memorising', 'spread', 'detail', 'distance', 'images_per_second']
const SMOOTHING_SHARE = 1 / 15
const MINUTE = 60

export type Over = 'images' | 'minutes'

interface Points {
  images: number[]
  seconds: (number | null)[]
  values: (number | null)[]
  errors?: (number | null)[]
}

export function CompareCurves({ runs, histories }: { runs: Compared[]; histories: Record<string, History> }) {
  const [over, setOver] = useState<Over>('images')
  const there = runs.filter((run) => histories[run.id])
  const specs = useMemo(() => {
    const any = Object.values(histories)[0]?.charts ?? []
    return FIELDS.map((field) => any.find((it) => it.lines.length === 1 && it.lines[0]!.field === field)).filter((it): it is ChartSpec => !!it)
  }, [histories])
  const words = there.map((run) => histories[run.id]!.score_words).find((it) => it) ?? null
  const scored = there.filter((run) => words && histories[run.id]!.score_words?.title === words.title) // by the same eyes
  return (
    <>
      <OverChoice what="Curves" over={over} onChange={setOver} />
      <div class="charts">
        {words && (
          <Overlaid title={words.title} reading={`${words.reading} Bands are two standard errors to each side.`} over={over} runs={scored} points={(id) => scores(histories[id]!)} limits={FROM_ZERO} guide={histories[scored[0]!.id]!.scores.at(-1)!.floor} />
        )}
        {specs.map((spec) => (
          <Overlaid key={spec.title} title={spec.title} reading={spec.reading} over={over} runs={there} points={(id) => readings(histories[id]!, spec.lines[0]!.field)} limits={spec.limits} guide={spec.guide} />
        ))}
      </div>
    </>
  )
}

const FROM_ZERO: [number, null] = [0, null]

export function OverChoice({ what, over, onChange }: { what: string; over: Over; onChange: (over: Over) => void }) {
  return (
    <fieldset class="row choice">
      <legend class="unseen">{what} at the same</legend>
      {(['images', 'minutes'] as const).map((it) => (
        <label key={it} class="row">
          <input type="radio" checked={over === it} onChange={() => onChange(it)} /> over {it === 'images' ? 'images seen' : 'minutes of training'}
        </label>
      ))}
    </fieldset>
  )
}

interface OverlaidProps {
  title: string
  reading: string
  over: Over
  runs: Compared[]
  points: (id: string) => Points
  limits: [number | null, number | null]
  guide: number | null
}

function Overlaid({ title, reading, over, runs, points, limits, guide }: OverlaidProps) {
  const { x, curves } = useMemo(() => {
    const found = runs.map((run) => ({ run, its: along(points(run.id), over) }))
    const values = joined(found.map(({ its }) => ({ x: its.x, y: its.values })))
    const errors = joined(found.map(({ its }) => ({ x: its.x, y: its.errors })))
    const curves = found.map(({ run, its }, i): Curve => ({
      label: run.name, colour: run.colour, dashes: run.dashes, values: values.ys[i]!, ...(its.errors.some((it) => it !== null) ? { errors: errors.ys[i]! } : {}),
    })) // prettier-ignore
    return { x: values.x, curves: curves.filter((it) => it.values.some((value) => value !== null)) }
  }, [runs, points(runs[0]?.id ?? '')?.images.length, over])
  if (!curves.length) return null
  return (
    <figure class="card">
      <h3>{title}</h3>
      <Chart title={title} x={x} curves={curves} across={over === 'images' ? 'images seen' : 'minutes'} limits={limits} guide={guide} />
      <Meaning of={title}>{reading}</Meaning>
    </figure>
  )
}

const scores = (history: History): Points => ({
  images: history.scores.map((it) => it.images),
  seconds: history.scores.map((it) => it.seconds),
  values: history.scores.map((it) => it.fd),
  errors: history.scores.map((it) => 2 * it.error),
})

function readings({ ticks }: History, field: string): Points {
  const window = Math.max(1, Math.round(ticks.images.length * SMOOTHING_SHARE))
  return { images: ticks.images, seconds: ticks.seconds, values: ticks[field] ? movingAverage(ticks[field], window) : ticks.images.map(() => null) }
}

/** Points over images or minutes; those whose time isn't known are left out of the latter. */
function along({ images, seconds, values, errors }: Points, over: Over) {
  const x = over === 'images' ? images : seconds.map((it) => (it === null ? null : it / MINUTE))
  const places = x.map((_, i) => i).filter((i) => x[i] !== null)
  return { x: places.map((i) => x[i]!), values: places.map((i) => values[i]!), errors: places.map((i) => errors?.[i] ?? null) }
}
