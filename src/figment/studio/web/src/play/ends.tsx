// A direction's slider between two small pictures: what it makes, at either end, of the picture that is played with.
import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Desk } from './desk'

const REST = 300 // milliseconds that the picture has to stay the same before anything is drawn of it

interface Props {
  desk: Desk
  direction: string
  most: number // deviations, to either side
  children: ComponentChildren
}

export function Ends({ desk, direction, most, children }: Props) {
  const box = useRef<HTMLDivElement>(null)
  const [isSeen, setSeen] = useState(false)
  useEffect(() => {
    const observer = new IntersectionObserver((entries) => setSeen(entries.at(-1)!.isIntersecting))
    observer.observe(box.current!)
    return () => observer.disconnect()
  }, [])
  const end = (amount: number) => {
    const address = useEnd(desk, direction, amount, isSeen)
    return <span class="end">{address && <img src={address} alt={`${direction} ${amount > 0 ? '+' : '−'}${most}`} />}</span>
  }
  return (
    <div class="ends" ref={box}>
      {end(-most)}
      {children}
      {end(most)}
    </div>
  )
}

/** The address of a picture at the end of a direction, drawn once it is seen; the one before stays until then. */
function useEnd({ player, state }: Desk, direction: string, amount: number, isSeen: boolean): string | null {
  const [address, setAddress] = useState<string | null>(null)
  const drawn = useRef('')
  const { point, truncation, label, net } = state
  const look = { codes: [point], moves: { [direction]: amount }, truncation, label, net }
  const key = JSON.stringify(look)
  useEffect(() => {
    if (!isSeen || drawn.current === key) return
    let wanted = true
    const show = async () => {
      const found = await player.later(look, () => wanted).catch(() => null) // what is wrong is said of the stage
      if (!found || !wanted) return
      drawn.current = key
      setAddress(URL.createObjectURL(found.blob))
    }
    const timer = setTimeout(() => void show(), REST)
    return () => {
      wanted = false
      clearTimeout(timer)
    }
  }, [player, key, isSeen])
  useEffect(() => () => void (address && URL.revokeObjectURL(address)), [address])
  return address
}
