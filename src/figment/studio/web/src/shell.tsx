// What is around every page: its name, the way to the others, and the page itself, fetched when it is first shown.
import type { ComponentType } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { UNREACHED } from './api'
import { followed, match, usePlace } from './router'

export type PageProps = { id: string }
type Page = ComponentType<PageProps>

interface Entry {
  pattern: string
  title: string
  load: () => Promise<{ default: Page }>
}

/** The pages: a row and a file each. */
const PAGES: Entry[] = [
  { pattern: '/', title: 'Runs', load: () => import('./pages/runs') },
  { pattern: '/new', title: 'New run', load: () => import('./pages/new') },
  { pattern: '/watch/{id}', title: 'Watch', load: () => import('./pages/watch') },
  { pattern: '/play/{id}', title: 'Play', load: () => import('./pages/play') },
  { pattern: '/game', title: 'Game', load: () => import('./pages/game') },
  { pattern: '/compare', title: 'Compare', load: () => import('./pages/compare') },
  { pattern: '/check', title: 'Check', load: () => import('./pages/check') },
]

/** What stands in the bar: pages that are no run's. */
const BAR: [string, string][] = [
  ['/', 'Runs'],
  ['/game', 'Game'],
  ['/compare', 'Compare'],
  ['/check', 'Check'],
]

export function Shell() {
  const { path } = usePlace()
  const found = PAGES.map((page) => ({ page, parts: match(page.pattern, path) })).find((it) => it.parts)
  const page = found?.page
  const [shown, setShown] = useState<{ page: Entry; Page: Page } | null>(null)
  const [error, setError] = useState<string | null>(null)
  const main = useRef<HTMLElement>(null)
  const first = useRef(true)

  useEffect(() => {
    document.title = page ? `${page.title} – figment studio` : 'figment studio'
    if (!page) return
    let wanted = true
    page.load().then(
      (module) => wanted && (setShown({ page, Page: module.default }), setError(null)),
      () => wanted && setError(UNREACHED),
    )
    return () => void (wanted = false)
  }, [page])
  useEffect(() => {
    if (first.current) first.current = false
    else main.current?.focus() // a reader hears that it is another page
  }, [path])

  return (
    <>
      <a class="skip" href="#main">
        To the content
      </a>
      <header class="bar">
        <a class="home" href="/" onClick={followed}>
          figment <span>studio</span>
        </a>
        <nav aria-label="Pages">
          {BAR.map(([address, title]) => (
            <a key={address} href={address} onClick={followed} aria-current={path === address ? 'page' : undefined}>
              {title}
            </a>
          ))}
        </nav>
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        {!page && <p class="problem">There is no such page.</p>}
        {page && error && <p class="problem" role="alert">{error}</p>}
        {page && shown?.page === page && <shown.Page key={path} id={found?.parts?.id ?? ''} />}
      </main>
    </>
  )
}
