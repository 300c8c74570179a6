// A slider with its name and its number.
interface Props {
  label: string
  note?: string | undefined
  value: number
  min: number
  max: number
  step: number
  show?: (value: number) => string
  onChange: (value: number) => void
}

export function Slider({ label, note, value, min, max, step, show = String, onChange }: Props) {
  return (
    <label class="slider">
      <span class="row spread">
        <span>
          {label} {note && <small>{note}</small>}
        </span>
        <span class="value">{show(value)}</span>
      </span>
      <input
        type="range" aria-label={label} min={min} max={max} step={step} value={value} aria-valuetext={show(value)}
        onInput={(event) => onChange(event.currentTarget.valueAsNumber)}
      />
    </label>
  )
}

/** A number with its sign, as directions have it. */
export const signed = (value: number): string => (value > 0 ? `+${value.toFixed(1)}` : value < 0 ? `−${(-value).toFixed(1)}` : '0')
