// One picture of the sheet, looked at closely: its code, its history over the run, what is nearest to it, where D looks.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { follow, type Doing } from '../follow'
import { Frames } from './frames'
import { count, digits, nearestTo } from '../numbers'
import { followed } from '../router'
import { tileAt } from './sheet'
import type { History, SheetAt } from '../history'

const STEPS = 12 // of a picture's history that are shown

interface Nearest {
  sample: string
  nearest: { src: string; distance: number; mirrored: boolean; name: string }[]
  unit: string
  held_out_nearer: number | null
  images: number
}

interface Evidence {
  sample: string
  maps: { title: string; src: string }[]
  p_fake: number | null
  agreement: number
  images: number
}

export interface CloseLookProps {
  id: string
  tile: number
  looks: number // grows each time that a picture is pressed
  history: History
  images: number // seen when the sheet that is shown was made
  address: (key: string) => string
  onClose: () => void
}

export function CloseLook({ id, tile, looks, history, images, address, onClose }: CloseLookProps) {
  const { code, label } = codeOf(history, tile)
  const title = useRef<HTMLHeadingElement>(null)
  useEffect(() => title.current?.focus(), [looks])
  return (
    <section class="card close-look" aria-label={`Picture ${tile}`} onKeyDown={(event) => event.key === 'Escape' && onClose()}>
      <div class="row between">
        <h2 tabIndex={-1} ref={title}>
          Picture {tile}
        </h2>
        <button type="button" onClick={onClose}>
          Close
        </button>
      </div>
      <p>
        Its code is number {code} of seed {history.seed}
        {label !== null && <> in class {label}</>}: the same numbers at every moment, drawn by a generator that changes.
      </p>
      <OverTime tile={tile} history={history} address={address} />
      <p>
        <a class="button" href={`/play/${id}?code=${code}${label === null ? '' : `&label=${encodeURIComponent(label)}`}`} onClick={followed}>
          Play with it
        </a>
      </p>
      <NearestPictures key={`n${tile}`} path={`/api/runs/${id}/nearest?tile=${tile}&images=${images}`} />
      <EvidenceMaps key={`e${tile}`} path={`/api/runs/${id}/evidence?tile=${tile}&images=${images}`} />
    </section>
  )
}

/** The number of a picture's code: a sheet of few classes has a row for each, with the same codes in all; one of clips a row for each clip. */
function codeOf({ classes, frames, grid: [rows, columns] }: History, tile: number): { code: number; label: string | null } {
  const row = Math.floor(tile / columns)
  const few = classes.length >= 2 && classes.length <= 16
  if (frames) {
    const each = few ? Math.max(1, Math.floor(rows / classes.length)) : rows
    return { code: row % each, label: few ? (classes[Math.floor(row / each)] ?? null) : null }
  }
  return few ? { code: tile % columns, label: classes[row] ?? null } : { code: tile, label: null }
}

function OverTime({ tile, history, address }: Pick<CloseLookProps, 'tile' | 'history' | 'address'>) {
  const [, drawn] = useState(0)
  const frames = useMemo(() => new Frames(address, () => drawn((it) => it + 1)), [address])
  useEffect(() => () => frames.end(), [frames])
  const chosen = useMemo(() => milestones(history.sheets, STEPS), [history.sheets])
  useEffect(() => frames.want(chosen.map((it) => `${it.images}`)), [frames, chosen])
  return (
    <>
      <p class="quiet">How it looked, with the images seen until then below each:</p>
      <ol class="over-time" aria-label="Its history over the run">
        {chosen.map((sheet) => (
          <li key={sheet.images}>
            <Cut sheet={frames.get(`${sheet.images}`)} history={history} tile={tile} label={`After ${count(sheet.images)} images`} />
            <span aria-hidden="true">{count(sheet.images)}</span>
          </li>
        ))}
      </ol>
    </>
  )
}

function Cut({ sheet, history: { grid, shape }, tile, label }: { sheet: ImageBitmap | undefined; history: History; tile: number; label: string }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const [height, width] = shape
  useEffect(() => {
    if (sheet) canvas.current!.getContext('2d')!.drawImage(sheet, ...tileAt(sheet, grid, shape, tile), 0, 0, width, height)
  }, [sheet, tile])
  return <canvas ref={canvas} width={width} height={height} role="img" aria-label={label} />
}

/** At most so many moments, denser early on, where more changes: at equal steps of the square root of the images seen. */
export function milestones(sheets: readonly SheetAt[], most: number): SheetAt[] {
  if (sheets.length <= most) return [...sheets]
  const images = sheets.map((it) => it.images)
  const last = images.at(-1)!
  const places = Array.from({ length: most }, (_, i) => nearestTo(images, last * (i / (most - 1)) ** 2))
  return [...new Set(places)].map((place) => sheets[place]!)
}

function useWork<T>(path: string) {
  const [doing, setDoing] = useState<Doing | null>(null)
  const [found, setFound] = useState<T | null>(null)
  const [error, setError] = useState<string | null>(null)
  const stop = useRef<(() => void) | null>(null)
  useEffect(() => () => stop.current?.(), [])
  const start = () => {
    stop.current?.()
    setError(null)
    setDoing({ title: 'starting', done: 0, total: 0 })
    stop.current = follow<T>(path, {
      doing: setDoing,
      done: (it) => (setFound(() => it), setDoing(null)),
      refused: (why) => (setError(why), setDoing(null)),
    })
  }
  return { doing, found, error, start }
}

/** A button that has something reckoned, how far that is, and why it couldn't be. */
function Ask({ work, children }: { work: ReturnType<typeof useWork<unknown>>; children: string }) {
  const { doing, error, start } = work
  return (
    <div class="ask">
      <div class="row">
        <button type="button" onClick={start} disabled={doing !== null}>
          {children}
        </button>
        {doing && <progress aria-label={doing.title} max={doing.total || undefined} value={doing.total ? doing.done : undefined} />}
        {doing && <span class="quiet">{doing.title}</span>}
      </div>
      <div role="status">{error && <p class="problem">{error}</p>}</div>
    </div>
  )
}

function NearestPictures({ path }: { path: string }) {
  const work = useWork<Nearest>(path)
  const found = work.found
  const nearer = found?.held_out_nearer
  return (
    <>
      <Ask work={work}>Nearest training pictures</Ask>
      {found && (
        <>
          <ul class="strip">
            <Picture src={found.sample} alt="The generated picture" text={`after ${found.images.toLocaleString('en')} images`} />
            {found.nearest.map((it) => (
              <Picture key={it.name} src={it.src} alt={`Training picture ${it.name}`} text={`${digits(it.distance)}${found.unit}${it.mirrored ? ', mirrored' : ''}`} />
            ))}
          </ul>
          <p class="quiet">
            Distances are of the pictures reduced to 16×16, in levels of brightness.{' '}
            {nearer != null &&
              `Of real pictures that were held back, ${Math.round(100 * nearer)} % lie nearer to a training picture than this one does: ${nearer < 0.01 ? 'it is nearer than nearly all of them, so look closely' : 'near, by itself, is no copy'}.`}
          </p>
        </>
      )}
    </>
  )
}

function EvidenceMaps({ path }: { path: string }) {
  const work = useWork<Evidence>(path)
  const found = work.found
  return (
    <>
      <Ask work={work}>Where the discriminator looks</Ask>
      {found && (
        <>
          <ul class="strip">
            <Picture src={found.sample} alt="The generated picture" text={`after ${found.images.toLocaleString('en')} images`} />
            {found.maps.map((it) => (
              <Picture key={it.title} src={it.src} alt={`Map by ${it.title}`} text={it.title} />
            ))}
          </ul>
          <p class="quiet">
            Red speaks for fake, blue for real, to the discriminator that was kept last{found.p_fake !== null && `, which gives it P(fake) = ${digits(found.p_fake)}`}.
            Two maps, made in different ways; where they agree they are to be trusted more (rank correlation {digits(found.agreement, 2)}).
          </p>
        </>
      )}
    </>
  )
}

function Picture({ src, alt, text }: { src: string; alt: string; text: string }) {
  return (
    <li>
      <img src={src} alt={alt} />
      <span>{text}</span>
    </li>
  )
}
