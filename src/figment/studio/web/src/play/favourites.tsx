// Favourites: codes that are kept in the run.
import { useState } from 'preact/hooks'
import { patch, remove } from '../api'
import { itemOf, type Desk, type Favourite } from './desk'
import { Thumb } from './thumb'

type Shelf = { favourites: Favourite[] }

export function Favourites({ desk }: { desk: Desk }) {
  const [problem, setProblem] = useState<string | null>(desk.facts.favourites_problem)
  const done = (work: Promise<Shelf>) =>
    work.then((it) => (desk.setFavourites(it.favourites), setProblem(null)), (why: Error) => setProblem(why.message))
  return (
    <>
      <h2>Favourites</h2>
      {problem && <p class="problem" role="alert">{problem}</p>}
      {!desk.favourites.length && <p>None yet: Keep, below the picture, puts one here.</p>}
      <ul class="shelf">
        {desk.favourites.map((one) => (
          <Row
            key={one.id} desk={desk} one={one}
            onRename={(name) => done(patch(`/api/play/${desk.id}/favourites/${one.id}`, { name }))}
            onRemove={() => done(remove(`/api/play/${desk.id}/favourites/${one.id}`))}
          />
        ))}
      </ul>
      {desk.favourites.length > 0 && (
        <p class="quiet">
          They are codes in the run’s favourites.safetensors; <code>figment sample RUN --codes</code> draws them, too.
        </p>
      )}
    </>
  )
}

interface RowProps {
  desk: Desk
  one: Favourite
  onRename: (name: string) => void
  onRemove: () => void
}

function Row({ desk, one, onRename, onRemove }: RowProps) {
  const [name, setName] = useState(one.name)
  const rename = () => name.trim() && name.trim() !== one.name && onRename(name.trim())
  return (
    <li>
      <Thumb desk={desk} item={itemOf(one)} name={`Play with ${one.name}`} onClick={() => desk.take(itemOf(one))} />
      <input
        type="text" value={name} maxLength={80} aria-label={`Name of ${one.name}`} onInput={(event) => setName(event.currentTarget.value)}
        onBlur={rename} onKeyDown={(event) => event.key === 'Enter' && rename()}
      />
      <button type="button" aria-label={`Remove ${one.name}`} onClick={onRemove}>
        Remove
      </button>
    </li>
  )
}
