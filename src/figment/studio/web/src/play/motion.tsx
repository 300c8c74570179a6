// A clip on the stage: the frames of its loop, which the server draws of the code there and a path, played on a canvas.
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { useMatch } from '../match'
import type { Look, Numbered, State } from './looks'
import type { Player } from './player'

const PATHS = 1_000_000

interface Clip {
  frames: ImageBitmap // all in one, from first to last
  count: number
  columns: number
  fps: number
}

export interface Motion {
  clip: Clip | null
  plays: boolean
  setPlays: (wanted: boolean) => void
}

/** The path that a picture moves along: the one that was chosen, else that of its own number, as figment sample draws. */
export function pathOf({ motion, point }: State, seed: number): Numbered {
  const own = 'values' in point ? { number: 0, seed } : point
  return motion === null ? own : { number: motion, seed }
}

/** The clip of a look; null: of none. Who asks for less motion starts it. */
export function useMotion(player: Player, look: Look | null, path: Numbered): Motion {
  const still = useMatch('(prefers-reduced-motion: reduce)')
  const [wanted, setPlays] = useState<boolean | null>(null) // null until somebody says so
  const [clip, setClip] = useState<Clip | null>(null)
  const awaited = useRef(false) // whether a clip that comes is of what is on the stage
  const plays = look !== null && (wanted ?? !still)
  const key = JSON.stringify([look, path])
  useLayoutEffect(() => {
    player.onClip = (drawn) => {
      if (!drawn) return setClip(null)
      void createImageBitmap(drawn.blob).then((frames) => {
        if (!awaited.current) return frames.close()
        setClip({ frames, count: drawn.count, columns: drawn.columns, fps: Number(drawn.fps) })
      })
    }
  }, [player])
  useEffect(() => () => clip?.frames.close(), [clip])
  useEffect(() => {
    if (plays) return
    awaited.current = false // what is held goes with the next picture
    setClip(null)
  }, [key])
  useEffect(() => {
    if (plays) awaited.current = true
    player.move(plays ? look : null, path)
  }, [key, plays])
  return { clip, plays, setPlays }
}

/** Above the picture, which stays below: what a browser's menu saves is that, with its mark. */
export function Moving({ motion: { clip, plays }, smooth }: { motion: Motion; smooth: boolean }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const passed = useRef(0) // milliseconds of the loop; another clip goes on from there
  useLayoutEffect(() => {
    const pen = canvas.current?.getContext('2d')
    if (!clip || !pen) return
    const { frames, count, columns, fps } = clip
    const [width, height] = [frames.width / columns, frames.height / Math.ceil(count / columns)]
    Object.assign(pen.canvas, { width, height })
    const begun = performance.now() - passed.current
    let request = 0
    let shown = -1
    const tick = (now: number) => {
      passed.current = Math.max(0, now - begun)
      const at = Math.floor((passed.current / 1000) * fps) % count
      if (at !== shown) pen.drawImage(frames, (at % columns) * width, Math.floor(at / columns) * height, width, height, 0, 0, width, height)
      shown = at
      if (plays) request = requestAnimationFrame(tick)
    }
    tick(performance.now())
    return () => cancelAnimationFrame(request)
  }, [clip, plays])
  return clip && <canvas ref={canvas} aria-hidden="true" class={smooth ? undefined : 'pixels'} data-moving />
}

export function MotionRow({ motion: { plays, setPlays }, onAnother }: { motion: Motion; onAnother: (path: number) => void }) {
  return (
    <div class="row">
      <button type="button" class="toggle" aria-label={plays ? 'Hold the clip' : 'Play the clip'} onClick={() => setPlays(!plays)}>
        {plays ? '❚❚' : '▶'}
      </button>
      <button type="button" onClick={() => (onAnother(Math.floor(Math.random() * PATHS)), setPlays(true))}>
        Another motion
      </button>
    </div>
  )
}
