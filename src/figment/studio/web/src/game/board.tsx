// One game: what is seen of it, in the plane, in words and as curves.
import { useEffect, useRef } from 'preact/hooks'
import { Chart } from '../chart'
import { count, digits } from '../numbers'
import { onTheme } from '../theme'
import type { Course } from './course'
import { draw, SIDE, type Layers } from './drawing'
import type { Shot } from './message'

export type Painter = (shot: Shot) => void

export interface BoardProps {
  title: string
  shot: Shot | null // as it was a moment ago, for the words
  truth: Int16Array
  layers: Layers
  course: Course
  register: (paint: Painter | null) => void // what draws each frame, past Preact
}

export function Board({ title, shot, truth, layers, course, register }: BoardProps) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const last = useRef<Shot | null>(null)

  useEffect(() => {
    const context = canvas.current!.getContext('2d')!
    const small = document.createElement('canvas')
    const paint = (shot: Shot | null) => {
      last.current = shot
      if (shot) draw(context, shot, truth, layers, small)
    }
    paint(last.current)
    register(paint)
    const stop = onTheme(() => paint(last.current))
    return () => (register(null), stop())
  }, [truth, layers, register])

  return (
    <section class="card board" aria-label={title}>
      <h2>{title}</h2>
      <canvas ref={canvas} width={SIDE} height={SIDE} role="img" aria-label={inWords(shot)} />
      <Reading shot={shot} />
      {course.steps.length ? <Charts shot={shot} course={course} /> : <p class="quiet before">The curves begin with the first step.</p>}
    </section>
  )
}

function Charts({ shot, course }: Pick<BoardProps, 'shot' | 'course'>) {
  return (
    <>
      <Chart
        title="Losses" across="steps" x={course.steps} height={150}
        curves={[{ label: 'G’s loss', colour: 'second', values: course.lossG, points: false }, { label: 'D’s loss', colour: 'first', values: course.lossD, dashes: [4, 2], points: false }]}
      />
      <Chart
        title="How well D tells them apart, and modes covered" across="steps" x={course.steps} height={120} limits={[0, 1]} guide={0.5}
        curves={[
          { label: 'D ranks true above generated', colour: 'fourth', values: course.separation, points: false },
          ...(shot?.modes ? [{ label: 'modes covered', colour: 'third', values: course.covered, dashes: [4, 2], points: false }] : []),
        ]}
      />
    </>
  )
}

function Reading({ shot }: { shot: Shot | null }) {
  const rows: [string, string][] = [
    ['Steps of G', shot ? count(shot.stepsG) : '–'],
    ['Steps of D', shot ? count(shot.stepsD) : '–'],
    ['Modes covered', shot?.modes ? `${shot.covered} of ${shot.modes}` : '–'],
    ['On a mode', shot?.modes ? `${Math.round(100 * shot.onModes)} %` : '–'],
    ['D ranks true above generated', shot ? `${Math.round(100 * shot.separation)} %` : '–'],
    ['G’s loss', digits(shot?.lossG)],
    ['D’s loss', digits(shot?.lossD)],
  ]
  return (
    <>
      <dl class="reading">
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <p class="verdict" aria-live="polite">{shot ? verdict(shot) : ''}</p>
    </>
  )
}

/** What is to be said of a game as it stands; nothing, mostly. */
function verdict(shot: Shot): string {
  if (!shot.isFinite) return 'The numbers overflowed: this game is over. Begin anew with smaller rates or a penalty.'
  if (shot.hasCollapsed && shot.stepsG > SETTLED) return 'Collapsed: what the generator makes lies on a few spots.'
  return ''
}

const SETTLED = 100 // steps of G, before which a small cloud is only a new one

function inWords(shot: Shot | null): string {
  if (!shot) return 'The plane, before the first frame.'
  const modes = shot.modes ? `${shot.covered} of ${shot.modes} modes are covered. ` : ''
  const middle = [0, 1].map((axis) => {
    let sum = 0
    for (let i = axis; i < shot.points.length; i += 2) sum += shot.points[i]!
    return digits(sum / (shot.points.length / 2) / 8192, 2)
  })
  return `After ${count(shot.stepsG)} steps of G and ${count(shot.stepsD)} of D: ${modes}The generated points’ middle is ${middle.join(', ')}. ${verdict(shot)}`
}
