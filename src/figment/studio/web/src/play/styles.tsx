// Style mixing: another picture's code in the later stages, where the nets have stages.
import { useLayoutEffect, useState } from 'preact/hooks'
import { Choices, useCurrent } from './choices'
import type { Desk } from './desk'
import type { Item } from './player'
import { Slider } from './slider'
import { Thumb } from './thumb'

export function Styles({ desk }: { desk: Desk }) {
  if (desk.facts.stages) return <Mix desk={desk} />
  return (
    <>
      <h2>Styles</h2>
      <p>
        This run’s generator takes the code at its first layer alone, so that it has no stages of its own to give another code
        to. The nets that auto takes on a CPU (recipe dcgan-r1, modulated) have them.
      </p>
    </>
  )
}

function Mix({ desk }: { desk: Desk }) {
  const { stages, shape, seed } = desk.facts
  const [late, setLate] = useState<Item>({ point: { number: 1, seed }, label: null })
  const [stage, setStage] = useState(Math.ceil(stages / 2))
  const { point, moves, truncation, label, net } = desk.state
  const current = useCurrent(desk)
  useLayoutEffect(() => {
    desk.show({ codes: [point], moves, truncation, label, net, late: late.point, stage })
  }, [late, stage, point, moves, truncation, label, net])
  const side = (at: number) => Math.round(Math.max(...shape) / 2 ** (stages - at)) // pixels of a stage's maps
  const says = (at: number) =>
    at >= stages ? 'nothing: all is the first one’s' : at === 0 ? 'all stages, but not what lies where' : `from ${side(at)} pixels a side on`
  return (
    <>
      <h2>Styles</h2>
      <p class="quiet">
        The picture that you play with draws the early stages: pose, shape, what lies where. The other one’s code draws the later
        ones: colours, light, texture.
      </p>
      <div class="row pair">
        {current && <figure><Thumb desk={desk} item={current} name="The picture that you play with" /><figcaption>early</figcaption></figure>}
        <figure><Thumb desk={desk} item={late} name="The other picture" /><figcaption>late</figcaption></figure>
      </div>
      <Slider label="The other one draws" value={stage} min={0} max={stages} step={1} show={says} onChange={setStage} />
      <Choices desk={desk} chosen={late} onChoose={setLate} />
    </>
  )
}
