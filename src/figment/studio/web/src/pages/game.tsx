// The Game: a generator and a discriminator that play in the plane, one or two games side by side.
import { Fragment } from 'preact'
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { UNREACHED, useGet } from '../api'
import { Board, type Painter } from '../game/board'
import { begun, gone, type Course } from '../game/course'
import { LAYERS, type Layer, type Layers } from '../game/drawing'
import '../game/game.css'
import type { Shown } from '../game/message'
import { NumberInput } from '../game/number-input'
import { OwnPoints } from '../game/own-points'
import { defaults, nameOf, type Offer, type Settings, type Value } from '../game/settings'
import { Setup } from '../game/setup'
import { Table } from '../game/table'
import { useMatch } from '../match'
import { several } from '../numbers'

export default function Game() {
  const { value: offer, error } = useGet<Offer>('/api/game')
  return (
    <div class="game">
      <h1>Game</h1>
      {!offer && <Intro />}
      {error && <p class="problem" role="alert">{error}</p>}
      {offer && <Hall offer={offer} />}
    </div>
  )
}

function Intro() {
  return (
    <p>
      Two small nets play figment’s own game over points in a plane. The generator turns random codes into the{' '}
      <span><i class="key made" />round points</span>; the discriminator learns to tell them from the{' '}
      <span><i class="key truth" />square, true ones</span>. The plane is blue where it sees true points rather, orange where it sees
      generated ones; how sure it is of that, its loss and ranking tell.
    </p>
  )
}

const ALL: Layers = { field: true, truth: true, made: true, pushes: false, mesh: false }
const NARROW = '(max-width: 760px)' // what is played comes before what plays it: a phone shows little at once
const WORDS_EVERY = 250 // milliseconds from one look of the words and curves to the next

function Hall({ offer }: { offer: Offer }) {
  const [lesson, setLesson] = useState('')
  const [games, setGames] = useState<Settings[]>(() => [defaults(offer)])
  const [titles, setTitles] = useState<string[] | null>(null)
  const [layers, setLayers] = useState<Layers>(ALL)
  const [pace, setPace] = useState({ steps: 5, frames: 30 })
  const [isPlaying, setPlaying] = useState(false)
  const isNarrow = useMatch(NARROW)
  const { table, truths, shown, courses, rate, problem, begin } = useTable(games, pace, isPlaying, setPlaying)

  const play = (on: boolean) => (table.current?.say(on ? 'play' : 'pause'), setPlaying(on))
  const step = (who: string) => (play(false), table.current?.say('step', { who }))
  const choose = (name: string) => {
    setLesson(name)
    const found = offer.lessons[name]
    if (!found) return
    play(false)
    setGames(found.games.map((it) => it.settings))
    setTitles(found.games.map((it) => it.title))
    setLayers({ ...ALL, pushes: name === 'pushes' })
  }
  const set = (name: string, value: Value, which?: number) => {
    setTitles(null)
    setGames((before) => before.map((it, i) => (which === undefined || which === i ? { ...it, [name]: value } : it)))
  }
  const common = games[0]!
  const chosen = offer.lessons[lesson]

  const boards = (
    <div key="boards" class={games.length > 1 ? 'boards' : 'boards alone'}>
      {games.map((settings, i) => (
        <Board key={i} title={titles?.[i] ?? nameOf(settings)} shot={shown?.games[i] ?? null} truth={truths.points[i] ?? NOTHING} layers={layers}
          course={courses[i] ?? EMPTY} register={truths.register[i]!} />
      ))}
    </div>
  )
  const controls = (
    <Fragment key="controls">
      <div class="row">
        <label>
          Lesson{' '}
          <select id="lessons" value={lesson} onChange={(event) => choose(event.currentTarget.value)}>
            <option value="">none: play freely</option>
            {Object.entries(offer.lessons).map(([name, it]) => (
              <option key={name} value={name}>{it.title}</option>
            ))}
          </select>
        </label>
        <label>
          True points{' '}
          <select value={String(common.points)} onChange={(event) => set('points', event.currentTarget.value)}>
            {Object.entries(offer.points).map(([name, title]) => (
              <option key={name} value={name}>{title}</option>
            ))}
          </select>
        </label>
        <label>
          Seed{' '}
          <NumberInput min={0} max={2 ** 31 - 1} step={1} value={Number(common.seed)} change={(seed) => set('seed', seed)} />
        </label>
        <label>
          <input type="checkbox" checked={games.length === 2}
            onChange={(event) => (setTitles(null), setGames(event.currentTarget.checked ? [common, { ...common }] : [common]))} />{' '}
          Two games side by side
        </label>
      </div>
      {chosen && (
        <div class="lesson">
          <p>{chosen.sentences}</p>
          <p><strong>{chosen.question}</strong></p>
        </div>
      )}
      {common.points === 'drawn' && <OwnPoints points={common.drawn as number[][]} change={(points) => set('drawn', points)} />}

      <div class="row driving">
        <div class="row transport" role="group" aria-label="Play">
          <button type="button" class="main" onClick={() => play(!isPlaying)}>{isPlaying ? 'Pause' : 'Play'}</button>
          <button type="button" onClick={() => step('both')}>One turn</button>
          <button type="button" onClick={() => step('discriminator')}>D only</button>
          <button type="button" onClick={() => step('generator')}>G only</button>
          <button type="button" onClick={begin}>Begin anew</button>
        </div>
        <Slider title="Turns a frame" most={50} value={pace.steps} change={(steps) => setPace({ ...pace, steps })} />
        <Slider title="Frames a second" most={60} value={pace.frames} change={(frames) => setPace({ ...pace, frames })} />
      </div>
      <p class="quiet rate">{rate ? `${several(rate.frames, 'frame')} and ${several(rate.turns, 'turn')} a second, ${+rate.aFrame.toFixed(1)} a frame.` : isPlaying ? 'Playing …' : 'Standing still.'}</p>
      {problem && <p class="problem" role="alert">{problem}</p>}

      <fieldset class="plain">
        <legend>Show</legend>
        <div class="row">
          {(Object.keys(LAYERS) as Layer[]).map((name) => (
            <label key={name}>
              <input type="checkbox" checked={layers[name]} onChange={(event) => setLayers({ ...layers, [name]: event.currentTarget.checked })} /> {LAYERS[name]}
            </label>
          ))}
        </div>
      </fieldset>
    </Fragment>
  )
  return (
    <>
      {isNarrow && <p><a href="#lessons">To the lessons and settings</a></p>}
      {isNarrow ? [boards, <Intro key="intro" />, controls] : [<Intro key="intro" />, controls, boards]}
      <div class="boards">
        {games.map((settings, i) => (
          <Setup key={i} title={games.length > 1 ? `Settings of the ${i ? 'second' : 'first'} game` : 'Settings'} offer={offer} settings={settings}
            change={(name, value) => set(name, value, i)} />
        ))}
      </div>
    </>
  )
}

const NOTHING = new Int16Array()
const EMPTY = begun()

function Slider({ title, most, value, change }: { title: string; most: number; value: number; change: (value: number) => void }) {
  return (
    <label class="pace">
      {title}: {value}
      <input type="range" min={1} max={most} value={value} onInput={(event) => change(event.currentTarget.valueAsNumber)} />
    </label>
  )
}

interface Rate {
  frames: number // a second
  turns: number
  aFrame: number
}

/** The line to the server: begins the games whenever they change, and gathers what is seen of them. */
function useTable(games: Settings[], pace: { steps: number; frames: number }, isPlaying: boolean, setPlaying: (on: boolean) => void) {
  const table = useRef<Table | null>(null)
  const painters = useRef<(Painter | null)[]>([null, null])
  const register = useRef([0, 1].map((i) => (paint: Painter | null) => void (painters.current[i] = paint)))
  const [points, setPoints] = useState<Int16Array[]>([])
  const [shown, setShown] = useState<Shown | null>(null)
  const [courses, setCourses] = useState<Course[]>([])
  const [rate, setRate] = useState<Rate | null>(null)
  const [problem, setProblem] = useState<string | null>(null)
  const now = useRef({ games, pace, isPlaying })
  now.current = { games, pace, isPlaying }
  const kept = useRef<{ shown: Shown | null; courses: Course[]; frames: number; turns: number; since: number }>(
    { shown: null, courses: [], frames: 0, turns: 0, since: 0 },
  )

  const begin = useCallback(() => {
    kept.current = { shown: null, courses: now.current.games.map(begun), frames: 0, turns: 0, since: performance.now() }
    setProblem(null)
    if (now.current.games.some((it) => it.points === 'drawn' && !(it.drawn as number[][]).length)) return // until somebody has drawn
    table.current?.say('start', { games: now.current.games })
    if (now.current.isPlaying) table.current?.say('play')
  }, [])

  useEffect(() => {
    const look = () => {
      const { shown, courses, frames, turns, since } = kept.current
      const seconds = (performance.now() - since) / 1000
      setShown(shown)
      setCourses(courses)
      const measured = frames && seconds > 0.5 ? { frames: frames / seconds, turns: turns / seconds, aFrame: turns / frames } : null
      setRate((before) => (now.current.isPlaying ? (measured ?? before) : null))
      if (seconds > 2) Object.assign(kept.current, { frames: 0, turns: 0, since: performance.now() })
    }
    const made = new Table({
      open: () => (made.say('pace', now.current.pace), begin()),
      truth: setPoints,
      shown: (seen) => {
        const its = kept.current
        if (!its.shown || seen.games.length !== its.courses.length) its.courses = seen.games.map(begun)
        its.courses = its.courses.map((course, i) => gone(course, seen.games[i]!))
        its.shown = seen
        its.frames += 1
        its.turns += seen.turns
        seen.games.forEach((shot, i) => painters.current[i]?.(shot))
        if (!now.current.isPlaying) look()
        else if (seen.games.every((shot) => !shot.isFinite)) setPlaying(false)
      },
      refused: (sentence) => (setProblem(sentence), setPlaying(false)),
      lost: () => setProblem(UNREACHED),
    })
    table.current = made
    const timer = setInterval(look, WORDS_EVERY)
    return () => (clearInterval(timer), made.leave())
  }, [begin])
  useEffect(begin, [games, begin])
  useEffect(() => table.current?.say('pace', pace), [pace])

  return { table, truths: { points, register: register.current }, shown, courses, rate, problem, begin }
}
