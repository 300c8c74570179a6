// Compare: runs side by side, by the same codes, curves, scores, recipes, and by one's own eyes without knowing which is which.
import { useEffect, useMemo, useState } from 'preact/hooks'
import { get, useGet } from '../api'
import { BlindTest } from '../compare/blind-test'
import { CompareCurves } from '../compare/curves'
import { coloured, idsIn, type Comparison } from '../compare/compared'
import type { History } from '../history'
import { go, usePlace } from '../router'
import { SameCodes } from '../compare/same-codes'
import '../watch/watch.css'
import '../compare/compare.css'

interface Row {
  id: string
  kind: 'run' | 'study'
  name: string
  where: string
  study?: string | null
  problem?: string
}

export default function Compare() {
  const { query } = usePlace()
  const text = query.get('runs') ?? ''
  const ids = useMemo(() => idsIn(query), [text])
  const rows = useGet<{ runs: Row[] }>('/api/runs')
  const lost = rows.value ? lostOf(ids, rows.value.runs) : null
  const there = useMemo(() => ids.filter((id) => lost && !lost.has(id)), [text, lost && [...lost.keys()].join()])
  const found = useGet<Comparison>(there.length > 1 ? `/api/compare?runs=${there.join()}` : null)
  const choose = (chosen: string[]) => go(chosen.length ? `/compare?runs=${chosen.join()}` : '/compare', true)
  return (
    <>
      <h1>Compare</h1>
      {rows.error && <p class="problem" role="alert">{rows.error}</p>}
      {rows.value && <Chooser rows={rows.value.runs} ids={there} onChoose={choose} />}
      {lost && [...lost].map(([id, why]) => <p key={id} class="problem" role="status">Left out: {why}</p>)}
      {there.length > 1 && found.error && <p class="problem" role="alert">{found.error}</p>}
      {!rows.error && (!rows.value || (there.length > 1 && !found.value && !found.error)) && <p role="status">Reading the runs …</p>}
      {there.length > 1 && found.value && <Found comparison={found.value} ids={there} />}
    </>
  )
}

/** Those of the runs asked for that can't be compared, with what is said of each. */
function lostOf(ids: string[], rows: Row[]): Map<string, string> {
  const known = new Map(rows.map((it) => [it.id, it]))
  const said = (id: string) => (known.has(id) ? known.get(id)!.problem && `${known.get(id)!.where}. ${known.get(id)!.problem}` : 'a run that is gone.')
  return new Map(ids.flatMap((id) => (said(id) ? [[id, said(id)!] as const] : [])))
}

function Chooser({ rows, ids, onChoose }: { rows: Row[]; ids: string[]; onChoose: (ids: string[]) => void }) {
  const runs = rows.filter((it) => it.kind === 'run' && !it.problem)
  const studies = rows.filter((it) => it.kind === 'study')
  const [isOpen] = useState(ids.length < 2) // then it stays: who has taken two may want a third
  const names = new Map(rows.map((it) => [it.id, it.where]))
  const toggle = (id: string) => onChoose(ids.includes(id) ? ids.filter((it) => it !== id) : [...ids, id])
  const cells = (study: string) => runs.filter((it) => it.study === study).map((it) => it.id)
  return (
    <details class="card chooser" open={isOpen}>
      <summary>
        {ids.length < 2 ? 'Choose two runs or more' : `${ids.length} runs: ${ids.map((id) => names.get(id)).join(', ')}`}
      </summary>
      {runs.length < 2 && <p>There are fewer than two runs here: train another one first.</p>}
      <ul>
        {runs.map((run) => (
          <li key={run.id}>
            <label class="row tight">
              <input type="checkbox" checked={ids.includes(run.id)} onChange={() => toggle(run.id)} /> {run.where}
            </label>
          </li>
        ))}
      </ul>
      {studies.some((it) => cells(it.id).length > 1) && (
        <p class="row">
          {studies
            .filter((it) => cells(it.id).length > 1)
            .map((it) => (
              <button key={it.id} type="button" onClick={() => onChoose(cells(it.id))}>
                All cells of {it.name}
              </button>
            ))}
        </p>
      )}
    </details>
  )
}

function Found({ comparison, ids }: { comparison: Comparison; ids: string[] }) {
  const runs = useMemo(() => coloured(comparison), [comparison])
  const [histories, setHistories] = useState<Record<string, History>>({})
  useEffect(() => {
    let wanted = true
    setHistories({})
    for (const id of ids)
      get<History>(`/api/runs/${id}/history`).then((it) => wanted && setHistories((old) => ({ ...old, [id]: it })), () => {})
    return () => void (wanted = false)
  }, [ids.join()])
  const { sentences, command, scores, pairs, differences, settings, judge } = comparison
  return (
    <div class="compare">
      <section class="card" aria-label="What may be said">
        {sentences.map((it, i) => (
          <p key={it} class={i ? undefined : 'said'}>
            {it}
          </p>
        ))}
        {command && <pre>{command}</pre>}
      </section>
      <section class="card" aria-label="The same codes">
        <h2>The same codes</h2>
        <SameCodes runs={runs} histories={histories} alike={comparison.alike} />
      </section>
      <section class="card" aria-label="Blind test">
        <h2>Blind test</h2>
        <BlindTest key={ids.join()} runs={runs} />
      </section>
      {scores.length > 0 && (
        <section class="card" aria-label="Scores">
          <h2>Scores</h2>
          <Table head={scores[0]!} rows={scores.slice(1)} titles={comparison.meanings} />
          {pairs.length > 0 && (
            <>
              <h3>Two by two, by {judge}</h3>
              <ul class="notes">
                {pairs.map((it) => (
                  <li key={`${it.first} ${it.second}`}>
                    {it.first} against {it.second}: {it.by}. {it.sure ? 'More than chance.' : 'Not more than chance may do.'}
                  </li>
                ))}
              </ul>
            </>
          )}
        </section>
      )}
      <section aria-label="Curves">
        <h2>Curves</h2>
        {Object.keys(histories).length === ids.length ? <CompareCurves runs={runs} histories={histories} /> : <p role="status">Reading…</p>}
      </section>
      <section class="card" aria-label="What differs">
        <h2>What differs</h2>
        {differences.length ? (
          <Table head={['', ...settings.map((it) => it.label)]} rows={differences.map((it) => [`${it.section}: ${it.field}`, ...it.values])} titles={differences.map((it) => it.meaning)} />
        ) : (
          <p>Nothing that is known.</p>
        )}
      </section>
    </div>
  )
}

function Table({ head, rows, titles }: { head: string[]; rows: string[][]; titles: string[] }) {
  return (
    <>
    <p class="quiet sideways">It goes on to the right: move it sideways.</p>
    <div class="wide" tabIndex={0} role="region" aria-label="Table">
      <table>
        <thead>
          <tr>{head.map((it, i) => (it ? <th key={i} scope="col">{it}</th> : <td key={i} />))}</tr>
        </thead>
        <tbody>
          {rows.map(([first, ...cells], i) => (
            <tr key={first}>
              <th scope="row">
                {first}
                {titles[i] && <span class="quiet meaning-of"> {titles[i]}</span>}
              </th>
              {cells.map((it, j) => (
                <td key={j}>{it}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
    </>
  )
}
