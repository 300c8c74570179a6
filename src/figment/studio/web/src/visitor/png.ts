// PNG files, written here: a canvas would lose the mark where a browser blurs what is read from canvases.
import type { Pixels } from './pixels'

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1
  return c
})

export function crc32(bytes: Uint8Array): number {
  let c = 0xffffffff
  for (const byte of bytes) c = TABLE[(c ^ byte) & 255]! ^ (c >>> 8)
  return (c ^ 0xffffffff) >>> 0
}

function chunk(kind: string, content: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(content.length + 12)
  const view = new DataView(whole.buffer)
  view.setUint32(0, content.length)
  whole.set(new TextEncoder().encode(kind), 4)
  whole.set(content, 8)
  view.setUint32(content.length + 8, crc32(whole.subarray(4, content.length + 8)))
  return whole
}

async function deflated(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream('deflate'))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}

/** A picture as a PNG file with an XMP packet (PNG's iTXt, uncompressed: legible for programs that only scan bytes). */
export async function png({ data, width, height, channels }: Pixels, packet: string): Promise<Blob> {
  const head = new Uint8Array(13)
  const view = new DataView(head.buffer)
  view.setUint32(0, width)
  view.setUint32(4, height)
  head.set([8, channels === 3 ? 2 : 0, 0, 0, 0], 8) // 8 bits, colour or grey
  const line = width * channels
  const rows = new Uint8Array((line + 1) * height) // each begins with its filter: 0, none
  for (let y = 0; y < height; y++) rows.set(data.subarray(y * line, (y + 1) * line), y * (line + 1) + 1)
  const text = new TextEncoder().encode(`XML:com.adobe.xmp\0\0\0\0\0${packet}`)
  const signature = new Uint8Array([137, 80, 78, 71, 13, 10, 26, 10])
  const parts = [chunk('IHDR', head), chunk('iTXt', text), chunk('IDAT', await deflated(rows)), chunk('IEND', new Uint8Array())]
  return new Blob([signature, ...parts], { type: 'image/png' })
}
