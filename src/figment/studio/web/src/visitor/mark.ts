// The invisible mark, put in: media/watermark.py's `marked`, whose phases the page brings along.
import type { Pixels } from './pixels'

const BLOCK = 8
const PERIOD = 8 // blocks
const FREQUENCIES = [[0, 1], [1, 0], [1, 1], [0, 2], [2, 0]] as const
const STEP = 28
const LEAST = 0.25
const WHOLE = 12
export const MIN_SIDE = 64 // a smaller picture hasn't the places for it
const FLAT = 1e-9 // deviation below which a block is of one colour: sums of equal numbers may be off in the last digit

const oneWay = (k: number, x: number): number =>
  Math.sqrt((k ? 2 : 1) / BLOCK) * Math.cos((Math.PI * (2 * x + 1) * k) / (2 * BLOCK))

/** The frequencies' waves in a block, each of length 1. */
const WAVES = FREQUENCIES.map(([down, across]) =>
  Float64Array.from({ length: BLOCK * BLOCK }, (_, i) => oneWay(down, Math.floor(i / BLOCK)) * oneWay(across, i % BLOCK)),
)

/** To the nearest whole number, halves to the even one. */
function rounded(value: number): number {
  const whole = Math.round(value)
  return whole - value === 0.5 && whole % 2 ? whole - 1 : whole
}

const modulo = (value: number, by: number): number => value - by * Math.floor(value / by)

/** A picture with the mark in it; phases: of the run, (PERIOD, PERIOD, frequencies), radians. Smaller ones stay as they are. */
export function marked({ data, width, height, channels }: Pixels, phases: readonly number[]): Pixels {
  if (Math.min(width, height) < MIN_SIDE) return { data, width, height, channels }
  const out = data.slice()
  const luma = new Float64Array(BLOCK * BLOCK)
  for (let row = 0; row < Math.floor(height / BLOCK); row++) {
    for (let column = 0; column < Math.floor(width / BLOCK); column++) {
      const place = (i: number) => ((row * BLOCK + Math.floor(i / BLOCK)) * width + column * BLOCK + (i % BLOCK)) * channels
      for (let i = 0; i < luma.length; i++) {
        const at = place(i)
        luma[i] = channels === 3 ? 0.299 * data[at]! + 0.587 * data[at + 1]! + 0.114 * data[at + 2]! : data[at]!
      }
      const mean = luma.reduce((sum, it) => sum + it, 0) / luma.length
      const deviation = Math.sqrt(luma.reduce((sum, it) => sum + (it - mean) ** 2, 0) / luma.length)
      if (deviation < FLAT) continue
      const share = Math.min(1, Math.max(LEAST, LEAST + ((1 - LEAST) * deviation) / WHOLE))
      const change = new Float64Array(luma.length)
      WAVES.forEach((wave, k) => {
        const found = luma.reduce((sum, it, i) => sum + it * wave[i]!, 0)
        const phase = phases[((row % PERIOD) * PERIOD + (column % PERIOD)) * FREQUENCIES.length + k]!
        const lacking = modulo((phase * STEP) / (2 * Math.PI) - found + STEP / 2, STEP) - STEP / 2
        wave.forEach((it, i) => (change[i]! += share * lacking * it))
      })
      for (let i = 0; i < luma.length; i++) {
        for (let c = 0; c < channels; c++) {
          out[place(i) + c] = Math.min(255, Math.max(0, rounded(data[place(i) + c]! + change[i]!)))
        }
      }
    }
  }
  return { data: out, width, height, channels }
}
