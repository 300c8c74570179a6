// Runs: all that lie below the folders, newest picture first seen.
import { useGet } from '../api'
import { followed } from '../router'

export interface RunRow {
  id: string
  kind: 'run' | 'study'
  name: string
  where: string
  state?: string
  images?: number
  recipe?: string
  sheet?: number | null
  problem?: string
}

export default function Runs() {
  const { value, error } = useGet<{ folders: string[]; runs: RunRow[] }>('/api/runs', 5000)
  return (
    <>
      <h1>Runs</h1>
      {error && <p class="problem" role="alert">{error}</p>}
      {value && !value.runs.length && <p>There is no run in {value.folders.join(', ')} yet.</p>}
      <ul class="cards">
        {value?.runs.map((run) => (
          <li class="card" key={run.id}>
            <h2>
              <a href={`/watch/${run.id}`} onClick={followed}>
                {run.where}
              </a>
            </h2>
            {run.sheet != null && <img src={`/api/runs/${run.id}/sheets/${run.sheet}`} alt={`Newest samples of ${run.name}`} />}
            <p>{run.problem ?? `${run.state}, ${(run.images ?? 0).toLocaleString('en')} images seen`}</p>
          </li>
        ))}
      </ul>
    </>
  )
}
