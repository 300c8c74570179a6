// A chart: curves over one axis, in the page's colours, with a line where the slider stands.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { digits, placeAt, short } from './numbers'
import { onTheme, themed, withAlpha } from './theme'

export interface Curve {
  label: string
  colour: string // a variable of style.css without its dashes: first … sixth
  values: readonly (number | null)[]
  dashes?: readonly number[]
  faint?: boolean // a thin line that others are drawn over, and that the legend leaves out
  points?: boolean
  errors?: readonly (number | null)[] // half the width of a band around it
}

export interface ChartProps {
  title: string
  x: readonly number[]
  curves: readonly Curve[]
  across: string // what the axis counts
  limits?: readonly [number | null, number | null]
  guide?: number | null // a dashed line across
  log?: boolean
  at?: number | null // where the slider stands, on the axis
  onPick?: (x: number) => void // a click or a drag on the chart
  height?: number
}

export function Chart(props: ChartProps) {
  const { title, x, curves, at = null, across } = props
  const room = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | null>(null)
  const drawn = useRef<unknown[]>([])
  const now = useRef(props)
  now.current = props
  // What a plot can't change once it is made: it is made anew when this changes, and only then.
  const shape = [props.log, across, ...curves.map((it) => [it.label, it.colour, it.faint, !!it.errors, it.dashes])].join('|')
  const data = useMemo(() => columns(x, curves), [x, curves])

  const inView = useInView(room)
  useEffect(() => {
    if (!inView) return
    const element = room.current!
    const made = new uPlot(options(now, element), data, element)
    drawn.current = [data, props.guide, props.limits]
    made.root.setAttribute('aria-hidden', 'true') // a reader gets the label
    plot.current = made
    const resized = new ResizeObserver(() => {
      const width = element.clientWidth
      if (width && width !== made.width) made.setSize({ width, height: made.height })
    })
    resized.observe(element)
    const stop = onTheme(() => made.redraw(false))
    return () => {
      resized.disconnect()
      stop()
      made.destroy()
      plot.current = null
    }
  }, [shape, inView])
  useEffect(() => {
    const changed = [data, props.guide, props.limits]
    if (!plot.current || changed.every((it, i) => it === drawn.current[i])) return
    drawn.current = changed
    plot.current.setData(data)
  }, [data, props.guide, props.limits])
  useEffect(() => void (plot.current && place(plot.current, props)), [at])

  const reading = x.length ? (at === null ? x.length - 1 : placeAt(x, at)) : -1
  const told = curves.filter((it) => !it.faint).map((it) => ({ ...it, value: known(it.values, reading) }))
  const words = told.map((it) => `${it.label} ${digits(it.value)}`).join(', ')
  return (
    <div class="chart">
      <div class="plot" ref={room} role="img" aria-label={`${title}, over ${across}: ${words}.`} />
      <ul class="legend" aria-hidden="true">
        {told.map((it) => (
          <li key={it.label}>
            <svg width="22" height="8">
              <line x1="1" y1="4" x2="21" y2="4" stroke={`var(--${it.colour})`} stroke-width="2.5" stroke-dasharray={it.dashes?.map((d) => 2 * d).join(' ')} />
            </svg>
            {it.label} <b>{digits(it.value)}</b>
          </li>
        ))}
      </ul>
    </div>
  )
}

/** Whether an element is in sight, or has been: what nobody has seen yet needn't be drawn. */
function useInView(element: { current: Element | null }): boolean {
  const [inView, setInView] = useState(false)
  useEffect(() => {
    const observer = new IntersectionObserver(
      (entries) => entries.some((it) => it.isIntersecting) && (setInView(true), observer.disconnect()),
      { rootMargin: '200px' },
    )
    observer.observe(element.current!)
    return () => observer.disconnect()
  }, [])
  return inView
}

/** The last value up to a place that is one: a curve may have gaps. */
function known(values: readonly (number | null)[], place: number): number | null {
  for (let i = place; i >= 0; i--) if (values[i] != null) return values[i]!
  return null
}

/** What uPlot takes: the axis, then of each curve its values, and before those of one with errors the edges of its band. */
function columns(x: readonly number[], curves: readonly Curve[]): uPlot.AlignedData {
  const found: (number | null)[][] = []
  for (const it of curves) {
    if (it.errors) found.push(edge(it, 1), edge(it, -1))
    found.push([...it.values])
  }
  return [[...x], ...found] as uPlot.AlignedData
}

const edge = (curve: Curve, side: number) =>
  curve.values.map((value, i) => (value === null || curve.errors![i] == null ? value : value + side * curve.errors![i]!))

function options(now: { current: ChartProps }, element: HTMLElement): uPlot.Options {
  const { curves, log, height = 180, across } = now.current
  const series: uPlot.Series[] = [{}]
  const bands: uPlot.Band[] = []
  for (const it of curves) {
    if (it.errors) {
      const none = { stroke: 'transparent', points: { show: false } }
      series.push(none, none)
      bands.push({ series: [series.length - 2, series.length - 1], fill: () => withAlpha(themed(it.colour), 0.2) })
    }
    series.push({
      label: it.label,
      stroke: () => (it.faint ? withAlpha(themed(it.colour), 0.35) : themed(it.colour)),
      width: it.faint ? 1 : 2,
      spanGaps: true,
      points: { show: it.points ?? it.values.length < 4, size: 5 },
      ...(it.dashes?.length ? { dash: it.dashes.map((d) => 2 * d) } : {}),
    })
  }
  const axis: uPlot.Axis = {
    stroke: () => themed('ink'), font: '12px system-ui, sans-serif', ticks: { show: false },
    grid: { stroke: () => themed('faint'), width: 1 },
  }
  return {
    width: element.clientWidth || 300, height, series, bands,
    padding: [8, 12, 0, 0],
    legend: { show: false },
    cursor: { x: false, y: false, points: { show: false }, drag: { setScale: false, x: false, y: false }, bind: {} },
    scales: { x: { time: false, range: (_, low, high) => [Math.min(0, low ?? 0), Math.max(high ?? 1, 1e-9)] }, y: log ? { distr: 3, range: positive } : { range: (_, low, high) => within(now.current, low, high) } },
    axes: [
      { ...axis, values: (_, splits) => splits.map((it) => short(it)), label: across, labelSize: 18, labelFont: '12px system-ui, sans-serif', size: 30 },
      { ...axis, values: (_, splits) => splits.map((it) => (it === null ? '' : short(it))), size: 52 },
    ],
    hooks: { draw: [(u) => drawGuide(u, now.current), (u) => place(u, now.current)], ready: [(u) => picking(u, now)] },
  }
}

function within({ limits = [null, null], guide = null }: ChartProps, low: number, high: number): [number, number] {
  const [least, most] = limits
  const top = Math.max(high ?? 0, guide ?? -Infinity)
  const bottom = Math.min(low ?? 0, guide ?? Infinity)
  const margin = 0.08 * (top - (least ?? bottom)) || 0.5
  return [least ?? bottom - margin, most ?? top + margin]
}

/** The ends of a logarithmic axis: numbers of one digit around what lies on it. */
function positive(_: uPlot, low: number | null, high: number | null): [number, number] {
  const ten = (it: number) => 10 ** Math.floor(Math.log10(it))
  const [least, most] = [Math.max(low ?? 0.1, 1e-9), Math.max(high ?? 1, 1e-9)]
  return [Math.floor(least / ten(least) + 1e-9) * ten(least), Math.ceil(most / ten(most) - 1e-9) * ten(most)]
}

function drawGuide(u: uPlot, { guide = null }: ChartProps): void {
  if (guide === null) return
  const y = u.valToPos(guide, 'y', true)
  line(u, [u.bbox.left, y, u.bbox.left + u.bbox.width, y], themed('ink'), [4, 3], 1)
}

/** The line where the slider stands: no part of the drawing, since it moves far more often than curves change. */
function place(u: uPlot, { at = null }: ChartProps): void {
  let mark = u.over.querySelector<HTMLElement>('.at')
  if (!mark) {
    mark = document.createElement('div')
    mark.className = 'at'
    u.over.append(mark)
  }
  mark.hidden = at === null
  // Not the element's own width: asking for that has the browser lay out the page anew, at each move of a slider.
  if (at !== null) mark.style.transform = `translateX(${Math.min(u.valToPos(at, 'x'), u.bbox.width / devicePixelRatio)}px)`
}

function line(u: uPlot, [x0, y0, x1, y1]: [number, number, number, number], colour: string, dashes: number[], width: number) {
  const pixels = devicePixelRatio
  u.ctx.save()
  u.ctx.strokeStyle = colour
  u.ctx.lineWidth = width * pixels
  u.ctx.setLineDash(dashes.map((it) => it * pixels))
  u.ctx.beginPath()
  u.ctx.moveTo(x0, y0)
  u.ctx.lineTo(x1, y1)
  u.ctx.stroke()
  u.ctx.restore()
}

/** A click or drag within the plot tells its place on the axis. */
function picking(u: uPlot, now: { current: ChartProps }): void {
  const tell = (event: PointerEvent) => {
    const left = event.clientX - u.over.getBoundingClientRect().left
    now.current.onPick?.(u.posToVal(Math.max(0, Math.min(left, u.over.clientWidth)), 'x'))
  }
  if (now.current.onPick) u.over.classList.add('pickable')
  u.over.addEventListener('pointerdown', (event) => {
    if (event.button || !now.current.onPick) return
    u.over.setPointerCapture(event.pointerId)
    tell(event)
  })
  u.over.addEventListener('pointermove', (event) => u.over.hasPointerCapture(event.pointerId) && tell(event))
}
