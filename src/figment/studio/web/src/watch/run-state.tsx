// How a run stands, in a line of numbers, and what the trainer says of it.
import type { Meaning as Said } from '../history'
import { Flagged, WhoseFlags, withoutAdvice } from '../flags'
import { Meaning } from '../meaning'
import { count, digits, time } from '../numbers'

export interface RunState {
  name: string
  standing: string
  in_study: boolean
  said: string
  why: string | null // why its last training ended badly
  saved: { images: number; seconds: number } | null // how far it was then saved
  images: number
  seconds: number
  speed: number | null
  left: number | null
  score: { title: string; value: number; error: number | null; floor: number; images: number } | null
  sentence: string | null
  said_last: Said[]
  films: number[] // images seen at those that there are, of a run of clips
}

/** drawn: images seen when the newest sheet was made, which may come before the reading that tells of them. */
export function StateLine({ state, drawn }: { state: RunState; drawn: number }) {
  const { score } = state
  const facts: [string, string][] = [
    ['state', state.said],
    ['images seen', count(Math.max(state.images, drawn))],
    ['trained for', time(state.seconds)],
  ]
  if (state.saved) facts.push(['saved until', `${count(state.saved.images)} images, ${time(state.saved.seconds)}`])
  if (state.speed !== null) facts.push(['images a second', digits(state.speed)])
  if (state.left !== null) facts.push(['left', time(state.left)])
  if (score) facts.push([`best ${score.title}, lower is better`, `${digits(score.value, 4)}${score.error === null ? '' : ` ± ${digits(score.error, 2)}`} (reals reach ${digits(score.floor, 4)})`])
  return (
    <dl class="facts" aria-label="How the run stands">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd class={name === 'state' ? `state-${state.standing}` : undefined}>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

/** closing: what was said of the whole run at its end. */
export function Words({ said, title, closing }: { said: readonly Said[]; title: string; closing?: string }) {
  return (
    <section class="card words" aria-label={title}>
      <h2>{title}</h2>
      {!said.length && !closing && <p>Too early to tell.</p>}
      {said.map(({ text, means }) => (
        <div key={text}>
          <p class="said"><Flagged text={`${text[0]!.toUpperCase()}${text.slice(1)}.`} /></p>
          {means && <Meaning of={withoutAdvice(text)}>{means}</Meaning>}
        </div>
      ))}
      {closing && <p><Flagged text={`${closing}.`} /></p>}
      <WhoseFlags texts={[...said.map((it) => it.text), closing ?? '']} />
    </section>
  )
}
