// A run's history, which grows as the run does: asked for once, then kept up by the stream of its events.
import { useEffect, useState } from 'preact/hooks'
import { UNREACHED, get } from '../api'
import { grown, type Happened, type History } from '../history'

const TOGETHER_MS = 200 // events that come together are drawn together
const APART_MS = 2000 // between two times that all is drawn anew: it takes processor time that the training has less then
const AGAIN_MS = 3000
const FIRSTS = ['snapshot', 'score'] // events before whose first one the history lacks something

export interface Followed {
  history: History | null
  problem: string | null // why there is nothing more to see
  gone: boolean // whether there is no such run any more
  news: number // grows with whatever changed: what else is known of the run is to be asked for again
}

export function useHistory(id: string): Followed {
  const [history, setHistory] = useState<History | null>(null)
  const [problem, setProblem] = useState<string | null>(null)
  const [gone, setGone] = useState(false)
  const [news, setNews] = useState(0)
  useEffect(() => {
    let source: EventSource | null = null
    let timer = 0
    let ended = false
    let waiting: Happened[] = []
    let known: string | null = null // its state, as it was told last
    let place: string | null = null // up to where events have come; null while there is nothing to follow
    const seenKinds = new Set<string>()
    const changed = () => setNews((it) => it + 1)

    let drawn = 0 // when, by the page's clock

    const draw = () => {
      timer = 0
      drawn = performance.now()
      const events = waiting
      waiting = []
      // The first of them brings what is told once: how sheets are laid out, how scores are to be read.
      if (events.some((it) => FIRSTS.includes(it.event) && !seenKinds.has(it.event))) return begin()
      if (events.length) setHistory((old) => old && grown(old, events))
      changed()
    }
    const soon = () => (timer ||= window.setTimeout(draw, Math.max(TOGETHER_MS, drawn + APART_MS - performance.now())))
    const begin = () => {
      source?.close()
      place = null
      get<History>(`/api/runs/${id}/history`).then(
        (found) => {
          if (ended) return
          if (found.sheets.length) seenKinds.add('snapshot')
          if (found.scores.length) seenKinds.add('score')
          setHistory(found)
          setProblem(null)
          changed()
          follow(found.after)
        },
        (why: Error & { status?: number }) => {
          if (ended) return
          setProblem(why.message)
          if (why.status === 404) setGone(true)
          else timer = window.setTimeout(() => ((timer = 0), begin()), AGAIN_MS)
        },
      )
    }
    const follow = (after: string) => {
      place = after
      if (document.hidden) return
      const stream = (source = new EventSource(`/api/runs/${id}/events?after=${after}`))
      stream.onmessage = (event) => {
        place = event.lastEventId || place
        waiting.push(JSON.parse(event.data as string) as Happened)
        soon()
      }
      stream.onopen = () => setProblem(null)
      stream.onerror = () => {
        if (stream.readyState === EventSource.CLOSED) begin() // refused: the answer to the next question tells why
        else setProblem(UNREACHED)
      }
      stream.addEventListener('state', (event) => {
        const now = (event as MessageEvent<string>).data
        if (known !== null && now !== known) soon() // the first one tells what is known already
        known = now
      })
      stream.addEventListener('anew', begin)
      stream.addEventListener('gone', (event) => {
        stream.close()
        place = null
        setGone(true)
        setProblem((JSON.parse((event as MessageEvent<string>).data) as { text: string }).text)
      })
    }
    // A page that nobody sees follows nothing: a browser has six connections to a server, for all its pages together.
    const seen = () => {
      source?.close()
      if (!document.hidden && place !== null) follow(place)
    }
    document.addEventListener('visibilitychange', seen)
    begin()
    return () => {
      ended = true
      document.removeEventListener('visibilitychange', seen)
      clearTimeout(timer)
      source?.close()
    }
  }, [id])
  return { history, problem, gone, news }
}
