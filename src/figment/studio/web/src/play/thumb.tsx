// A small picture that can be chosen by mouse or key, and dragged to where pictures are put.
import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { Desk } from './desk'
import type { Item } from './player'

const KIND = 'application/x-figment-item'

export function useThumb(desk: Desk, item: Item | null): string | null {
  const [address, setAddress] = useState<string | null>(null)
  const key = item && JSON.stringify(item)
  useEffect(() => {
    let wanted = true
    if (item) desk.player.thumb(item, desk.state.net).then((found) => wanted && setAddress(found), () => {})
    else setAddress(null)
    return () => void (wanted = false)
  }, [key, desk.state.net, desk.player])
  return address
}

interface ThumbProps {
  desk: Desk
  item: Item
  name: string
  pressed?: boolean
  onClick?: () => void
}

export function Thumb({ desk, item, name, pressed, onClick }: ThumbProps) {
  const address = useThumb(desk, item)
  const drag = (event: DragEvent) => event.dataTransfer?.setData(KIND, JSON.stringify(item))
  const picture = address ? <img src={address} alt={onClick ? '' : name} draggable={!onClick} onDragStart={drag} /> : null
  if (!onClick) return <span class="thumb">{picture}</span>
  return (
    <button type="button" class="thumb" aria-label={name} title={name} aria-pressed={pressed} onClick={onClick} draggable onDragStart={drag}>
      {picture}
    </button>
  )
}

interface DropProps {
  class: string
  label: string
  onItem: (item: Item) => void
  children: ComponentChildren
}

/** A place that pictures are dragged to. */
export function Drop({ class: name, label, onItem, children }: DropProps) {
  const [over, setOver] = useState(false)
  return (
    <div
      class={over ? `${name} over` : name}
      role="group"
      aria-label={label}
      onDragOver={(event) => event.dataTransfer?.types.includes(KIND) && (event.preventDefault(), setOver(true))}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        const text = event.dataTransfer?.getData(KIND)
        setOver(false)
        if (!text) return
        event.preventDefault()
        onItem(JSON.parse(text))
      }}
    >
      {children}
    </div>
  )
}
