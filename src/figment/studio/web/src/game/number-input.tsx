// A number that is typed: the page is drawn anew several times a second, and what is half typed stays as it is.
import { useState } from 'preact/hooks'

export interface NumberInputProps {
  value: number
  change: (value: number) => void // once it is whole: Enter, Tab, or a click on its arrows
  min?: number | undefined
  max?: number | undefined
  step?: number | 'any'
  describedBy?: string
}

export function NumberInput({ value, change, describedBy, ...limits }: NumberInputProps) {
  const [typed, setTyped] = useState<string | null>(null)
  return (
    <input
      type="number" {...limits} value={typed ?? String(value)} aria-describedby={describedBy}
      onInput={(event) => setTyped(event.currentTarget.value)}
      onChange={(event) => {
        const given = event.currentTarget.valueAsNumber
        setTyped(null)
        if (Number.isFinite(given) && given !== value) change(given)
      }}
    />
  )
}
