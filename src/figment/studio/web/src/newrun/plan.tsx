// The plan before one says yes: what figment train --dry-run tells, made on the server while one waits.
import { useEffect, useRef, useState } from 'preact/hooks'
import { get, post, remove } from '../api'

interface Plan {
  state: 'working' | 'done' | 'refused'
  lines: string[]
  notes?: string[]
  said: string
  error: string | null
}

const EVERY = 1000 // milliseconds

/** A line of a plan as a name and what it is: "machine    AMD EPYC"; a line without a name is a sentence. */
export function parted(line: string): [string, string] {
  const found = /^(\S[\S ]*?) {2,}(.*)$/.exec(line)
  return found ? [found[1]!, found[2]!] : ['', line]
}

/** asked: what is to be trained; a plan of something else is put away. */
export function PlanOf({ asked }: { asked: object | null }) {
  const [id, setId] = useState<string | null>(null)
  const [plan, setPlan] = useState<Plan | null>(null)
  const [error, setError] = useState<string | null>(null)
  const button = useRef<HTMLButtonElement>(null)
  const key = JSON.stringify(asked)

  useEffect(() => (setId(null), setPlan(null), setError(null)), [key])
  useEffect(() => {
    if (!id) return
    let wanted = true
    const look = async () => {
      try {
        const found = await get<Plan>(`/api/plan/${id}`)
        if (!wanted) return
        setPlan(found)
        if (found.state === 'working') setTimeout(() => wanted && void look(), EVERY)
      } catch (why) {
        if (wanted) setError((why as Error).message)
      }
    }
    void look()
    return () => {
      wanted = false
      void remove(`/api/plan/${id}`).catch(() => undefined)
    }
  }, [id])

  const begin = () => {
    if (!asked || works) return // the button keeps the focus where it can't be pressed
    setError(null)
    setPlan(null)
    post<{ id: string }>('/api/plan', asked).then((it) => setId(it.id), (why: Error) => setError(why.message))
  }
  const cancel = () => {
    setId(null) // which ends it on the server, too
    button.current?.focus()
  }
  const works = id !== null && (plan === null || plan.state === 'working') && !error
  return (
    <div class="plan">
      <div class="row">
        <button type="button" ref={button} aria-disabled={!asked || works} onClick={begin}>
          Show the plan
        </button>
        <span role="status" class="quiet">
          {works && (plan?.said || 'Preparing the pictures and measuring this machine: some seconds, or a minute for a time budget …')}
        </span>
        {works && <button type="button" onClick={cancel}>Cancel the plan</button>}
      </div>
      {error && <p class="problem" role="alert">{error}</p>}
      {plan?.error && <p class="problem" role="alert">{plan.error}</p>}
      {!!plan?.lines.length && (
        <dl aria-label="The plan">
          {plan.lines.map((line, i) => {
            const [name, what] = parted(line)
            return <div key={i} class={name ? '' : 'whole'}>{name && <dt>{name}</dt>}<dd>{what}</dd></div>
          })}
        </dl>
      )}
    </div>
  )
}
