// Addresses: which page is shown, and going from one to the other without a new document.
import { useEffect, useState } from 'preact/hooks'

export interface Place {
  path: string
  query: URLSearchParams
}

export const here = (): Place => ({ path: location.pathname, query: new URLSearchParams(location.search) })

const MOVED = 'figment:moved'

/** Go to an address of the studio's. replace: without a step back, for what only changes the view. */
export function go(address: string, replace = false): void {
  if (replace) history.replaceState(null, '', address)
  else history.pushState(null, '', address)
  dispatchEvent(new Event(MOVED))
}

/** The current address; the component is drawn anew when it changes. */
export function usePlace(): Place {
  const [place, setPlace] = useState(here)
  useEffect(() => {
    const moved = () => setPlace(here())
    addEventListener('popstate', moved)
    addEventListener(MOVED, moved)
    return () => {
      removeEventListener('popstate', moved)
      removeEventListener(MOVED, moved)
    }
  }, [])
  return place
}

/** What a pattern such as /watch/{id} finds in a path; null where it doesn't fit. */
export function match(pattern: string, path: string): Record<string, string> | null {
  const wanted = pattern.split('/')
  const given = path.replace(/(?<=.)\/$/, '').split('/')
  if (wanted.length !== given.length) return null
  const found: Record<string, string> = {}
  for (const [i, part] of wanted.entries()) {
    const name = /^\{(\w+)\}$/.exec(part)?.[1]
    if (name) found[name] = decodeURIComponent(given[i]!)
    else if (part !== given[i]) return null
  }
  return found
}

/** For links: go there within the page, but leave new tabs and windows to the browser. */
export function followed(event: MouseEvent): void {
  const link = event.currentTarget as HTMLAnchorElement
  if (event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
  event.preventDefault()
  go(link.getAttribute('href')!)
}
