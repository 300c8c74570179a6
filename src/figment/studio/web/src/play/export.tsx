// A film strip as a film: made on the server, one film after another; how far it is is asked for, and it can be stopped.
import { useState } from 'preact/hooks'
import { blob, get, post, remove } from '../api'
import { count } from '../numbers'
import type { Desk } from './desk'
import type { Item } from './player'
import { save } from './save'

const ENDINGS = { mp4: 'Video (mp4)', webp: 'Animated WebP', gif: 'GIF' }
type Ending = keyof typeof ENDINGS
const EVERY = 300 // milliseconds

export interface Film {
  id: string
  state: 'waiting' | 'working' | 'done' | 'stopped' | 'failed'
  before: number // films that come first
  done: number // frames
  total: number
  told: string
}

/** How far a film is, in words. */
export function progressOf({ state, before, done, total }: Film): string {
  if (state === 'waiting') return before === 1 ? 'One film comes first …' : before ? `${count(before)} films come first …` : 'It begins …'
  if (!total) return 'It begins …'
  return done < total ? `${count(done)} of ${count(total)} frames, ${Math.floor((100 * done) / total)} %` : 'Writing the file …'
}

interface Props {
  desk: Desk
  frames: Item[]
  seconds: number
}

export function Export({ desk, frames, seconds }: Props) {
  const path = `/api/play/${desk.id}/films`
  const [ending, setEnding] = useState<Ending>('mp4')
  const [told, setTold] = useState('')
  const [film, setFilm] = useState<Film | null>(null)
  const [busy, setBusy] = useState(false)

  /** Until there is a film, or why there is none; it is fetched, too, where another panel is looked at meanwhile. */
  async function make() {
    if (busy || frames.length < 2) return // the button keeps the focus where it can't be pressed
    setBusy(true)
    setTold('')
    const asked = { keyframes: frames.map((it) => it.point), ending, seconds, label: frames[0]!.label, net: desk.state.net }
    try {
      let now = await post<Film>(path, asked)
      while (now.state === 'waiting' || now.state === 'working') {
        setFilm(now)
        await new Promise((done) => setTimeout(done, EVERY))
        now = await get<Film>(`${path}/${now.id}`)
      }
      if (now.state === 'done') save(await blob(`${path}/${now.id}/file`), `${desk.facts.name}-walk.${ending}`)
      await remove(`${path}/${now.id}`)
      setTold(now.state === 'done' ? 'The film is in your downloads, marked as synthetic.' : now.told)
    } catch (why) {
      setTold((why as Error).message)
    }
    setFilm(null)
    setBusy(false)
  }
  const stop = () => film && void post(`${path}/${film.id}/stop`).catch((why: Error) => setTold(why.message))

  return (
    <section>
      <div class="row">
        <label class="inline">
          As{' '}
          <select value={ending} onChange={(event) => setEnding(event.currentTarget.value as Ending)}>
            {Object.entries(ENDINGS).map(([value, name]) => (
              <option key={value} value={value}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <button type="button" aria-disabled={busy || frames.length < 2} onClick={() => void make()}>
          Export the film
        </button>
        {film && <button type="button" onClick={stop}>Stop the film</button>}
      </div>
      {film && (
        <label>
          {progressOf(film)}
          <progress max={film.total || undefined} value={film.total ? film.done : undefined} />
        </label>
      )}
      <p role="status" class="quiet">
        {told}
      </p>
    </section>
  )
}
