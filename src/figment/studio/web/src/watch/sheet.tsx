// A sheet of samples on a canvas: of one moment, or an early and a late one with a divider between them.
import { useEffect, useMemo, useRef } from 'preact/hooks'

export interface SheetProps {
  late: ImageBitmap | undefined
  early?: ImageBitmap | undefined
  divide: number | null // the share of the width that shows the early one; null where only one is shown
  onDivide: (share: number) => void
  grid: readonly [number, number] // rows and columns
  chosen: number | null
  onChoose: (tile: number) => void
  label: string
}

export function Sheet({ late, early, divide, onDivide, grid, chosen, onChoose, label }: SheetProps) {
  const canvas = useRef<HTMLCanvasElement>(null)
  useEffect(() => {
    if (late && canvas.current) draw(canvas.current, late, divide === null ? undefined : early, divide ?? 0)
  }, [late, early, divide])
  const tiles = useMemo(() => <Tiles grid={grid} chosen={chosen} onChoose={onChoose} />, [grid, chosen, onChoose])
  return (
    <div class="sheet">
      <canvas ref={canvas} role="img" aria-label={label} width={late ? undefined : 526} height={late ? undefined : 526} />
      {tiles}
      {divide !== null && (
        <input
          type="range"
          class="divide"
          min={0}
          max={1}
          step={0.01}
          value={divide}
          aria-label="Divider between early and late"
          aria-valuetext={`${Math.round(100 * divide)} % early`}
          onInput={(event) => onDivide(+event.currentTarget.value)}
        />
      )}
    </div>
  )
}

function draw(canvas: HTMLCanvasElement, late: ImageBitmap, early: ImageBitmap | undefined, share: number): void {
  if (canvas.width !== late.width || canvas.height !== late.height) {
    canvas.width = late.width
    canvas.height = late.height
  }
  const pen = canvas.getContext('2d')!
  pen.drawImage(late, 0, 0)
  if (!early) return
  const cut = Math.round(share * early.width)
  if (cut > 0) pen.drawImage(early, 0, 0, cut, early.height, 0, 0, Math.round(share * late.width), late.height)
}

/** A button over each picture of the sheet: one stop of the tab key, arrows go on from there. */
function Tiles({ grid: [rows, columns], chosen, onChoose }: Pick<SheetProps, 'grid' | 'chosen' | 'onChoose'>) {
  const room = useRef<HTMLDivElement>(null)
  const count = rows * columns
  const last = useRef(0) // the one that was looked at before
  last.current = chosen ?? last.current
  const current = Math.min(last.current, count - 1)
  const moved = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }[event.key]
    const at = [...room.current!.children].indexOf(document.activeElement!)
    const to = at + (step ?? 0)
    if (!step || at < 0 || to < 0 || to >= count) return
    event.preventDefault()
    ;(room.current!.children[to] as HTMLElement).focus()
  }
  if (count < 2) return null
  return (
    <div class="tiles" role="group" aria-label="Pictures of the sheet" ref={room} onKeyDown={moved} style={{ gridTemplateColumns: `repeat(${columns}, 1fr)`, gridTemplateRows: `repeat(${rows}, 1fr)` }}>
      {Array.from({ length: count }, (_, i) => (
        <button key={i} type="button" tabIndex={i === current ? 0 : -1} aria-pressed={chosen === i} aria-label={`Picture ${i}: look closer`} onClick={() => onChoose(i)} />
      ))}
    </div>
  )
}

/** Where a picture lies on a sheet: left, top, width and height, in its pixels. gap: between two pictures, as shares of one. */
export function tileAt(sheet: { width: number; height: number }, [rows, columns]: readonly [number, number], [height, width]: readonly [number, number], tile: number): [number, number, number, number] {
  const scale = sheet.width / (columns * (width + 2) - 2)
  const down = sheet.height / (rows * (height + 2) - 2)
  const [row, column] = [Math.floor(tile / columns), tile % columns]
  return [column * (width + 2) * scale, row * (height + 2) * down, width * scale, height * down]
}
