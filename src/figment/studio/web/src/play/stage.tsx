// The stage: the picture as it is drawn, or it among fifteen neighbours, each a button.
import type { ComponentChildren } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'
import type { Drawn } from './player'

interface Props {
  words: string
  shape: [number, number]
  smooth: boolean
  many: boolean
  /** Is given what shows a picture, which is changed in place: no frame waits for the page. */
  onReady: (show: (drawn: Drawn) => void) => void
  onNeighbour: (place: number) => void
  /** What lies above the picture. */
  children?: ComponentChildren
}

const SIDE = 4

export function Stage({ words, shape, smooth, many, onReady, onNeighbour, children }: Props) {
  const picture = useRef<HTMLImageElement>(null)
  const kept = useRef<string[]>([])
  useLayoutEffect(() => {
    // before the first picture can come: one that nobody takes would be missed
    onReady((drawn) => {
      const address = URL.createObjectURL(drawn.blob)
      kept.current.push(address)
      picture.current!.src = address
    })
    return () => kept.current.forEach(URL.revokeObjectURL)
  }, [])
  /** What was shown before can go once the next one is there. */
  const loaded = () => {
    const at = kept.current.indexOf(picture.current!.src)
    kept.current.splice(0, at).forEach(URL.revokeObjectURL)
  }
  return (
    <div class="stage" style={{ aspectRatio: `${shape[1]} / ${shape[0]}` }}>
      <img ref={picture} alt={words} decoding="sync" class={smooth ? undefined : 'pixels'} onLoad={loaded} data-stage />
      {children}
      {many && (
        <div class="neighbours" role="group" aria-label="The picture and its neighbours">
          {Array.from({ length: SIDE * SIDE }, (_, i) => (
            <button
              key={i} type="button" aria-label={i ? `Play with neighbour ${i}` : 'The picture itself'}
              onClick={() => onNeighbour(i)}
            />
          ))}
        </div>
      )}
    </div>
  )
}
