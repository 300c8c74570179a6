// What most leave as it is: size, shape, labels, name, where it begins, seed.
import { useGet } from '../api'
import type { RunRow } from '../runlist/rows'

export interface More {
  size: string
  fit: string
  labels: boolean
  name: string
  folder: number
  start: string
  seed: string
  video: string
}

export const usualMore: More = { size: '', fit: '', labels: false, name: '', folder: 0, start: '', seed: '', video: '' }
/** What becomes of pictures of another shape, as figment train --fit has it; '' is its default. */
const FITS = [
  ['', 'crop: the largest piece from the middle'],
  ['first', 'first: the same from the left or upper end, such as the first frame of a strip'],
  ['pad', 'pad: the whole picture, with white around it'],
  ['pad:edge', 'pad:edge: the whole picture, with its own edge around it'],
  ['stretch', 'stretch: the whole picture, out of proportion'],
  ['face', 'face: the face, found and turned upright; pictures without one are left out (needs figment-gan[face])'],
] as const
const SIZES = ['16', '32', '64', '128', '256', '512']

/** What clips are learnt from films, strips or folders of frames, as figment train --video has it; '' is pictures. */
const CLIPS = [
  ['', 'pictures, unless it is a set of clips'],
  ['16x12', 'clips of 16 frames, 12 a second'],
  ['auto', 'clips, as the films suggest'],
  ['8x12', 'clips of 8 frames, 12 a second'],
  ['24x24', 'clips of 24 frames, 24 a second'],
] as const

interface Props {
  value: More
  change: (more: More) => void
  classes: number
  homes: string[]
}

export function MoreFields({ value, change, classes, homes }: Props) {
  const runs = useGet<{ runs: RunRow[] }>('/api/runs').value?.runs ?? []
  const begun = runs.filter((run) => run.kind === 'run' && !run.problem && !!run.images)
  const set = <K extends keyof More>(key: K, it: More[K]) => change({ ...value, [key]: it })
  return (
    <div class="more">
      <label>
        Name of the run{' '}
        <input value={value.name} maxLength={100} placeholder="that of its pictures, with a number" autocomplete="off"
          onInput={(event) => set('name', event.currentTarget.value)} />
      </label>
      {homes.length > 1 && (
        <label>
          In the folder{' '}
          <select value={value.folder} onChange={(event) => set('folder', +event.currentTarget.value)}>
            {homes.map((home, i) => <option key={home} value={i}>{home}</option>)}
          </select>
        </label>
      )}
      <label>
        Size in pixels{' '}
        <select value={value.size} onChange={(event) => set('size', event.currentTarget.value)}>
          <option value="">the recipe's, or 64</option>
          {SIZES.map((it) => <option key={it} value={it}>{it} × {it}</option>)}
        </select>
      </label>
      <label>
        Pictures of other shapes{' '}
        <select value={value.fit} onChange={(event) => set('fit', event.currentTarget.value)}>
          {FITS.map(([fit, words]) => <option key={fit} value={fit}>{words}</option>)}
        </select>
      </label>
      <label>
        What is learnt{' '}
        <select value={value.video} onChange={(event) => set('video', event.currentTarget.value)}>
          {CLIPS.map(([video, words]) => <option key={video} value={video}>{words}</option>)}
        </select>
      </label>
      <label>
        Begin with{' '}
        <select value={value.start} onChange={(event) => set('start', event.currentTarget.value)}>
          <option value="">what auto takes</option>
          <option value="start">figment's own nets, which have seen portraits</option>
          <option value="none">nets that have learnt nothing</option>
          {begun.map((run) => <option key={run.id} value={run.id}>those of {run.where}</option>)}
        </select>
      </label>
      <label>
        Seed{' '}
        <input type="number" min={0} step={1} size={8} value={value.seed} placeholder="0" onInput={(event) => set('seed', event.currentTarget.value)} />
      </label>
      {classes > 1 && (
        <label>
          <input type="checkbox" checked={value.labels} onChange={(event) => set('labels', event.currentTarget.checked)} /> Learn the{' '}
          {classes} labels, so that one can ask for pictures of each
        </label>
      )}
    </div>
  )
}
