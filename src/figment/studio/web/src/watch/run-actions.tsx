// What one may want to do with the run that one watches: stop it, go on with it, play, compare.
import { useEffect, useState } from 'preact/hooks'
import { post } from '../api'
import { followed } from '../router'
import { Resume } from '../runlist/questions'
import { isBusy } from '../runlist/rows'
import '../runlist/runlist.css'
import type { RunState } from './run-state'

interface Props {
  id: string
  state: RunState | null
  again: () => void
}

export function RunActions({ id, state, again }: Props) {
  const [said, setSaid] = useState('')
  const [asks, setAsks] = useState(false)
  const busy = state !== null && isBusy(state)
  const own = state !== null && !state.in_study // a study's runs are stopped and resumed where the study is
  useEffect(() => setSaid(''), [state?.standing])
  const stop = () =>
    post(`/api/runs/${id}/stop`).then(
      () => setSaid('Stopping: it saves everything first.'),
      (why: Error) => setSaid(why.message),
    )
  return (
    <div class="row">
      <span role="status" class={said ? 'quiet' : 'unseen'}>{said}</span>
      {own && busy && <button type="button" onClick={() => void stop()}>Stop</button>}
      {own && !busy && <button type="button" onClick={() => (setSaid(''), setAsks(true))}>Go on …</button>}
      <a class="button" href={`/play/${id}`} onClick={followed}>Play</a>
      <a class="button" href={`/compare?runs=${id}`} onClick={followed}>Compare</a>
      {asks && state && <Resume run={{ ...state, id }} done={(it) => (setSaid(it), again())} close={() => setAsks(false)} />}
    </div>
  )
}
