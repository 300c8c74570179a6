// Sliders for directions: what has a name first. Where nothing has, the search for names is a button away.
import { useEffect, useState } from 'preact/hooks'
import { get, post, remove } from '../api'
import type { Desk, Direction } from './desk'
import { Ends } from './ends'
import { signed, Slider } from './slider'

const MOST = 4 // deviations, to either side
const MIN_CORRELATION = 0.5 // from which it is said what an unnamed direction moves
const PLAIN = ['labelled', 'groups'] // how directions were found that have a name

export function Directions({ desk }: { desk: Desk }) {
  const { directions } = desk.facts
  const named = directions.filter((one) => PLAIN.includes(one.how))
  const others = directions.filter((one) => !PLAIN.includes(one.how))
  const isAny = Object.values(desk.state.moves).some(Boolean)
  const sliders = (all: Direction[]) => all.map((one) => <OneSlider key={one.name} desk={desk} one={one} />)
  return (
    <>
      <div class="row spread">
        <h2>Directions</h2>
        <button type="button" disabled={!isAny} onClick={() => desk.change({ moves: {} })}>
          All to 0
        </button>
      </div>
      {!named.length && (
        <p class="quiet">
          {others[0]?.how === 'weights'
            ? 'Nobody has looked for directions in this run yet: these are the ones that its weights stretch most, and what they move you will see.'
            : 'What these directions move has no name: nothing tells what is in this run’s pictures.'}
        </p>
      )}
      {sliders(named)}
      {named.length && others.length ? (
        <details>
          <summary>{others.length} directions without a name</summary>
          {sliders(others)}
        </details>
      ) : (
        sliders(others)
      )}
      <Search desk={desk} />
    </>
  )
}

function OneSlider({ desk, one }: { desk: Desk; one: Direction }) {
  const { moves } = desk.state
  const is = one.moves !== one.name && one.moves && Math.abs(one.correlation ?? 0) >= MIN_CORRELATION
  return (
    <Ends desk={desk} direction={one.name} most={MOST}>
      <Slider
        label={one.name} note={is ? `moves ${one.moves}` : undefined} value={moves[one.name] ?? 0} min={-MOST} max={MOST} step={0.1}
        show={signed} onChange={(value) => desk.change({ moves: { ...moves, [one.name]: value } })}
      />
    </Ends>
  )
}

interface Progress {
  state: 'none' | 'running' | 'done' | 'cancelled' | 'failed'
  stage: string
  done: number
  total: number
  told: string
}

const EVERY = 700 // milliseconds

function Search({ desk }: { desk: Desk }) {
  const path = `/api/play/${desk.id}/directions`
  const [it, setIt] = useState<Progress | null>(null)
  const running = it?.state === 'running'
  useEffect(() => {
    get<Progress>(path).then(setIt, () => {})
  }, [path])
  useEffect(() => {
    if (!running) return
    const timer = setInterval(() => {
      get<Progress>(path).then((found) => {
        setIt(found)
        if (found.state === 'done') desk.again()
      }, () => {})
    }, EVERY)
    return () => clearInterval(timer)
  }, [running, path])
  const failed = (why: Error) => setIt({ state: 'failed', stage: '', done: 0, total: 0, told: why.message })
  return (
    <section>
      <p class="quiet">
        figment can look for directions: by name where something tells what is in the pictures (labels, or the reader of the
        built-in portraits), and for those that change most. They are kept in the run.
      </p>
      {running ? (
        <div class="row">
          <label>
            {it.stage}
            <progress max={it.total || undefined} value={it.total ? it.done : undefined} />
          </label>
          <button type="button" onClick={() => remove<Progress>(path).then(setIt, failed)}>
            Stop
          </button>
        </div>
      ) : (
        <button type="button" onClick={() => post<Progress>(path).then(setIt, failed)}>
          Find directions
        </button>
      )}
      <p role="status" class={it?.state === 'failed' ? 'problem' : 'quiet'}>
        {running ? '' : it?.told}
      </p>
    </section>
  )
}
