// A generator's page, which draws on the visitor's own machine and asks nobody for anything.
import { render } from 'preact'
import { useEffect, useMemo, useState } from 'preact/hooks'
import { Slider } from '../play/slider'
import '../style.css'
import { Close } from './close'
import { remembered, sampleOf, type Desk, type Settings } from './desk'
import { Engine } from './engine'
import { readFacts, type Facts } from './facts'
import { Pad } from './pad'
import './visitor.css'
import { Walk } from './walk'
import { Wall } from './wall'

const MAX_SEED = 2 ** 31 - 1
const MAX_DRAWN = 100_000 // that the button draws seeds below

function Page({ facts }: { facts: Facts }) {
  const [engine, setEngine] = useState<Engine | null>(null)
  const [problem, setProblem] = useState('')
  useEffect(() => {
    Engine.load(facts).then(setEngine, (error: unknown) => setProblem(String(error instanceof Error ? error.message : error)))
  }, [])
  return (
    <main>
      <h1>{facts.name}: new pictures</h1>
      <p class="told">
        <strong>Every picture here is synthetic.</strong> A generator draws it now, on your machine; none is a photograph.
        Nothing is sent anywhere.
      </p>
      {problem ? (
        <p class="problem" role="alert">
          This browser can’t run the generator: {problem} It needs WebAssembly, as Chrome, Edge, Firefox and Safari from 2023 on have it.
        </p>
      ) : engine ? (
        <Room facts={facts} engine={engine} />
      ) : (
        <p role="status">The generator is being loaded …</p>
      )}
      <footer class="quiet">
        <p>
          {facts.width}×{facts.height} pixels, a code of {facts.size} numbers.
          {facts.clips && ' The generator draws clips; here are single frames of them.'} What you download is marked as synthetic, in
          its metadata and, from 64 pixels a side on, invisibly in its pixels: figment check finds it.
        </p>
        <p>Made with figment {facts.version}. Drawn by onnxruntime-web 1.30.0, © Microsoft Corporation, MIT licence.</p>
      </footer>
    </main>
  )
}

function Room({ facts, engine }: { facts: Facts; engine: Engine }) {
  const [settings, setSettings] = useState<Settings>({ seed: 0, truncation: 1, label: -1 })
  const [chosen, setChosen] = useState(0)
  const [told, say] = useState('')
  const [milliseconds, setMilliseconds] = useState<number | null>(null)
  const desk = useMemo<Desk>(
    () => ({ facts, engine, settings, sample: remembered((number) => sampleOf(facts, settings, number)), say }), [settings],
  )
  const change = (some: Partial<Settings>) => setSettings({ ...settings, ...some })
  return (
    <>
      <div class="row controls">
        <button type="button" class="main" onClick={() => change({ seed: Math.floor(Math.random() * MAX_DRAWN) })}>
          New pictures
        </button>
        <label>
          Seed{' '}
          <input
            type="number" min={0} max={MAX_SEED} step={1} value={settings.seed}
            onChange={({ currentTarget: it }) => it.validity.valid && it.value && change({ seed: it.valueAsNumber })}
          />
        </label>
        {facts.classes.length > 0 && (
          <label>
            Class{' '}
            <select value={settings.label} onChange={(event) => change({ label: Number(event.currentTarget.value) })}>
              <option value={-1}>each its own</option>
              {facts.classes.map((name, i) => <option key={i} value={i}>{name}</option>)}
            </select>
          </label>
        )}
        <div class="grow">
          <Slider
            label="Truncation" note="less: likelier and more alike" value={settings.truncation} min={0} max={1.5} step={0.05}
            show={(value) => value.toFixed(2)} onChange={(truncation) => change({ truncation })}
          />
        </div>
      </div>
      <p role="status" class="quiet" aria-live="polite">{told}</p>
      <Wall desk={desk} chosen={chosen} onChoose={setChosen} onDrawn={setMilliseconds} />
      <Close desk={desk} chosen={chosen} />
      <Pad desk={desk} chosen={chosen} />
      <Walk desk={desk} />
      {milliseconds !== null && (
        <p class="quiet">
          A picture takes {milliseconds < 10 ? milliseconds.toFixed(1) : Math.round(milliseconds)} milliseconds here, on{' '}
          {engine.threads === 1 ? 'one core' : `${engine.threads} cores`}.
        </p>
      )}
    </>
  )
}

render(<Page facts={readFacts()} />, document.getElementById('page')!)
