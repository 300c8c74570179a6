// Keeping and taking home: the picture on the stage as a favourite, as a PNG, and sheets of samples.
import { useState } from 'preact/hooks'
import { blob, post } from '../api'
import type { Desk, Favourite } from './desk'
import { save } from './save'

const SHEETS = [16, 64]
const SCALES = [1, 2, 4, 8]

export function Keep({ desk }: { desk: Desk }) {
  const [name, setName] = useState('')
  const [scale, setScale] = useState(4)
  const [told, setTold] = useState('')
  const { shown, state, facts, id } = desk
  const one = { ...shown, codes: shown.codes.slice(0, 1) }
  const said = (text: string) => (why: unknown) => setTold(why instanceof Error ? why.message : text)
  const resampling = state.smooth ? 'lanczos' : 'nearest'

  function keep() {
    const { late, stage, ...look } = one
    post<{ favourites: Favourite[] }>(`/api/play/${id}/favourites`, { ...look, name: name.trim() || `favourite ${desk.favourites.length + 1}` }).then(
      ({ favourites }) => (desk.setFavourites(favourites), setName(''), setTold(`Kept as ${favourites[0]!.name}.`)),
      said(''),
    )
  }

  function download(look: object, ending: string) {
    blob(`/api/play/${id}/picture`, { ...look, scale, resampling }).then(
      (picture) => (save(picture, `${facts.name}${ending}.png`), setTold('It is in your downloads, marked as synthetic.')),
      said(''),
    )
  }

  const sheet = (count: number) => {
    const { moves, truncation, label, net, point } = state
    const { number, seed } = 'values' in point ? { number: 0, seed: facts.seed } : point
    const codes = Array.from({ length: count }, (_, i) => ({ number: number + i, seed }))
    download({ codes, moves, truncation, label, net }, `-${count}`)
  }
  return (
    <section class="keep">
      <form class="row" onSubmit={(event) => (event.preventDefault(), shown.late || keep())}>
        <label class="inline">
          Name{' '}
          <input type="text" maxLength={80} value={name} placeholder={`favourite ${desk.favourites.length + 1}`} onInput={(event) => setName(event.currentTarget.value)} />
        </label>
        <button type="submit" disabled={Boolean(shown.late)}>
          Keep
        </button>
      </form>
      <div class="row">
        <label class="inline">
          Enlarged{' '}
          <select value={scale} onChange={(event) => setScale(Number(event.currentTarget.value))}>
            {SCALES.map((times) => (
              <option key={times} value={times}>
                {times} ×
              </option>
            ))}
          </select>
        </label>
        <button type="button" onClick={() => download(shown, '')}>
          Download
        </button>
        {SHEETS.map((count) => (
          <button type="button" key={count} onClick={() => sheet(count)}>
            Sheet of {count}
          </button>
        ))}
      </div>
      <p role="status" class="quiet">
        {told}
      </p>
    </section>
  )
}
