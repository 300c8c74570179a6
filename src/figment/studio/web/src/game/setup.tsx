// The settings of one game: its objective in sight, everything else below. Each change begins the game anew.
import { useId } from 'preact/hooks'
import { NumberInput } from './number-input'
import { LABELS, limits, OBJECTIVES, SHARED, type Offer, type Settings, type Value } from './settings'

const IN_SIGHT = ['r1', 'r2', 'gradient_penalty']

export function Setup({ title, offer, settings, change }: { title: string; offer: Offer; settings: Settings; change: (name: string, value: Value) => void }) {
  const rest = Object.keys(offer.settings).filter((name) => name !== 'objective' && !SHARED.includes(name) && !IN_SIGHT.includes(name))
  const number = (name: string) => <NumberField key={name} name={name} offer={offer} value={Number(settings[name])} change={(value) => change(name, value)} />
  return (
    <fieldset class="setup card">
      <legend>{title}</legend>
      <label>
        Objective{' '}
        <select value={String(settings.objective)} onChange={(event) => change('objective', event.currentTarget.value)}>
          {offer.settings.objective!.enum!.map((name) => (
            <option key={name} value={name}>
              {OBJECTIVES[name] ?? name}
            </option>
          ))}
        </select>
      </label>
      <div class="numbers">{IN_SIGHT.map(number)}</div>
      <details>
        <summary>Nets, rates and turns</summary>
        <div class="numbers">{rest.map(number)}</div>
      </details>
    </fieldset>
  )
}

function NumberField({ name, offer, value, change }: { name: string; offer: Offer; value: number; change: (value: number) => void }) {
  const field = offer.settings[name]!
  const hint = useId()
  return (
    <div>
      <label>
        {LABELS[name] ?? name}
        <NumberInput {...limits(field)} value={value} change={change} describedBy={hint} />
      </label>
      <p class="quiet" id={hint}>{field.description}</p>
    </div>
  )
}
