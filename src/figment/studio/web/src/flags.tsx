// What the trainer says names options of the command line: none of them is broken in two, and it is said whose they are.

const FLAG = /(--[a-z][a-z-]*(?: [^\s;,()]*[^\s;,().])?)/

export const hasFlags = (text: string): boolean => FLAG.test(text)

/** A sentence of the trainer's without what it advises: (try …). */
export const withoutAdvice = (text: string): string => text.replace(/ \(try [^()]*\)$/, '')

/** A sentence in which options stay on one line each. */
export function Flagged({ text }: { text: string }) {
  return <>{text.split(FLAG).map((part, i) => (i % 2 ? <span class="flag" key={i}>{part}</span> : part))}</>
}

/** Said below sentences that name options. */
export function WhoseFlags({ texts }: { texts: readonly string[] }) {
  if (!texts.some(hasFlags)) return null
  return <p class="quiet">What begins with -- is for a new run on the command line: <code class="flag">figment train … --set …</code></p>
}
