// The pictures that one can take from: the one that is played with, samples, and favourites. One is chosen at a time.
import { useEffect, useState } from 'preact/hooks'
import { itemOf, sameItem, type Desk } from './desk'
import type { Item } from './player'
import { Thumb } from './thumb'

const SAMPLES = 11

interface Props {
  desk: Desk
  chosen: Item | null
  onChoose: (item: Item) => void
}

/** The item that the picture played with is: as it is drawn, with all that moved it. */
export function useCurrent(desk: Desk): Item | null {
  const { point, moves, truncation, label, net } = desk.state
  const [item, setItem] = useState<Item | null>(null)
  const key = JSON.stringify([point, moves, truncation, label, net])
  useEffect(() => {
    let wanted = true
    desk.player.picture({ codes: [point], moves, truncation, label, net }).then(
      ({ codes, labels }) => wanted && setItem({ point: { values: codes![0]! }, label: labels?.[0] ?? null }),
      () => {},
    )
    return () => void (wanted = false)
  }, [key, desk.player])
  return item
}

export function Choices({ desk, chosen, onChoose }: Props) {
  const [first, setFirst] = useState(0)
  const current = useCurrent(desk)
  const seed = desk.facts.seed
  const all: [string, Item][] = [
    ...(current ? ([['the picture that you play with', current]] as [string, Item][]) : []),
    ...Array.from({ length: SAMPLES }, (_, i): [string, Item] => [
      `sample ${first + i}`, { point: { number: first + i, seed }, label: null },
    ]),
    ...desk.favourites.map((it): [string, Item] => [`favourite ${it.name}`, itemOf(it)]),
  ]
  return (
    <section class="choices">
      <div class="row spread">
        <h3>Pictures to take from</h3>
        <button type="button" onClick={() => setFirst(Math.floor(Math.random() * 100_000))}>
          Other samples
        </button>
      </div>
      <div class="thumbs" role="group" aria-label="Pictures to take from">
        {all.map(([name, item]) => (
          <Thumb
            key={name}
            desk={desk}
            item={item}
            name={name[0]!.toUpperCase() + name.slice(1)}
            pressed={chosen !== null && sameItem(chosen, item)}
            onClick={() => onChoose(item)}
          />
        ))}
      </div>
    </section>
  )
}
