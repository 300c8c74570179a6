// A film strip: keyframes that a closed walk comes past, played on the stage and exported.
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { Choices } from './choices'
import type { Desk } from './desk'
import { Export } from './export'
import type { Item } from './player'
import { Slider } from './slider'
import { Drop, Thumb } from './thumb'

const MOST = 32 // keyframes

export function Film({ desk }: { desk: Desk }) {
  const seed = desk.facts.seed
  const [frames, setFrames] = useState<Item[]>(() => [0, 1, 2].map((number) => ({ point: { number, seed }, label: null })))
  const [chosen, setChosen] = useState<Item | null>(null)
  const [marked, setMarked] = useState<number | null>(null)
  const [time, setTime] = useState(0)
  const [seconds, setSeconds] = useState(6)
  const [plays, setPlays] = useState(false)
  const enough = frames.length > 1
  useLayoutEffect(() => {
    const keyframes = frames.map((it) => it.point)
    desk.show(enough ? { codes: [{ keyframes, time }], label: frames[0]!.label, net: desk.state.net } : null)
  }, [frames, time, desk.state.net])
  usePlaying(plays && enough, seconds, setTime)
  const add = (item: Item) => setFrames((all) => [...all, item].slice(0, MOST))
  const move = (by: number) => {
    const from = marked ?? -1
    const to = from + by
    if (from < 0 || to < 0 || to >= frames.length) return // the buttons keep the focus where they can't be pressed
    setFrames((all) => all.map((it, i) => (i === to ? all[from]! : i === from ? all[to]! : it)))
    setMarked(to)
  }
  return (
    <>
      <h2>Film</h2>
      <p class="quiet">A walk past these pictures and back to the first, so that it can play without end.</p>
      <Drop class="strip" label="Keyframes" onItem={add}>
        {frames.map((item, i) => (
          <Thumb
            key={JSON.stringify([i, item])} desk={desk} item={item} name={`Keyframe ${i + 1}`} pressed={marked === i}
            onClick={() => (setMarked(i), setTime(i / frames.length))}
          />
        ))}
      </Drop>
      <div class="row">
        <button type="button" disabled={!chosen || frames.length >= MOST} onClick={() => chosen && add(chosen)}>
          Add the chosen
        </button>
        <button type="button" aria-disabled={!marked} onClick={() => move(-1)} aria-label="Move the keyframe earlier">
          ←
        </button>
        <button
          type="button" aria-disabled={marked === null || marked >= frames.length - 1} onClick={() => move(1)}
          aria-label="Move the keyframe later"
        >
          →
        </button>
        <button
          type="button" disabled={marked === null || marked >= frames.length}
          onClick={() => (setFrames((all) => all.filter((_, i) => i !== marked)), setMarked(null))}
        >
          Remove
        </button>
      </div>
      <div class="row">
        <button type="button" class="main" disabled={!enough} aria-pressed={plays} onClick={() => setPlays(!plays)}>
          {plays ? 'Pause' : 'Play'}
        </button>
      </div>
      <Slider
        label="Moment" value={time} min={0} max={1} step={0.005} show={(at) => `${(at * seconds).toFixed(1)} s`} onChange={setTime}
      />
      <Slider label="Length" value={seconds} min={2} max={30} step={1} show={(at) => `${at} s`} onChange={setSeconds} />
      <Export desk={desk} frames={frames} seconds={seconds} />
      <Choices desk={desk} chosen={chosen} onChoose={setChosen} />
    </>
  )
}

/** Moves the time on while it plays. */
function usePlaying(plays: boolean, seconds: number, setTime: (next: (before: number) => number) => void): void {
  const last = useRef(0)
  useEffect(() => {
    if (!plays) return
    let request = requestAnimationFrame(function tick(now) {
      const passed = last.current ? (now - last.current) / 1000 : 0
      last.current = now
      setTime((before) => (before + passed / seconds) % 1)
      request = requestAnimationFrame(tick)
    })
    return () => {
      cancelAnimationFrame(request)
      last.current = 0
    }
  }, [plays, seconds])
}
