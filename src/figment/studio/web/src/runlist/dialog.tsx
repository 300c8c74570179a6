// A question in front of the page: the browser's own dialog, which keeps the keyboard in it and closes by Escape.
import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'

interface Props {
  title: string
  /** The word on the button that does it. */
  does: string
  isGrave?: boolean
  /** Whether it can be done as things stand. */
  ready?: boolean
  act: () => Promise<unknown>
  close: () => void
  children: ComponentChildren
}

export function Dialog({ title, does, isGrave, ready = true, act, close, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null)
  const [error, setError] = useState<string | null>(null)
  const [acts, setActs] = useState(false)
  useEffect(() => dialog.current?.showModal(), [])

  async function submit(event: Event) {
    event.preventDefault()
    setActs(true)
    try {
      await act()
      dialog.current?.close()
    } catch (why) {
      setError((why as Error).message)
    } finally {
      setActs(false)
    }
  }

  return (
    <dialog ref={dialog} class="card" aria-labelledby="question" onClose={close}>
      <form onSubmit={(event) => void submit(event)}>
        <h2 id="question">{title}</h2>
        {children}
        {error && <p class="problem" role="alert">{error}</p>}
        <div class="row">
          <button type="submit" class={isGrave ? 'main grave' : 'main'} disabled={!ready || acts}>
            {does}
          </button>
          <button type="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
        </div>
      </form>
    </dialog>
  )
}
