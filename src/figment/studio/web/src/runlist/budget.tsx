// A budget: so much time, or so many images seen.
import { useId } from 'preact/hooks'

export interface Budget {
  kind: 'time' | 'images'
  time: string
  images: string
}

export const usual: Budget = { kind: 'time', time: '10m', images: '200k' }

/** As the server takes it. */
export const asAsked = (budget: Budget) =>
  budget.kind === 'time' ? { time: budget.time.trim() } : { images: budget.images.trim() }

export function BudgetFields({ value, change }: { value: Budget; change: (budget: Budget) => void }) {
  const id = useId()
  return (
    <div class="budget">
      <div class="row" role="radiogroup" aria-label="Budget">
        <label>
          <input type="radio" name={id} checked={value.kind === 'time'} onChange={() => change({ ...value, kind: 'time' })} /> time
        </label>
        <label>
          <input type="radio" name={id} checked={value.kind === 'images'} onChange={() => change({ ...value, kind: 'images' })} />{' '}
          images seen
        </label>
      </div>
      {value.kind === 'time' ? (
        <label>
          How long: 90s, 10m, 1h30m{' '}
          <input
            value={value.time} list={`${id}-times`} required size={8} autocomplete="off"
            onInput={(event) => change({ ...value, time: event.currentTarget.value })}
          />
          <datalist id={`${id}-times`}>{['3m', '10m', '30m', '1h', '8h'].map((it) => <option key={it} value={it} />)}</datalist>
        </label>
      ) : (
        <label>
          How many: 800, 500k, 2M{' '}
          <input
            value={value.images} list={`${id}-images`} required size={8} autocomplete="off"
            onInput={(event) => change({ ...value, images: event.currentTarget.value })}
          />
          <datalist id={`${id}-images`}>{['50k', '200k', '1M'].map((it) => <option key={it} value={it} />)}</datalist>
        </label>
      )}
    </div>
  )
}
