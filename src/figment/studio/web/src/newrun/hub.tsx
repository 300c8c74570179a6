// A set of the Hugging Face hub by its name; while that is half typed, a line says what is missing.
import { useId, useState } from 'preact/hooks'

const WHOLE = /^hf:[\w-][\w.-]*\/[\w-][\w.-]*(@[\w-][\w./-]*)?(:[^\s:#@]+){0,2}(#[1-9]\d{0,8})?$/
const EMPTY = 'hf:'
const SUCH_AS = 'such as hf:uoft-cs/cifar10'

/** What a name lacks that isn't whole yet; null of one that is, and where nothing was typed. */
export function lackingIn(text: string): string | null {
  const name = text.trim()
  if (!name || name === EMPTY || WHOLE.test(name)) return null
  if (!name.startsWith(EMPTY)) return EMPTY.startsWith(name) ? `It begins with hf:, ${SUCH_AS}.` : `It has to begin with hf:, ${SUCH_AS}.`
  if (/\s/.test(name)) return `There is a space in it: write it as on the hub, ${SUCH_AS}.`
  const [owner, ...rest] = name.slice(EMPTY.length).split('/')
  if (!rest.length) return `The set's own name is missing: a slash and the name come after the owner, ${SUCH_AS}.`
  if (!owner) return `The owner is missing, before the slash, ${SUCH_AS}.`
  if (!rest.join('/')) return `The set's own name is missing, after the slash, ${SUCH_AS}.`
  if (name.endsWith('@')) return 'After @ comes a revision, such as main; or leave it out.'
  if (name.endsWith(':')) return 'After : comes a configuration or a split, such as train; or leave it out.'
  if (name.endsWith('#')) return 'After # comes how many pictures to take, such as 5000; or leave it out.'
  return `The hub has no such names: write hf:OWNER/NAME[@REVISION][:CONFIG][:SPLIT], ${SUCH_AS}.`
}

/** value: what is chosen, perhaps other pictures than the hub's. */
export function HubField({ value, change }: { value: string; change: (data: string) => void }) {
  const [text, setText] = useState(EMPTY)
  const id = useId()
  const lacks = lackingIn(text)
  const typed = (now: string) => {
    setText(now)
    if (value.startsWith(EMPTY) && now.trim() !== value) change('') // what was chosen no longer stands there
  }
  const settled = (now: string) => WHOLE.test(now.trim()) && change(now.trim())
  return (
    <div>
      <label>
        Or a set of the Hugging Face hub{' '}
        <input
          value={text} placeholder="hf:OWNER/NAME" autocomplete="off" spellcheck={false} aria-describedby={id}
          onInput={(event) => typed(event.currentTarget.value)} onChange={(event) => settled(event.currentTarget.value)}
        />
      </label>
      <p id={id} class="quiet problem" role="status">
        {lacks}
      </p>
    </div>
  )
}
