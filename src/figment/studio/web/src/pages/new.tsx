// A new run: pictures, a look at them, recipe, budget, the plan, and off it goes.
import { useEffect, useState } from 'preact/hooks'
import { get, post, useGet } from '../api'
import { LookAt, Pictures, type Look } from '../newrun/pictures'
import { MoreFields, usualMore } from '../newrun/more'
import { PlanOf } from '../newrun/plan'
import { Recipes, type Recipe } from '../newrun/recipes'
import { go } from '../router'
import { BudgetFields, asAsked, usual } from '../runlist/budget'
import type { Job } from '../runlist/rows'
import '../runlist/runlist.css'
import '../newrun/newrun.css'

const EVERY = 1000 // milliseconds
const isUnderWay = (job: Job): boolean => job.state !== 'failed' && job.state !== 'killed'

export default function NewRun() {
  const offered = useGet<{ recipes: Recipe[]; homes: string[] }>('/api/recipes')
  const [data, setData] = useState('')
  const [recipe, setRecipe] = useState('auto')
  const [budget, setBudget] = useState(usual)
  const [more, setMore] = useState(usualMore)
  const [job, setJob] = useState<Job | null>(null)
  const [error, setError] = useState<string | null>(null)
  const look = useGet<Look>(data ? `/api/look?${new URLSearchParams({ data, video: more.video })}` : null)
  const homes = offered.value?.homes ?? []

  const training = {
    data, recipe, ...asAsked(budget), size: more.size || null, fit: more.fit || null, labels: more.labels, start: more.start || null, video: more.video || null,
    seed: more.seed === '' ? null : Number(more.seed),
  }
  const begins = job !== null && isUnderWay(job)
  const mayStart = !!data && !!homes.length && !begins

  useEffect(() => {
    if (!job || !begins) return
    if (job.state !== 'preparing') return go(`/watch/${job.run}`)
    const timer = setTimeout(
      () => get<Job>(`/api/jobs/${job.id}`).then(setJob, (why: Error) => (setJob(null), setError(why.message))),
      EVERY,
    )
    return () => clearTimeout(timer)
  }, [job])

  async function start(event: Event) {
    event.preventDefault()
    if (!mayStart) return
    setError(null)
    try {
      setJob(await post<Job>('/api/jobs', { ...training, name: more.name.trim() || null, folder: more.folder }))
    } catch (why) {
      setError((why as Error).message)
    }
  }

  return (
    <>
      <h1>New run</h1>
      {offered.error && <p class="problem" role="alert">{offered.error}</p>}
      {offered.value && !homes.length && (
        <p class="problem" role="alert">
          The studio was started on single runs: start it on a folder for runs (figment studio runs), and new ones can go there.
        </p>
      )}
      <form class="steps" onSubmit={(event) => void start(event)}>
        <fieldset>
          <legend>1. Pictures</legend>
          <Pictures value={data} change={setData} />
          {data && <LookAt look={look.value} error={look.error} />}
        </fieldset>
        <fieldset>
          <legend>2. Recipe</legend>
          <Recipes recipes={offered.value?.recipes ?? []} value={recipe} change={setRecipe} />
        </fieldset>
        <fieldset>
          <legend>3. Budget</legend>
          <BudgetFields value={budget} change={setBudget} />
          <p class="quiet">Any run can be stopped and gone on with later, so begin with a short one.</p>
        </fieldset>
        <details class="card">
          <summary>More: name, size, shape, films as clips, {(look.value?.classes ?? 0) > 1 && 'labels, '}where it begins</summary>
          <MoreFields value={more} change={setMore} classes={look.value?.classes ?? 0} homes={homes} />
        </details>
        <fieldset>
          <legend>4. The plan</legend>
          <p class="quiet">What will be trained, and when pictures can be expected. You may also start without it.</p>
          <PlanOf asked={data ? training : null} />
        </fieldset>
        {error && <p class="problem" role="alert">{error}</p>}
        {job?.error && !begins && <p class="problem" role="alert">It didn't begin: {job.error}</p>}
        <div class="row">
          <button type="submit" class="main" aria-disabled={!mayStart}>
            Start
          </button>
          <span role="status">
            {begins && `${job.name} gets ready${job.said ? `: ${job.said}` : ' …'}`}
            {!data && !begins && 'Choose pictures first.'}
          </span>
        </div>
      </form>
    </>
  )
}
