// Find this face: a picture of one's own, and the code whose picture comes nearest, shown as it is looked for.
import { useEffect, useRef, useState } from 'preact/hooks'
import { blob } from '../api'
import type { Desk } from './desk'
import type { Drawn, Item } from './player'
import { save } from './save'

const MAX_MB = 32

interface Answer {
  item: Item
  said: string
  sheet: Blob
}

export function Find({ desk }: { desk: Desk }) {
  const [given, setGiven] = useState<{ file: Blob; address: string } | null>(null)
  const [shown, setShown] = useState<string | null>(null)
  const [step, setStep] = useState<{ step: number; steps: number; rms?: number } | null>(null)
  const [answer, setAnswer] = useState<Answer | null>(null)
  const [problem, setProblem] = useState<string | null>(null)
  const [over, setOver] = useState(false)
  const busy = step !== null && !answer && !problem
  const live = useRef(true)
  const passing = useRef<string | null>(null) // the address of the picture on the way
  useEffect(() => {
    live.current = true
    desk.player.onSearch = (drawn, error) => live.current && (drawn ? told(drawn) : setProblem(error))
    return () => {
      live.current = false
      desk.player.cancel()
    }
  }, [desk.player])

  function told(drawn: Drawn) {
    if (drawn.kind === 'descent') {
      setStep({ step: drawn.step as number, steps: drawn.steps as number, rms: drawn.rms as number })
      if (!drawn.blob.size) return
      const before = passing.current
      setShown((passing.current = URL.createObjectURL(drawn.blob)))
      if (before) URL.revokeObjectURL(before)
      return
    }
    const found = drawn as Drawn & { code: number[]; label: string | null; rms: number; nearest: number; draws: number }
    const said = `Rebuilt to within ${found.rms} levels of 255; the nearest of ${found.draws} samples lies ${found.nearest} off.`
    const item: Item = { point: { values: found.code }, label: found.label }
    setAnswer({ item, said, sheet: drawn.blob })
    desk.player.thumb(item, 'result').then(setShown, () => {})
  }

  async function take(file: File | undefined) {
    if (!file) return
    stop()
    setGiven(null)
    if (file.size > MAX_MB * 1e6) return setProblem(`${file.name} has more than ${MAX_MB} MB: choose a smaller copy.`)
    try {
      const fitted = await blob(`/api/play/${desk.id}/fit`, file)
      setGiven({ file: fitted, address: URL.createObjectURL(fitted) })
    } catch (why) {
      setProblem((why as Error).message)
    }
  }

  function stop() {
    desk.player.cancel()
    for (const forget of [setStep, setAnswer, setProblem, setShown]) forget(null)
  }

  async function start() {
    stop()
    setStep({ step: 0, steps: 1 })
    desk.player.search(await inBase64(given!.file))
  }

  return (
    <>
      <h2>Find a picture</h2>
      <p class="quiet">
        Choose a photograph: figment looks for the code whose picture comes nearest. It is decoded on this machine, cut as the
        run’s pictures are, and not kept.
      </p>
      <div
        class={over ? 'drop over' : 'drop'}
        onDragOver={(event) => event.dataTransfer?.types.includes('Files') && (event.preventDefault(), setOver(true))}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => (event.preventDefault(), setOver(false), void take(event.dataTransfer?.files[0]))}
      >
        <label>
          Drop a picture here, or choose one{' '}
          <input type="file" accept="image/*" onChange={(event) => void take(event.currentTarget.files?.[0])} />
        </label>
      </div>
      {problem && <p class="problem" role="alert">{problem}</p>}
      {given && (
        <>
          <div class="row pair">
            <figure><img class="thumb" src={given.address} alt="Your picture, as the generator’s are" /><figcaption>yours</figcaption></figure>
            <figure>
              {shown ? <img class="thumb" src={shown} alt="What the generator makes of it" /> : <span class="thumb" />}
              <figcaption>the generator’s</figcaption>
            </figure>
          </div>
          <div class="row">
            {busy ? (
              <button type="button" onClick={stop}>Stop</button>
            ) : (
              <button type="button" class="main" onClick={() => void start()}>Look for it</button>
            )}
            {answer && (
              <>
                <button type="button" onClick={() => desk.take(answer.item)}>Play with it</button>
                <button type="button" onClick={() => save(answer.sheet, `${desk.facts.name}-found.png`)}>
                  Download side by side
                </button>
              </>
            )}
          </div>
          {busy && (
            <label>
              {step.step ? `Step ${step.step} of ${step.steps}${step.rms ? `, ${step.rms} levels of 255 off` : ''}` : 'Looking through samples …'}
              <progress max={step.steps} value={step.step || undefined} />
            </label>
          )}
          <p role="status" class="quiet">{answer && `${answer.said} The sheet of both is marked as a composite.`}</p>
        </>
      )}
    </>
  )
}

async function inBase64(file: Blob): Promise<string> {
  let text = ''
  for (const byte of new Uint8Array(await file.arrayBuffer())) text += String.fromCharCode(byte)
  return btoa(text)
}
