// What stands below the stage: dice, truncation, label, the moment of the run, and how the picture is shown.
import type { Desk } from './desk'
import { Slider } from './slider'

const DICE = 1_000_000

export function Controls({ desk }: { desk: Desk }) {
  const { state, change, facts } = desk
  const { point } = state
  const number = 'values' in point ? null : point
  return (
    <>
      <div class="row">
        <button type="button" class="main" onClick={() => change({ point: { number: Math.floor(Math.random() * DICE), seed: facts.seed } })}>
          Dice
        </button>
        <label class="inline">
          Sample{' '}
          <input
            type="number" min={0} max={2 ** 53} value={number?.number ?? ''} placeholder="its own"
            onChange={(event) => {
              const wanted = event.currentTarget.valueAsNumber
              if (Number.isSafeInteger(wanted) && wanted >= 0) change({ point: { number: wanted, seed: number?.seed ?? facts.seed } })
            }}
          />
        </label>
        {facts.classes.length > 0 && (
          <label class="inline">
            Label{' '}
            <select value={state.label ?? ''} onChange={(event) => change({ label: event.currentTarget.value || null })}>
              <option value="">its own</option>
              {facts.classes.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </label>
        )}
        <button type="button" aria-pressed={state.many} onClick={() => change({ many: !state.many })}>
          4 × 4 neighbours
        </button>
        <button type="button" aria-pressed={!state.smooth} onClick={() => change({ smooth: !state.smooth })}>
          Pixels
        </button>
      </div>
      {state.many && (
        <Slider
          label="How far the neighbours are" value={state.spread} min={0} max={1} step={0.05}
          show={(share) => `${Math.round(100 * share)} %`} onChange={(spread) => change({ spread })}
        />
      )}
      <Slider
        label="Truncation" note="1: as trained" value={state.truncation} min={0} max={1.5} step={0.05}
        show={(value) => value.toFixed(2)} onChange={(truncation) => change({ truncation })}
      />
      <Moment desk={desk} />
    </>
  )
}

/** Which generator draws: the result, the best, or one of the run's snapshots. */
function Moment({ desk }: { desk: Desk }) {
  const { facts, state, change } = desk
  const { snapshots } = facts
  const at = snapshots.indexOf(Number(state.net))
  const kind = state.net === 'result' || state.net === 'best' ? state.net : 'earlier'
  const choose = (wanted: string) => change({ net: wanted === 'earlier' ? String(snapshots[Math.floor(snapshots.length / 2)]) : wanted })
  if (!snapshots.length && !facts.has_best) return null
  return (
    <div class="row">
      <label class="inline">
        Drawn by{' '}
        <select value={kind} onChange={(event) => choose(event.currentTarget.value)}>
          <option value="result">the result</option>
          {facts.has_best && <option value="best">the best by its scores</option>}
          {snapshots.length > 0 && <option value="earlier">an earlier moment</option>}
        </select>
      </label>
      {kind === 'earlier' && (
        <Slider
          label="Images seen" value={at} min={0} max={snapshots.length - 1} step={1}
          show={(place) => (snapshots[place] ?? 0).toLocaleString('en')} onChange={(place) => change({ net: String(snapshots[place]) })}
        />
      )}
    </div>
  )
}
