// "What does this mean?": an explanation that is there for who asks.
import type { ComponentChildren } from 'preact'

export function Meaning({ of, children }: { of: string; children: ComponentChildren }) {
  return (
    <details class="meaning">
      <summary>
        What does this mean?<span class="unseen"> {of}</span>
      </summary>
      <p>{children}</p>
    </details>
  )
}
