// Which pictures: those that the server found, sets by name, drawn ones, or a set of the hub; and a look at them.
import { useState } from 'preact/hooks'
import { useGet } from '../api'
import { count } from '../numbers'
import { HubField } from './hub'

interface Offered {
  home: string
  found: { id: string; title: string; pictures: number | null }[]
  more: number
  named: { id: string; title: string; pictures: number }[]
  drawn: { id: string; title: string; words: string }[]
}

export interface Look {
  title: string
  count: number | null
  clips: number // whose frames they are; 0 of pictures
  sizes: string
  labels: { name: string; count: number }[]
  classes: number
  pictures: string[]
  problems: string[]
  notes: string[]
}

const LONG = 8 // sets, from which on they can be looked for

export function Pictures({ value, change }: { value: string; change: (data: string) => void }) {
  const { value: offered, error } = useGet<Offered>('/api/data')
  const [words, setWords] = useState('')
  if (error) return <p class="problem" role="alert">{error}</p>
  if (!offered) return <p>Looking for pictures …</p>
  const wanted = words.trim().toLowerCase()
  const found = offered.found.filter((it) => it.title.toLowerCase().includes(wanted))
  const choice = (id: string, title: string, more: string) => (
    <label key={id}>
      <input type="radio" name="data" checked={value === id} onChange={() => change(id)} /> {title} <span class="quiet">{more}</span>
    </label>
  )
  return (
    <div class="sources">
      <p class="quiet">Folders and archives of pictures, and folders of films, below {offered.home}:</p>
      {offered.found.length > LONG && (
        <label>
          Look for <input type="search" value={words} onInput={(event) => setWords(event.currentTarget.value)} />
        </label>
      )}
      <div class="choices">
        {found.map((it) => choice(it.id, it.title, it.pictures == null ? '' : `${count(it.pictures)} pictures or films`))}
        {!found.length && <p class="quiet">There are none{wanted ? ' called so' : ': put some there, or start the studio elsewhere'}.</p>}
      </div>
      {offered.more > 0 && <p class="quiet">{count(offered.more)} more aren't listed: start the studio nearer to them.</p>}
      {!!offered.named.length && <p class="quiet">Public sets that are here already:</p>}
      {offered.named.map((it) => choice(it.id, it.title, `${count(it.pictures)} pictures`))}
      <p class="quiet">No pictures of your own? figment draws some:</p>
      {offered.drawn.map((it) => choice(it.id, it.title, it.words))}
      <HubField value={value} change={change} />
    </div>
  )
}

export function LookAt({ look, error }: { look: Look | null; error: string | null }) {
  if (error) return <p class="problem" role="alert">{error}</p>
  if (!look) return <p role="status">Looking at them …</p>
  const labels = look.labels.map((it) => `${it.name} (${count(it.count)})`).join(', ')
  return (
    <div class="look" role="status">
      <p>
        <strong>{look.title}</strong>
        {look.count != null && (look.clips ? `: ${count(look.clips)} clips, ${count(look.count)} frames` : `: ${count(look.count)} pictures`)}
        {look.sizes && `, ${look.sizes}`}
        {look.classes > 0 && `; ${look.classes} labels: ${labels}${look.classes > look.labels.length ? ' …' : ''}`}
      </p>
      <ul class="few" aria-label={`${look.pictures.length} of the pictures`}>
        {look.pictures.map((src, i) => <li key={i}><img src={src} alt="" width={96} height={96} /></li>)}
      </ul>
      {look.notes.map((line) => <p key={line} class="quiet">{line}</p>)}
      {look.problems.map((line) => <p key={line} class="problem quiet">{line}</p>)}
    </div>
  )
}
