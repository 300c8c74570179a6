// What is asked before something is done with a run.
import { useState } from 'preact/hooks'
import { patch, post, remove } from '../api'
import { BudgetFields, asAsked, usual } from './budget'
import { Dialog } from './dialog'
import type { RunRow } from './rows'

export type Kind = 'rename' | 'delete' | 'resume'
interface Props {
  run: Pick<RunRow, 'id' | 'name' | 'standing'>
  /** Said aloud when it is done. */
  done: (said: string) => void
  close: () => void
}

export function Rename({ run, done, close }: Props) {
  const [name, setName] = useState(run.name)
  const act = async () => {
    await patch(`/api/runs/${run.id}`, { name: name.trim() })
    done(`${run.name} is called ${name.trim()} now.`)
  }
  return (
    <Dialog title={`Rename ${run.name}`} does="Rename" ready={!!name.trim() && name !== run.name} act={act} close={close}>
      <p>The folder gets the name; nothing in it changes.</p>
      <label>
        New name <input value={name} maxLength={100} autocomplete="off" onInput={(event) => setName(event.currentTarget.value)} />
      </label>
    </Dialog>
  )
}

export function Delete({ run, done, close }: Props) {
  const [typed, setTyped] = useState('')
  const act = async () => {
    await remove(`/api/runs/${run.id}?name=${encodeURIComponent(typed)}`)
    done(`${run.name} is deleted.`)
  }
  return (
    <Dialog title={`Delete ${run.name}?`} does="Delete it for good" isGrave ready={typed === run.name} act={act} close={close}>
      <p>
        Its generator, its pictures and all that was found out about it are gone for good; the pictures that it was trained on
        stay.
      </p>
      <label>
        To go on, type its name, <strong>{run.name}</strong>{' '}
        <input value={typed} autocomplete="off" onInput={(event) => setTyped(event.currentTarget.value)} />
      </label>
    </Dialog>
  )
}

export function Resume({ run, done, close }: Props) {
  const isOver = run.standing === 'done'
  const [budget, setBudget] = useState(usual)
  const [more, setMore] = useState(isOver)
  const act = async () => {
    await post(`/api/runs/${run.id}/resume`, more ? asAsked(budget) : {})
    done(`${run.name} goes on.`)
  }
  return (
    <Dialog title={`Go on with ${run.name}`} does="Go on" act={act} close={close}>
      <p>
        {isOver
          ? 'It has spent its budget. With a further one it learns on, at the rates that it ended with.'
          : 'It goes on exactly where it was saved last, to the end of its budget.'}
      </p>
      {!isOver && (
        <label>
          <input type="checkbox" checked={more} onChange={(event) => setMore(event.currentTarget.checked)} /> with a further budget
        </label>
      )}
      {more && <BudgetFields value={budget} change={setBudget} />}
    </Dialog>
  )
}
