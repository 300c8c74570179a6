// A run or a study on the list: its newest picture, how it stands, and what can be done with it.
import { Flagged, WhoseFlags } from '../flags'
import { followed } from '../router'
import type { Kind } from './questions'
import { aboutOf, ago, colourOf, isBusy, progressOf, scoreOf, wordOf, type RunRow } from './rows'

interface Props {
  row: RunRow
  cover: RunRow | null
  /** Whether it was asked to stop. */
  stops: boolean
  now: number
  stop: (row: RunRow) => void
  ask: (kind: Kind, row: RunRow) => void
}

export function RunCard({ row, cover, stops, now, stop, ask }: Props) {
  const { standing, name } = row
  const isRun = row.kind === 'run'
  const address = isRun ? `/watch/${row.id}` : `/?study=${row.id}`
  const newest = cover && `/api/runs/${cover.id}/sheets/${cover.sheet}`
  return (
    <li class="card run" data-standing={standing}>
      <div class="cover">
        {newest ? <img src={newest} alt={`Newest samples of ${name}`} loading="lazy" decoding="async" /> : <span>{row.problem ? 'no picture' : 'no picture yet'}</span>}
      </div>
      <h2>
        <a href={address} onClick={followed}>
          {row.study ? name : row.where}
        </a>
      </h2>
      <p class="standing">
        <b aria-hidden="true" style={{ color: `var(--${colourOf(standing)})` }}>●</b> {isRun ? '' : 'study, '}
        {stops && isBusy(row) ? 'stopping: it saves everything first' : wordOf(standing)}
      </p>
      {row.problem && <p class="problem quiet">{row.problem}</p>}
      {row.why && <p class="problem quiet">{row.why}</p>}
      {row.share != null && (
        <progress class={isBusy(row) ? 'busy' : ''} value={row.share} max={1} aria-label={`${name}: share of its budget`} />
      )}
      {!row.problem && <p class="quiet figures">{progressOf(row)}</p>}
      {row.score && <p class="quiet figures">{scoreOf(row.score)}</p>}
      {row.words && <p class="quiet"><Flagged text={row.words} /></p>}
      {row.words && <WhoseFlags texts={[row.words]} />}
      {!row.problem && <p class="quiet about">{aboutOf(row)}{row.changed ? ` · ${ago(row.changed, now)}` : ''}</p>}
      <div class="row actions">
        {isRun && !row.problem && <a class="button" href={address} onClick={followed} aria-label={`Watch ${name}`}>Watch</a>}
        {isRun && !row.problem && !!row.images && (
          <a class="button" href={`/play/${row.id}`} onClick={followed} aria-label={`Play with ${name}`}>Play</a>
        )}
        {!isRun && <a class="button" href={address} onClick={followed} aria-label={`Its runs: the study ${name}`}>Its runs</a>}
        {row.has_page && <a class="button" href={`/api/runs/${row.id}/page`} target="_blank" rel="noopener" aria-label={`Its page: ${name}`}>Its page</a>}
        {isRun && isBusy(row) && !row.study && (
          <button type="button" disabled={stops} onClick={() => stop(row)} aria-label={`Stop ${name}`}>Stop</button>
        )}
        {isRun && !isBusy(row) && !row.study && !row.problem && (
          <button type="button" onClick={() => ask('resume', row)} aria-label={`Go on with ${name}`}>Go on …</button>
        )}
        {isRun && !isBusy(row) && !row.study && !row.lacks && (
          <>
            {!row.problem && <button type="button" onClick={() => ask('rename', row)} aria-label={`Rename ${name}`}>Rename …</button>}
            <button type="button" onClick={() => ask('delete', row)} aria-label={`Delete ${name}`}>Delete …</button>
          </>
        )}
      </div>
    </li>
  )
}
