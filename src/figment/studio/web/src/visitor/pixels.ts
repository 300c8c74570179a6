// Pictures as numbers: row by row, channels together, 0 to 255.
export interface Pixels {
  data: Uint8Array
  width: number
  height: number
  channels: number
}

/** What the generator draws, (N, C, H, W), as pictures. */
export function unstacked(drawn: Uint8Array, count: number, channels: number, height: number, width: number): Pixels[] {
  const plane = height * width
  return Array.from({ length: count }, (_, n) => {
    const data = new Uint8Array(plane * channels)
    for (let c = 0; c < channels; c++) {
      const from = (n * channels + c) * plane
      for (let i = 0; i < plane; i++) data[i * channels + c] = drawn[from + i]!
    }
    return { data, width, height, channels }
  })
}

const GAP = 2 // pixels between two pictures of a sheet

/** Pictures side by side on one white sheet, as figment's sheets have them. */
export function sheet(pictures: Pixels[], columns: number): Pixels {
  const { width, height, channels } = pictures[0]!
  const rows = Math.ceil(pictures.length / columns)
  const wide = columns * (width + GAP) - GAP
  const high = rows * (height + GAP) - GAP
  const data = new Uint8Array(wide * high * 3).fill(255)
  pictures.forEach((picture, n) => {
    const top = Math.floor(n / columns) * (height + GAP)
    const left = (n % columns) * (width + GAP)
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        for (let c = 0; c < 3; c++) {
          data[((top + y) * wide + left + x) * 3 + c] = picture.data[(y * width + x) * channels + (channels === 3 ? c : 0)]!
        }
      }
    }
  })
  return { data, width: wide, height: high, channels: 3 }
}

/** On a canvas of the picture's own size. */
export function paint(canvas: HTMLCanvasElement, { data, width, height, channels }: Pixels): void {
  canvas.width = width
  canvas.height = height
  const pen = canvas.getContext('2d')!
  const image = pen.createImageData(width, height)
  for (let i = 0; i < width * height; i++) {
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = data[i * channels + (channels === 3 ? c : 0)]!
    image.data[4 * i + 3] = 255
  }
  pen.putImageData(image, 0, 0)
}
