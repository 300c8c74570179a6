// Play: what a run's generator draws, under one's hand.
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import { useGet } from '../api'
import { Controls } from '../play/controls'
import type { Desk, Facts, Favourite } from '../play/desk'
import { Directions } from '../play/directions'
import { Favourites } from '../play/favourites'
import { Film } from '../play/film'
import { Find } from '../play/find'
import { Keep } from '../play/keep'
import { fromQuery, inWords, lookOf, neighbour, toQuery, type Look, type State } from '../play/looks'
import { MotionRow, Moving, pathOf, useMotion } from '../play/motion'
import { Pad } from '../play/pad'
import { Player, type Drawn, type Item } from '../play/player'
import '../play/play.css'
import { Stage } from '../play/stage'
import { Styles } from '../play/styles'
import { Sum } from '../play/sum'
import { followed, here } from '../router'
import type { PageProps } from '../shell'

const PANELS = {
  directions: ['Directions', Directions], pad: ['Between four', Pad], sum: ['A − B + C', Sum], film: ['Film', Film],
  styles: ['Styles', Styles], find: ['Find a picture', Find], favourites: ['Favourites', Favourites],
} as const
type PanelName = keyof typeof PANELS
const HOLDS_STILL = ['film', 'find'] // panels whose pictures change by themselves
const SETTLED = 400 // milliseconds without a change, after which the address keeps it

export default function Play({ id }: PageProps) {
  const { value: facts, error, again } = useGet<Facts>(`/api/play/${id}`)
  return (
    <>
      <div class="row between">
        <h1>Play{facts && <> with {facts.name}</>}</h1>
        <p class="onward">
          <a class="button" href={`/watch/${id}`} onClick={followed}>How it learned</a>{' '}
          <a class="button" href={`/compare?runs=${id}`} onClick={followed}>Compare</a>
        </p>
      </div>
      {error && <p class="problem" role="alert">{error}</p>}
      {facts && <Instrument id={id} facts={facts} again={again} />}
    </>
  )
}

function Instrument({ id, facts, again }: { id: string; facts: Facts; again: () => void }) {
  const [state, setState] = useState<State>(() => fromQuery(here().query, facts.seed))
  const [override, setOverride] = useState<Look | null>(null)
  const [favourites, setFavourites] = useState<Favourite[]>(facts.favourites)
  const [problem, setProblem] = useState<string | null>(null)
  const player = useMemo(() => new Player(id), [id])
  const stage = useRef<(drawn: Drawn) => void>(() => {})
  const shown = override ?? lookOf(state)
  const key = JSON.stringify(shown)
  const latest = useRef(shown)
  latest.current = shown

  const change = useCallback((part: Partial<State>) => setState((before) => ({ ...before, ...part })), [])
  useLayoutEffect(() => {
    player.onMain = (drawn, why) => {
      setProblem(why)
      if (drawn) stage.current(drawn)
    }
    player.onOpen = () => {
      setProblem(null)
      player.show(latest.current)
    }
    return () => player.end()
  }, [player])
  useLayoutEffect(() => player.show(latest.current), [key]) // at once: a picture follows the hand
  const moves = facts.moves && shown.codes.length === 1 && !shown.late && !HOLDS_STILL.includes(state.panel)
  const motion = useMotion(player, moves ? shown : null, pathOf(state, facts.seed))
  useAddress(state, facts.seed)

  const choose = (panel: string) => {
    setOverride(null)
    change({ panel })
  }
  const take = ({ point, label }: Item) => {
    change({ point, label, moves: {}, truncation: 1, many: false, ...(state.panel === 'favourites' ? {} : { panel: 'directions' }) })
    setOverride(null)
  }
  const hold = async (): Promise<Item> => {
    const { codes, labels } = await player.picture({ ...shown, codes: shown.codes.slice(0, 1) })
    return { point: { values: codes![0]! }, label: labels?.[0] ?? null }
  }
  const goTo = async (place: number) => {
    if (!place) return change({ many: false })
    const { codes, labels } = await player.picture({ codes: [neighbour(state, place)], label: state.label, net: state.net })
    change({ point: { values: codes![0]! }, label: labels?.[0] ?? null })
  }
  const desk: Desk = { id, facts, player, state, change, show: setOverride, shown, take, hold, favourites, setFavourites, again }
  const name: PanelName = state.panel in PANELS ? (state.panel as PanelName) : 'directions'
  const Panel = PANELS[name][1]
  return (
    <div class="play">
      <section class="left" aria-label="Picture">
        <Stage
          words={(override ? `Generated picture: ${PANELS[name][0]}` : inWords(state)) + (motion.plays ? ', in motion' : '')}
          shape={facts.shape} smooth={state.smooth} many={state.many && !override} onReady={(show) => (stage.current = show)}
          onNeighbour={(place) => void goTo(place)}
        >
          {moves && <Moving motion={motion} smooth={state.smooth} />}
        </Stage>
        {moves && <MotionRow motion={motion} onAnother={(path) => change({ motion: path })} />}
        <p class="problem" role="alert">{problem}</p>
        {override && !override.late && (
          <p>
            <button type="button" onClick={() => void hold().then(take)}>
              Play with this picture
            </button>
          </p>
        )}
        <Controls desk={desk} />
        <Keep desk={desk} />
      </section>
      <section class="right" aria-label="Ways to play">
        <fieldset class="panels">
          <legend class="unseen">Ways to play</legend>
          {Object.entries(PANELS).map(([panel, [title]]) => (
            <label key={panel}>
              <input type="radio" name="panel" value={panel} checked={panel === name} onChange={() => choose(panel)} />
              <span>{title}</span>
            </label>
          ))}
        </fieldset>
        <div class="panel card">
          <Panel key={name} desk={desk} />
        </div>
      </section>
    </div>
  )
}

/** Keeps the state in the address, so that it can be loaded again or sent to somebody. */
function useAddress(state: State, seed: number): void {
  const query = toQuery(state, seed)
  useEffect(() => {
    const timer = setTimeout(() => history.replaceState(null, '', query ? `?${query}` : location.pathname), SETTLED)
    return () => clearTimeout(timer)
  }, [query])
}
