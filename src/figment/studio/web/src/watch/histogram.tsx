// How the last discriminator takes reals and what the generator drew at some moment, as bars that move with the slider.
import { useEffect, useState } from 'preact/hooks'
import { follow } from '../follow'
import { count, digits } from '../numbers'

const REST_MS = 350 // that the slider has to stand still before anything is reckoned
const KINDS = [
  ['training', 'training reals', 'first'],
  ['held_out', 'held-out reals', 'third'],
  ['fakes', 'generated', 'second'],
] as const

interface Outputs {
  unit: string
  images: number
  why: string | null
  edges: number[]
  shares: Record<string, number[]>
  counts: Record<string, number>
}

export function Histogram({ id, images }: { id: string; images: number }) {
  const [isOpen, setOpen] = useState(false)
  const [found, setFound] = useState<Outputs | null>(null)
  const [error, setError] = useState<string | null>(null)
  useEffect(() => {
    if (!isOpen) return
    let stop = () => {}
    const timer = setTimeout(() => {
      stop = follow<Outputs>(`/api/runs/${id}/outputs?images=${images}`, {
        doing: () => {},
        done: (it) => (setFound(it), setError(null)),
        refused: setError,
      })
    }, REST_MS)
    return () => (clearTimeout(timer), stop())
  }, [id, images, isOpen])
  return (
    <figure class="card">
      <h3>How the discriminator takes them</h3>
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>Show the histogram, wherever the slider rests</summary>
        <div class="bars-room">
          {found && <Bars {...found} />}
          {!found && !error && <p class="quiet">Asking the discriminator…</p>}
        </div>
        {error && <p class="problem" role="status">{error}</p>}
        {found?.why && <p class="problem">{found.why}</p>}
        <p class="quiet">
          This is the view of the discriminator that was kept last, at every moment of the slider: a run keeps generators of many moments, but one
          discriminator. Each kind's bars are shares of it.
          {found && ` Shown: ${count(found.counts.fakes ?? 0)} pictures of the generator after ${count(found.images)} images.`}
        </p>
      </details>
    </figure>
  )
}

function Bars({ unit, edges, shares }: Outputs) {
  const kinds = KINDS.filter(([kind]) => shares[kind])
  const bars = edges.length - 1
  const words = kinds.map(([kind, label]) => `${label} ${digits(middle(shares[kind]!, edges), 2)}`).join(', ')
  return (
    <>
      <svg class="bars" viewBox={`0 0 ${bars} ${10 * kinds.length}`} preserveAspectRatio="none" role="img" aria-label={`Mean ${unit}: ${words}.`}>
        {kinds.map(([kind, , colour], row) =>
          shares[kind]!.map((share, i) => (
            <rect key={`${kind}${i}`} x={i + 0.06} width={0.88} y={10 * (row + 1) - 9 * Math.sqrt(share)} height={9 * Math.sqrt(share)} fill={`var(--${colour})`} />
          )),
        )}
      </svg>
      <div class="bars-axis" aria-hidden="true">
        <span>{digits(edges[0], 2)}</span>
        <span>{unit}; height goes by the square root, so that few are seen, too</span>
        <span>{digits(edges.at(-1), 2)}</span>
      </div>
      <ul class="legend" aria-hidden="true">
        {kinds.map(([kind, label, colour]) => (
          <li key={kind}>
            <svg width="12" height="10">
              <rect width="12" height="10" fill={`var(--${colour})`} />
            </svg>
            {label} <b>{digits(middle(shares[kind]!, edges), 2)}</b>
          </li>
        ))}
      </ul>
    </>
  )
}

/** The mean, by the middles of the bars. */
export const middle = (shares: readonly number[], edges: readonly number[]): number =>
  shares.reduce((sum, share, i) => sum + (share * (edges[i]! + edges[i + 1]!)) / 2, 0)
