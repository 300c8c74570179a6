// The page's colours, for what draws on a canvas, which knows no variables of a style sheet.

let known: Map<string, string> | null = null
const dark = typeof matchMedia === 'undefined' ? null : matchMedia('(prefers-color-scheme: dark)')
dark?.addEventListener('change', () => void (known = null))

/** The colour that a variable of style.css has now: themed('ink'). */
export function themed(name: string): string {
  known ??= new Map()
  let colour = known.get(name)
  if (colour === undefined) {
    colour = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim() || '#888888'
    known.set(name, colour)
  }
  return colour
}

/** #rrggbb with a share of its strength. */
export function withAlpha(colour: string, alpha: number): string {
  return `${colour}${Math.round(255 * alpha).toString(16).padStart(2, '0')}`
}

/** Call again whenever light turns dark or dark light; gives what ends it. */
export function onTheme(changed: () => void): () => void {
  dark?.addEventListener('change', changed)
  return () => dark?.removeEventListener('change', changed)
}
