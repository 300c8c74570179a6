// Runs: all that lie below the folders, what trains now first.
import { useState } from 'preact/hooks'
import { post, useGet } from '../api'
import { followed, usePlace } from '../router'
import { RunCard } from '../runlist/card'
import { Beginnings } from '../runlist/jobs'
import { Delete, Rename, Resume, type Kind } from '../runlist/questions'
import { FILTERS, chosen, coverOf, type Filter, type Job, type Order, type RunRow } from '../runlist/rows'
import '../runlist/runlist.css'

const EVERY = 3000 // milliseconds
const MANY = 6 // runs, from which on they can be sorted and looked for
const QUESTIONS = { rename: Rename, delete: Delete, resume: Resume }

export default function Runs() {
  const study = usePlace().query.get('study')
  const listed = useGet<{ folders: string[]; runs: RunRow[] }>('/api/runs', EVERY)
  const begun = useGet<{ jobs: Job[] }>('/api/jobs', EVERY)
  const [words, setWords] = useState('')
  const [filter, setFilter] = useState<Filter>('all')
  const [order, setOrder] = useState<Order>('changed')
  const [said, setSaid] = useState('')
  const [stopping, setStopping] = useState<Set<string>>(new Set())
  const [question, setQuestion] = useState<{ kind: Kind; row: RunRow } | null>(null)

  const again = () => (listed.again(), begun.again())
  const done = (sentence: string) => (setSaid(sentence), again())
  async function stop(row: RunRow) {
    setStopping((before) => new Set(before).add(row.id))
    try {
      await post(`/api/runs/${row.id}/stop`)
      done(`${row.name} was asked to stop: it saves everything first.`)
    } catch (why) {
      setStopping((before) => new Set([...before].filter((id) => id !== row.id)))
      done((why as Error).message)
    }
  }

  const rows = listed.value?.runs ?? []
  const jobs = begun.value?.jobs ?? []
  const shown = chosen(rows, study, words, filter, order)
  const inStudy = rows.find((row) => row.id === study)
  const isMany = rows.filter((row) => row.study === study).length > MANY
  const Question = question && QUESTIONS[question.kind]
  return (
    <>
      <div class="row head">
        <h1>{inStudy ? `Runs of ${inStudy.where}` : 'Runs'}</h1>
        {study ? (
          <a href="/" onClick={followed}>All runs</a>
        ) : (
          <a class="button main" href="/new" onClick={followed}>New run</a>
        )}
      </div>
      <p role="status" class="quiet said">{said}</p>
      {listed.error && <p class="problem" role="alert">{listed.error}</p>}
      {!listed.value && !listed.error && <p role="status">Reading the runs …</p>}
      {isMany && (
        <div class="row sorting">
          <label>
            Look for <input type="search" value={words} onInput={(event) => setWords(event.currentTarget.value)} />
          </label>
          <label>
            Show{' '}
            <select value={filter} onChange={(event) => setFilter(event.currentTarget.value as Filter)}>
              {FILTERS.map(([value, title]) => <option key={value} value={value}>{title}</option>)}
            </select>
          </label>
          <label>
            Order{' '}
            <select value={order} onChange={(event) => setOrder(event.currentTarget.value as Order)}>
              <option value="changed">newest first</option>
              <option value="name">by name</option>
              <option value="score">best score first</option>
            </select>
          </label>
        </div>
      )}
      {!study && <Beginnings jobs={jobs} done={done} />}
      {listed.value && !rows.length && (
        <p>
          There is no run in {listed.value.folders.join(', ')} yet. <a href="/new" onClick={followed}>Begin the first one</a>: a
          folder of pictures and ten minutes are enough.
        </p>
      )}
      {listed.value && !!rows.length && !shown.length && <p>None of the {rows.length} is like that.</p>}
      <ul class="cards">
        {shown.map((row) => (
          <RunCard
            key={row.id} row={row} cover={coverOf(row, rows)} stops={stopping.has(row.id)}
            now={Date.now() / 1000} stop={(it) => void stop(it)} ask={(kind, it) => setQuestion({ kind, row: it })}
          />
        ))}
      </ul>
      {question && Question && <Question run={question.row} done={done} close={() => setQuestion(null)} />}
    </>
  )
}
