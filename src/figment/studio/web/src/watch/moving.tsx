// The clips of a run as they moved at a moment of it: a film that goes round, which a person who asks for less motion starts.
import { useEffect, useRef, useState } from 'preact/hooks'
import { useMatch } from '../match'
import { count, placeAt } from '../numbers'

interface Props {
  id: string
  films: readonly number[] // images seen at each, in order
  images: number // of the moment that is looked at
}

/** The film of a moment: the last one before it, or the first of all. */
export const filmAt = (films: readonly number[], images: number): number => films[placeAt(films, images)]!

export function Moving({ id, films, images }: Props) {
  const still = useMatch('(prefers-reduced-motion: reduce)')
  const [wanted, setWanted] = useState<boolean | null>(null) // null until somebody says so
  const [lost, setLost] = useState<number | null>(null)
  const video = useRef<HTMLVideoElement>(null)
  const film = filmAt(films, images)
  const plays = wanted ?? !still
  useEffect(() => {
    if (plays) video.current?.play().catch(() => undefined) // which a browser may refuse, and another film ends
    else video.current?.pause()
  }, [plays, film])
  const words = `The first codes in motion after ${count(film)} images`
  return (
    <section class="card moving" aria-label="In motion">
      <video ref={video} src={`/api/runs/${id}/loops/${film}`} loop muted playsInline preload="auto" aria-label={words} onError={() => setLost(film)} onLoadedData={() => setLost(null)} />
      <div class="row">
        <button type="button" aria-label={plays ? 'Hold the film' : 'Play the film'} onClick={() => setWanted(!plays)}>
          {plays ? '❚❚' : '▶'}
        </button>
        <span class="quiet">
          In motion after {count(film)} images{lost === film && <span class="problem"> – this film is gone or damaged</span>}
        </span>
      </div>
    </section>
  )
}
