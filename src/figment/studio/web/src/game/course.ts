// How a game has gone: what its curves are drawn from. Every second reading goes when there are many.
import type { Shot } from './message'

const MOST = 800

export interface Course {
  steps: number[]
  lossG: (number | null)[]
  lossD: (number | null)[]
  separation: (number | null)[]
  covered: (number | null)[]
}

export const begun = (): Course => ({ steps: [], lossG: [], lossD: [], separation: [], covered: [] })

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null)

/** The course with a reading more. Of several at one step the last one stays. */
export function gone(course: Course, shot: Shot): Course {
  const at = Math.max(shot.stepsG, shot.stepsD)
  let kept = course
  if (course.steps.at(-1) === at) kept = filtered(course, (i) => i < course.steps.length - 1)
  else if (course.steps.length >= MOST) kept = filtered(course, (i) => i % 2 === 0)
  return {
    steps: [...kept.steps, at],
    lossG: [...kept.lossG, finite(shot.lossG)],
    lossD: [...kept.lossD, finite(shot.lossD)],
    separation: [...kept.separation, finite(shot.separation)],
    covered: [...kept.covered, shot.modes ? shot.covered! / shot.modes : null],
  }
}

function filtered(course: Course, keep: (i: number) => boolean): Course {
  return Object.fromEntries(Object.entries(course).map(([name, values]) => [name, values.filter((_: unknown, i: number) => keep(i))])) as unknown as Course
}
