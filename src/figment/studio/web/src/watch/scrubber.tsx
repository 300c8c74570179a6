// A slider over a row of moments, with a button that plays them.
import { useEffect, useRef, useState } from 'preact/hooks'

const FRAME_MS = 150 // that a moment is shown, …
const SHORTEST_MS = 2500 // … and how long all of them take at least
const LONGEST_MS = 12000 // … and at most

export interface ScrubberProps {
  label: string
  count: number
  at: number
  words: (place: number) => string // what a place is called
  onMove: (place: number) => void
}

export function Scrubber({ label, count, at, words, onMove }: ScrubberProps) {
  const [playing, setPlaying] = useState(false)
  const move = useRef(onMove)
  move.current = onMove
  const last = count - 1
  const from = useRef(0)

  useEffect(() => {
    if (!playing) return
    let frame = 0
    const start = performance.now()
    const whole = Math.min(Math.max(count * FRAME_MS, SHORTEST_MS), LONGEST_MS)
    const step = (now: number) => {
      const place = Math.min(last, from.current + Math.floor(((now - start) / whole) * count))
      move.current(place)
      if (place >= last) setPlaying(false)
      else frame = requestAnimationFrame(step)
    }
    frame = requestAnimationFrame(step)
    return () => cancelAnimationFrame(frame)
  }, [playing])

  const toggle = () => {
    from.current = at >= last ? 0 : at
    setPlaying(!playing)
  }
  return (
    <div class="scrubber">
      <button type="button" onClick={toggle} disabled={count < 2} aria-label={playing ? 'Pause' : 'Play the history'}>
        {playing ? '❚❚' : '▶'}
      </button>
      <input
        type="range"
        min={0}
        max={Math.max(last, 0)}
        step={1}
        value={at}
        disabled={count < 2}
        aria-label={label}
        aria-valuetext={words(at)}
        onInput={(event) => (setPlaying(false), onMove(+event.currentTarget.value))}
      />
    </div>
  )
}
