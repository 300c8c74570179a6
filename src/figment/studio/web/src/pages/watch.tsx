// Watch: a run as it learns, and everything that it was on the way there.
import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { useGet } from '../api'
import { Flagged } from '../flags'
import { CloseLook } from '../watch/close-look'
import { Frames, around, outwards, scattered } from '../watch/frames'
import { Histogram } from '../watch/histogram'
import type { History, SheetAt } from '../history'
import { count, nearestTo, placeAt, time } from '../numbers'
import { Moving } from '../watch/moving'
import { RunActions } from '../watch/run-actions'
import { RunCharts } from '../watch/run-charts'
import { StateLine, Words, type RunState } from '../watch/run-state'
import { Scrubber } from '../watch/scrubber'
import type { PageProps } from '../shell'
import { Sheet } from '../watch/sheet'
import { useHistory } from '../watch/use-history'
import '../watch/watch.css'

const SCATTERED = 64 // sheets all over the run that are loaded ahead
const REST_MS = 120 // after which a slider rests
const CHARTS_MS = 80 // between two moves of the charts' line while a slider moves: sheets go first

export default function Watch({ id }: PageProps) {
  const { history, problem, gone, news } = useHistory(id)
  const state = useGet<RunState>(history ? `/api/runs/${id}/state` : null)
  useEffect(() => void (news > 1 && state.again()), [news]) // the first time it has just been asked for
  const isLost = gone || state.refused // then nothing can be done with it, and what was known of it isn't so any more
  const now = isLost ? null : state.value
  const said = problem ?? state.error ?? now?.why
  const name = state.value?.name
  useEffect(() => void (name && (document.title = `${name} – figment studio`)), [name])
  return (
    <>
      <div class="row between">
        <h1>{name ?? 'Watch'}</h1>
        {!isLost && <RunActions id={id} state={now} again={state.again} />}
      </div>
      <div class="facts-room">{now && <StateLine state={now} drawn={history?.sheets.at(-1)?.images ?? 0} />}</div>
      {said && (
        <p class="problem" role="alert">
          {said}
        </p>
      )}
      {history && <Shown id={id} history={history} state={state.value} />}
    </>
  )
}

function Shown({ id, history, state }: { id: string; history: History; state: RunState | null }) {
  const { sheets, ticks } = history
  const [picked, setPicked] = useState<number | null>(null) // images seen; null follows the newest
  const [chosen, setChosen] = useState<number | null>(null)
  const [looks, setLooks] = useState(0) // grows with each picture that is pressed, the same one again too
  const choose = useCallback((tile: number) => (setChosen(tile), setLooks((it) => it + 1)), [])
  const close = () => {
    if (chosen !== null) document.querySelectorAll<HTMLElement>('.tiles button')[chosen]?.focus()
    setChosen(null)
  }
  const images = useMemo(() => sheets.map((it) => it.images), [sheets])
  const last = sheets.length - 1
  const at = picked === null ? last : nearestTo(images, picked)
  const move = useCallback((place: number) => setPicked(place >= last ? null : images[place]!), [images, last])
  const pick = useCallback((x: number) => setPicked(x >= images[last]! ? null : x), [images, last])
  const seen = images[at] ?? ticks.images.at(-1) ?? 0
  const exact = picked === null ? Math.max(seen, ticks.images.at(-1) ?? 0, history.scores.at(-1)?.images ?? 0) : seen
  const cursor = useRested(exact, CHARTS_MS)
  const words = history.words.length ? history.words[placeAt(history.words.map((it) => it.images), cursor)]!.said : []
  const end = ticks.images.at(-1) ?? 0
  const closing = history.notes.filter((it) => it.event === 'closing' && it.images >= end).at(-1) // of a run that went on it is no longer the last word
  const charts = useMemo(() => <RunCharts history={history} at={cursor} onPick={pick} />, [history, cursor, pick]) // drawn anew only for these
  const address = useCallback((key: string) => `/api/runs/${id}/sheets/${key}/quick?v=${version(history, +key)}`, [id, history.after])
  return (
    <div class="watch">
      <div class={chosen === null ? 'left stays' : 'left'}>
        {sheets.length ? (
          <Sheets key={history.after} history={history} at={at} onMove={move} address={address} chosen={chosen} onChoose={choose} />
        ) : (
          <p class="card">There is no sheet of samples yet: the first one comes before the first step of training.</p>
        )}
        {!!state?.films.length && <Moving id={id} films={state.films} images={cursor} />}
        {chosen !== null && <CloseLook id={id} tile={chosen} looks={looks} history={history} images={seen} address={address} onClose={close} />}
        <Words said={picked === null ? (state?.said_last ?? words) : words} title={picked === null ? 'What the trainer says' : 'What the trainer said then'} closing={picked === null ? closing?.text : undefined} />
      </div>
      <div class="right">
        {history.ends && <p class="problem" role="status">{history.ends}</p>}
        {ticks.images.length ? (
          <div class="charts">
            {charts}
            <Histogram id={id} images={seen} />
          </div>
        ) : (
          <p class="card">There are no readings of the game yet.</p>
        )}
        <Notes notes={history.notes.filter((it) => it !== closing)} />
      </div>
    </div>
  )
}

/** A value that moves often, at most so often. */
function useRested<T>(value: T, every: number): T {
  const [rested, setRested] = useState(value)
  const newest = useRef(value)
  const timer = useRef(0)
  newest.current = value
  useEffect(() => {
    if (value === rested || timer.current) return
    timer.current = window.setTimeout(() => ((timer.current = 0), setRested(() => newest.current)), every)
  }, [value, rested])
  useEffect(() => () => clearTimeout(timer.current), [])
  return rested
}

/** Changes where another sheet takes the place of one. */
const version = (history: History, images: number): string => String(history.sheets.find((it) => it.images === images)?.seconds ?? '')

interface SheetsProps {
  history: History
  at: number
  onMove: (place: number) => void
  address: (key: string) => string
  chosen: number | null
  onChoose: (tile: number) => void
}

function Sheets({ history, at, onMove, address, chosen, onChoose }: SheetsProps) {
  const { sheets } = history
  const [, arrived] = useState(0)
  const frames = useMemo(() => new Frames(address, () => arrived((it) => it + 1)), [address])
  useEffect(() => () => frames.end(), [frames])
  const [both, setBoth] = useState(false)
  const [early, setEarly] = useState(0)
  const [divide, setDivide] = useState(0.5)
  const before = useRef(at)
  const key = (place: number) => `${sheets[place]!.images}`
  const shown = useRef<ImageBitmap | undefined>(undefined)
  useEffect(() => {
    const now = [...(both ? [early] : []), at]
    const near = around(at, sheets.length, at < before.current ? -1 : 1)
    before.current = at
    frames.want(now.map(key)) // neighbours wait until the slider rests: those that it runs over are gone before they come
    const rest = setTimeout(() => frames.want([...now, ...near, ...scattered(sheets.length, SCATTERED)].map(key)), REST_MS)
    return () => clearTimeout(rest)
  }, [frames, at, both, early, sheets.length])
  shown.current = nearestOf(frames, at, sheets) ?? shown.current
  const words = (place: number) => caption(history, place)
  return (
    <section class="card" aria-label="Samples of the same codes">
      <Sheet
        late={shown.current}
        early={both ? frames.get(key(early)) : undefined}
        divide={both ? divide : null}
        onDivide={setDivide}
        grid={history.grid}
        chosen={chosen}
        onChoose={onChoose}
        label={`Samples after ${words(at)}`}
      />
      <p class="caption">
        {both && <span>left: {words(early)}; right: </span>}
        {words(at)}
        {frames.isLost(key(at)) && <span class="problem"> – this sheet is gone or damaged</span>}
      </p>
      <Scrubber label="Moment of the run" count={sheets.length} at={at} words={words} onMove={onMove} />
      <div class="row">
        <button type="button" aria-pressed={both} disabled={sheets.length < 2} onClick={() => setBoth(!both)}>
          Early | late
        </button>
        {both && (
          <label class="early">
            <span>early moment</span>
            <input type="range" min={0} max={sheets.length - 1} value={early} aria-valuetext={words(early)} onInput={(event) => setEarly(+event.currentTarget.value)} />
          </label>
        )}
        {!both && <span class="quiet">The same codes at every moment. Click a picture to look closer.</span>}
      </div>
    </section>
  )
}

/** Until the sheet of a moment is there, the nearest one that is. */
function nearestOf(frames: Frames, at: number, sheets: readonly SheetAt[]): ImageBitmap | undefined {
  const keys = function* () {
    for (const place of outwards(at, sheets.length)) yield `${sheets[place]!.images}`
  }
  return frames.first(keys())
}

function caption({ sheets, starts_known }: History, place: number): string {
  const { images, seconds } = sheets[place]!
  const known = starts_known && !images ? ': what the nets that it starts from draw, before any training' : ''
  return `${count(images)} images${seconds === null ? '' : ` · ${time(seconds)}`}${known}`
}

function Notes({ notes }: Pick<History, 'notes'>) {
  if (!notes.length) return null
  return (
    <section class="card" aria-label="What else was noted">
      <h2>What else was noted</h2>
      <ul class="notes">
        {[...notes].reverse().map((it, i) => (
          <li key={i}>
            <span class="quiet">{count(it.images)} images:</span> <Flagged text={it.text} />
          </li>
        ))}
      </ul>
    </section>
  )
}
