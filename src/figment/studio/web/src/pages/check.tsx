// Check: a picture, film or page is dropped, and the page tells what marks it bears.
import { useState } from 'preact/hooks'
import { post } from '../api'
import './check.css'

interface Answer {
  said: string | null
  problem: string | null
  advice: string[]
}

interface Checked {
  name: string
  picture: string | null
  answer: Answer
}

async function check(file: File): Promise<Checked> {
  const answer = await post<Answer>(`/api/check?name=${encodeURIComponent(file.name)}`, file).catch(
    (why: Error): Answer => ({ said: null, problem: why.message, advice: [] }),
  )
  return { name: file.name, picture: file.type.startsWith('image/') ? URL.createObjectURL(file) : null, answer }
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
        What a picture, film or page says of where it comes from: the mark that figment writes into all it makes, and that other
        programs write, too. Files are looked at on this machine, and not kept.
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
            {answer.problem ? <p class="problem">{answer.problem}</p> : <p>{answer.said}</p>}
            {answer.advice.map((line) => (
              <p class="quiet" key={line}>
                {line}
              </p>
            ))}
          </li>
        ))}
      </ul>
    </>
  )
}
