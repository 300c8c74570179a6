// Arithmetic with pictures: A − B + C, each the mean of those that are put there.
import { useLayoutEffect, useState } from 'preact/hooks'
import { Choices } from './choices'
import type { Desk } from './desk'
import { MOST_IN_TERM, START, TERMS, type Terms } from './looks'
import type { Item } from './player'
import { Drop, Thumb } from './thumb'

type Term = (typeof TERMS)[number]
const SIGNS: Record<Term, string> = { A: '', B: '−', C: '+' }

export function Sum({ desk }: { desk: Desk }) {
  const { terms } = desk.state
  const setTerms = (all: Terms) => desk.change({ terms: all })
  const [chosen, setChosen] = useState<Item | null>(null)
  const isWhole = TERMS.every((term) => terms[term].length)
  useLayoutEffect(() => {
    const [a, b, c] = TERMS.map((term) => terms[term].map((it) => it.point)) as [Item['point'][], Item['point'][], Item['point'][]]
    desk.show(isWhole ? { codes: [{ a, b, c }], label: terms.A[0]!.label, net: desk.state.net } : null)
  }, [terms, desk.state.net])
  const put = (term: Term, item: Item) => setTerms({ ...terms, [term]: [...terms[term], item].slice(-MOST_IN_TERM) })
  const drop = (term: Term, at: number) => setTerms({ ...terms, [term]: terms[term].filter((_, i) => i !== at) })
  return (
    <>
      <div class="row spread">
        <h2>A − B + C</h2>
        <button type="button" onClick={() => setTerms(START.terms)}>
          Empty all
        </button>
      </div>
      <p class="quiet">
        Drag pictures into the three, or choose one below and put it there. Three in each are steadier than one: what they have
        in common counts, the rest cancels out.
      </p>
      <div class="terms">
        {TERMS.map((term) => (
          <Drop class="term" label={`Term ${term}`} key={term} onItem={(item) => put(term, item)}>
            <h3>
              {SIGNS[term]} {term}
            </h3>
            <div class="thumbs">
              {terms[term].map((item, i) => (
                <Thumb
                  key={JSON.stringify([i, item])} desk={desk} item={item} name={`Take picture ${i + 1} out of ${term}`}
                  onClick={() => drop(term, i)}
                />
              ))}
            </div>
            <button type="button" disabled={!chosen} onClick={() => chosen && put(term, chosen)}>
              Put in {term}
            </button>
          </Drop>
        ))}
      </div>
      <p role="status" class="quiet">
        {isWhole ? 'The sum is on the stage.' : 'The sum shows when each of the three has a picture.'}
      </p>
      <Choices desk={desk} chosen={chosen} onChoose={setChosen} />
    </>
  )
}
