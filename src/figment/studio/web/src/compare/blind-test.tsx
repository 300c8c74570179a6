// A blind test: pairs of pictures, one answer each, and what all of them tell.
import { useEffect, useRef, useState } from 'preact/hooks'
import { blob, get, post } from '../api'
import type { Compared } from './compared'

type Side = 'left' | 'right'
type Kind = 'real' | 'better'

interface Answered {
  answered: number
  real: Side | null
  right: boolean | null
}

const GAP = 2 // pixels between the two pictures of a pair

export function BlindTest({ runs }: { runs: Compared[] }) {
  const [kind, setKind] = useState<Kind>('real')
  const [first, setFirst] = useState(runs[0]!.id)
  const [second, setSecond] = useState((runs[1] ?? runs[0])!.id)
  const [pairs, setPairs] = useState(20)
  const [test, setTest] = useState<{ test: string; pairs: number } | null>(null)
  const [error, setError] = useState<string | null>(null)
  const [isAsking, setAsking] = useState(false)
  const begin = () => {
    setAsking(true)
    setError(null)
    post<{ test: string; pairs: number }>('/api/compare/tests', { kind, runs: kind === 'real' ? [first] : [first, second], pairs }).then(
      (it) => (setTest(it), setAsking(false)),
      (why: Error) => (setError(why.message), setAsking(false)),
    )
  }
  if (test) return <Pairs key={test.test} {...test} kind={kind} onEnd={() => setTest(null)} />
  return (
    <>
      <div class="row">
        <Choice label="Which" name="Question" value={kind} onChange={(it) => setKind(it as Kind)} options={[['real', 'is real?'], ['better', 'run is better?']]} />
        <Choice label={kind === 'real' ? 'of run' : 'of runs'} name="Run" value={first} onChange={setFirst} options={runs.map((it) => [it.id, it.name])} />
        {kind === 'better' && <Choice label="and" name="Other run" value={second} onChange={setSecond} options={runs.map((it) => [it.id, it.name])} />}
        <Choice label="in" name="Number of pairs" value={`${pairs}`} onChange={(it) => setPairs(+it)} options={['10', '20', '40'].map((it) => [it, `${it} pairs`])} />
        <button type="button" class="main" onClick={begin} disabled={isAsking || (kind === 'better' && first === second)}>
          Begin
        </button>
      </div>
      <div role="status">
        {isAsking && <p class="quiet">Getting the pictures…</p>}
        {error && <p class="problem">{error}</p>}
      </div>
      <p class="quiet">
        Two pictures at a time; which is which is told by nothing but the pictures. The number of pairs is settled first, and the result comes after
        the last one, with how often mere guessing does as well.
      </p>
    </>
  )
}

function Choice({ label, name, value, options, onChange }: { label: string; name: string; value: string; options: [string, string][]; onChange: (value: string) => void }) {
  return (
    <label class="row tight">
      {label}
      <select aria-label={name} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        {options.map(([it, text]) => (
          <option key={it} value={it}>
            {text}
          </option>
        ))}
      </select>
    </label>
  )
}

function Pairs({ test, pairs, kind, onEnd }: { test: string; pairs: number; kind: Kind; onEnd: () => void }) {
  const [pair, setPair] = useState(0)
  const [picture, setPicture] = useState<{ pair: number; bitmap: ImageBitmap } | null>(null)
  const [last, setLast] = useState<Answered | null>(null)
  const [result, setResult] = useState<string | null>(null)
  const [error, setError] = useState<string | null>(null)
  const room = useRef<HTMLDivElement>(null)
  const isBusy = useRef(false)
  useEffect(() => {
    if (pair >= pairs) {
      get<{ sentence: string }>(`/api/compare/tests/${test}`).then((it) => setResult(it.sentence), (why: Error) => setError(why.message))
      return
    }
    blob(`/api/compare/tests/${test}/pairs/${pair}`)
      .then((it) => createImageBitmap(it))
      .then((bitmap) => setPicture({ pair, bitmap }), (why: Error) => setError(why.message))
  }, [test, pair])
  useEffect(() => room.current?.focus(), [result])
  const isThere = picture?.pair === pair
  const take = (side: Side) => {
    if (!isThere || isBusy.current || pair >= pairs) return
    isBusy.current = true
    post<Answered>(`/api/compare/tests/${test}/answers`, { pair, side })
      .then((it) => (setLast(it), setPair(it.answered)), (why: Error) => setError(why.message))
      .finally(() => (isBusy.current = false))
  }
  const pressed = (event: KeyboardEvent) => {
    const side = { ArrowLeft: 'left', ArrowRight: 'right' }[event.key] as Side | undefined
    if (!side) return
    event.preventDefault()
    take(side)
  }
  return (
    <div class="blind" ref={room} tabIndex={-1} onKeyDown={pressed} role="group" aria-label="Blind test">
      <p>
        <b>{result === null ? `Pair ${Math.min(pair + 1, pairs)} of ${pairs}` : 'The result'}</b>
        {result === null && `: ${kind === 'real' ? 'which one is real?' : 'which one is better?'} Click it, or press ← or →.`}
      </p>
      {result === null && (
        <div class="pair">
          {(['left', 'right'] as const).map((side) => (
            <button key={side} type="button" onClick={() => take(side)} aria-label={`The ${side} picture`} disabled={!picture}>
              <Half bitmap={picture?.bitmap} side={side} />
            </button>
          ))}
        </div>
      )}
      <div role="status" class="told">
        {result === null && last?.right != null && (
          <p>
            Pair {last.answered}: {last.right ? 'right' : 'wrong'}, the {last.real} one was real.
          </p>
        )}
        {result === null && last && last.right === null && <p>Pair {last.answered}: taken.</p>}
        {result !== null && <p class="said">{result}</p>}
        {error && <p class="problem">{error}</p>}
      </div>
      <button type="button" onClick={onEnd}>
        {result === null ? 'Give up' : 'Another test'}
      </button>
    </div>
  )
}

function Half({ bitmap, side }: { bitmap: ImageBitmap | undefined; side: Side }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const width = bitmap ? (bitmap.width - GAP) / 2 : 64
  const height = bitmap?.height ?? 64
  useEffect(() => {
    if (bitmap) canvas.current!.getContext('2d')!.drawImage(bitmap, side === 'left' ? 0 : width + GAP, 0, width, height, 0, 0, width, height)
  }, [bitmap])
  return <canvas ref={canvas} width={width} height={height} aria-hidden="true" />
}
