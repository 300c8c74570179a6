// Trainings that have no run yet: what they are doing, or why they couldn't begin.
import { remove, post } from '../api'
import type { Job } from './rows'

interface Props {
  jobs: Job[]
  /** Called when something was done, with what is to be said. */
  done: (said: string) => void
}

/** Those that the list of runs doesn't show: on their way to a run, or failed before there was one. */
export const withoutRun = (jobs: Job[]): Job[] =>
  jobs.filter((job) => !job.has_run && (job.state === 'preparing' || job.error !== null))

export function Beginnings({ jobs, done }: Props) {
  const shown = withoutRun(jobs)
  if (!shown.length) return null
  const act = (what: Promise<unknown>, said: string) => void what.then(() => done(said), (why: Error) => done(why.message))
  return (
    <ul class="beginnings" aria-label="Trainings that begin">
      {shown.map((job) => (
        <li class="card" key={job.id}>
          <h2>{job.name}</h2>
          {job.state === 'preparing' ? (
            <>
              <p>Getting ready{job.said ? `: ${job.said}` : ': reading PyTorch'}</p>
              <button type="button" aria-label={`Stop ${job.name}`} onClick={() => act(post(`/api/jobs/${job.id}/stop`), `${job.name} is stopped.`)}>
                Stop
              </button>
            </>
          ) : (
            <>
              <p class="problem">It didn't begin: {job.error}</p>
              <button type="button" aria-label={`Put ${job.name} away`} onClick={() => act(remove(`/api/jobs/${job.id}`), `${job.name} is put away.`)}>
                Put away
              </button>
            </>
          )}
        </li>
      ))}
    </ul>
  )
}
