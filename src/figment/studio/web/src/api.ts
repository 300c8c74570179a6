// Talking with the server: JSON, and errors as sentences.
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'

/** What the server refuses, in its own words. */
export class Refused extends Error {
  constructor(
    sentence: string,
    readonly status: number,
  ) {
    super(sentence)
  }
}

/** Said wherever nothing comes back. */
export const UNREACHED = 'The studio does not answer: it was ended, or this machine slept. Start it again by figment studio.'

async function ask(method: string, path: string, body?: unknown): Promise<Response> {
  const init: RequestInit = { method }
  if (body instanceof Blob) init.body = body
  else if (body !== undefined) init.body = JSON.stringify(body)
  let answer: Response
  try {
    answer = await fetch(path, init)
  } catch {
    throw new Refused(UNREACHED, 0)
  }
  if (!answer.ok) {
    const sentence = await answer.json().then((it) => String(it.error), () => `${answer.status} ${answer.statusText}`)
    throw new Refused(sentence, answer.status)
  }
  return answer
}

export const get = async <T>(path: string): Promise<T> => (await ask('GET', path)).json()
export const post = async <T>(path: string, body?: unknown): Promise<T> => (await ask('POST', path, body)).json()
export const patch = async <T>(path: string, body: unknown): Promise<T> => (await ask('PATCH', path, body)).json()
export const remove = async <T>(path: string): Promise<T> => (await ask('DELETE', path)).json()
export const blob = async (path: string, body?: unknown): Promise<Blob> =>
  (await ask(body === undefined ? 'GET' : 'POST', path, body)).blob()

export interface Loaded<T> {
  value: T | null
  error: string | null
  /** Whether the server itself refused it, rather than not having answered. */
  refused: boolean
  again: () => void
}

/** Something of the server's, asked for again when the path changes, and every so many milliseconds where that is given. */
export function useGet<T>(path: string | null, every = 0): Loaded<T> {
  const [value, setValue] = useState<T | null>(null)
  const [why, setWhy] = useState<Refused | null>(null)
  const current = useRef<string | null>(null)
  current.current = path
  const again = useCallback(() => {
    if (path === null) return
    get<T>(path).then(
      (found) => current.current === path && (setValue(() => found), setWhy(null)),
      (why: Refused) => current.current === path && setWhy(why),
    )
  }, [path])
  useEffect(() => {
    setValue(null)
    setWhy(null)
    again()
    if (!every) return
    const timer = setInterval(() => document.hidden || again(), every)
    return () => clearInterval(timer)
  }, [again, every])
  return { value, error: why?.message ?? null, refused: !!why?.status, again }
}

/** The address of a websocket of the studio's. */
export const socketAddress = (path: string): string => `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}${path}`
