// The curves of a run: scores with their errors and floor, then readings of the game.
import { useMemo } from 'preact/hooks'
import { Chart, type Curve } from '../chart'
import type { ChartSpec, Columns, History, Score } from '../history'
import { Meaning } from '../meaning'
import { movingAverage } from '../numbers'

const SMOOTHING_SHARE = 1 / 15 // of the readings are averaged into the dark line
const MIN_LOG_RATIO = 20 // times the least that the largest score has to be for a logarithmic axis

export interface RunChartsProps {
  history: History
  at: number // images seen, where the slider stands
  onPick: (images: number) => void
}

export function RunCharts({ history, at, onPick }: RunChartsProps) {
  const { ticks, charts, scores, score_words } = history
  return (
    <>
      {score_words && <Scores scores={scores} title={score_words.title} reading={score_words.reading} at={at} onPick={onPick} />}
      {charts.map((spec) => (
        <Readings key={spec.title} spec={spec} ticks={ticks} at={at} onPick={onPick} />
      ))}
    </>
  )
}

function Scores({ scores, title, reading, at, onPick }: { scores: Score[]; title: string; reading: string; at: number; onPick: (images: number) => void }) {
  const { x, curves, log } = useMemo(() => {
    const values = scores.map((it) => it.fd)
    const curve: Curve = { label: 'samples', colour: 'second', values, errors: scores.map((it) => 2 * it.error), points: true }
    const floor: Curve = { label: 'other reals', colour: 'ink', values: scores.map((it) => it.floor), dashes: [4, 3] }
    const log = Math.min(...values) > 0 && Math.max(...values) > MIN_LOG_RATIO * Math.min(...values)
    return { x: scores.map((it) => it.images), curves: [curve, floor], log }
  }, [scores])
  return (
    <figure class="card">
      <h3>{title}</h3>
      <Chart title={title} x={x} curves={curves} across="images seen" limits={FROM_ZERO} log={log} at={at} onPick={onPick} />
      <Meaning of={title}>
        {reading} The band is two standard errors to each side{log ? '; the axis is logarithmic' : ''}.
      </Meaning>
    </figure>
  )
}

const FROM_ZERO = [0, null] as const

function Readings({ spec, ticks, at, onPick }: { spec: ChartSpec; ticks: Columns; at: number; onPick: (images: number) => void }) {
  const curves = useMemo(() => {
    const lines = spec.lines.filter((line) => ticks[line.field])
    const window = Math.max(1, Math.round(ticks.images.length * SMOOTHING_SHARE))
    const raw = lines.map((line): Curve => ({ label: line.label, colour: line.colour, values: ticks[line.field]!, faint: true }))
    const smooth = lines.map((line): Curve => ({ label: line.label, colour: line.colour, values: movingAverage(ticks[line.field]!, window), dashes: line.dashes }))
    return [...raw, ...smooth]
  }, [spec, ticks])
  if (!curves.length) return null
  return (
    <figure class="card">
      <h3>{spec.title}</h3>
      <Chart title={spec.title} x={ticks.images} curves={curves} across="images seen" limits={spec.limits} guide={spec.guide} log={spec.log} at={at} onPick={onPick} />
      <Meaning of={spec.title}>{spec.reading}</Meaning>
    </figure>
  )
}
