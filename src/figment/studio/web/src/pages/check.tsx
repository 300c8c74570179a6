// Check: a picture, film or page is dropped, and the page tells what marks it bears.
import { useState } from 'preact/hooks'
import { post } from '../api'
import './check.css'

interface Trace {
  generator: string
  where: string
  text: string
}

interface Answer {
  sentence: string
  error?: string
  metadata: { camera: string | null; software: string | null; traces: Trace[] } | null
  c2pa: { signer: string | null; issuer: string | null; generator: string | null; actions: string[]; problems: string[] } | null
}

interface Checked {
  name: string
  picture: string | null
  answer: Answer
}

async function check(file: File): Promise<Checked> {
  const answer = await post<Answer>(`/api/check?name=${encodeURIComponent(file.name)}`, file).catch(
    (why: Error): Answer => ({ sentence: why.message, error: why.message, metadata: null, c2pa: null }),
  )
  return { name: file.name, picture: file.type.startsWith('image/') ? URL.createObjectURL(file) : null, answer }
}

/** The file's own words: names and values, as they stand in it. */
function facts({ metadata, c2pa }: Answer): [string, string][] {
  const found: [string, string | null | undefined][] = [
    ['software', metadata?.software],
    ['camera', metadata?.camera],
    ...(metadata?.traces ?? []).map(({ where, text }): [string, string] => [where, text]),
    ['signer', c2pa?.signer],
    ['issuer of the certificate', c2pa?.issuer],
    ['made with', c2pa?.generator],
    ['actions', c2pa?.actions.join(', ')],
    ['problems', c2pa?.problems.join('; ')],
  ]
  return found.filter((fact): fact is [string, string] => Boolean(fact[1]))
}

export default function Check() {
  const [found, setFound] = useState<Checked[]>([])
  const [over, setOver] = useState(false)

  async function take(files: FileList | null) {
    for (const file of files ?? []) {
      const one = await check(file)
      setFound((before) => [one, ...before])
    }
  }

  return (
    <>
      <h1>Check</h1>
      <p>
        What a picture, film or page says of where it comes from: marks, Content Credentials, what generators leave in it, and what
        all that proves. Files are looked at on this machine, and not kept.
      </p>
      <div
        class={over ? 'files over' : 'files'}
        onDragOver={(event) => (event.preventDefault(), setOver(true))}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => (event.preventDefault(), setOver(false), void take(event.dataTransfer?.files ?? null))}
      >
        <label>
          Drop files here, or choose them{' '}
          <input type="file" multiple onChange={(event) => void take(event.currentTarget.files)} />
        </label>
      </div>
      <ul class="cards" aria-live="polite" aria-label="What was found">
        {found.map(({ name, picture, answer }, i) => (
          <li class="card" key={found.length - i}>
            {picture && <img src={picture} alt="" />}
            <h2>{name}</h2>
            <p class={answer.error ? 'problem' : undefined}>{answer.sentence}</p>
            {facts(answer).length > 0 && (
              <details>
                <summary>What it says in its own words</summary>
                <dl>
                  {facts(answer).map(([name, value]) => (
                    <>
                      <dt>{name}</dt>
                      <dd>{value}</dd>
                    </>
                  ))}
                </dl>
              </details>
            )}
          </li>
        ))}
      </ul>
    </>
  )
}
