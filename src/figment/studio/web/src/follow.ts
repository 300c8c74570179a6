// Work that takes long on the server: its progress as it comes, then its result.
import { UNREACHED } from './api'

export interface Doing {
  title: string
  done: number
  total: number
}

export interface Outcome<T> {
  doing: (it: Doing) => void
  done: (result: T) => void
  refused: (sentence: string) => void
}

/** Ask for it; gives what gives it up. */
export function follow<T>(path: string, outcome: Outcome<T>): () => void {
  const source = new EventSource(path)
  const read = (event: Event) => JSON.parse((event as MessageEvent<string>).data)
  source.addEventListener('progress', (event) => outcome.doing(read(event) as Doing))
  source.addEventListener('done', (event) => {
    source.close()
    outcome.done(read(event) as T)
  })
  source.addEventListener('refused', (event) => {
    source.close()
    outcome.refused((read(event) as { error: string }).error)
  })
  source.onerror = () => {
    source.close() // it would be done anew
    outcome.refused(UNREACHED)
  }
  return () => source.close()
}
