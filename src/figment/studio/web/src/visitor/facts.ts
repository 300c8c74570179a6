// What the page brings along: facts of the generator as JSON, and three large parts, in the page or beside it.
import type { Prior } from './codes'

export interface Direction {
  name: string
  named: boolean
  vector: Float32Array
}

export interface Facts {
  name: string
  version: string
  size: number
  prior: Prior
  classes: string[]
  channels: number
  height: number
  width: number
  clips: boolean
  phases: number[]
  packet: string
  directions: Direction[]
  files: Record<'runtime' | 'wasm' | 'generator', string> | null
}

export function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64)
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i)
  return bytes
}

export function readFacts(): Facts {
  const facts = JSON.parse(document.getElementById('facts')!.textContent!)
  for (const one of facts.directions) one.vector = new Float32Array(bytesOf(one.vector).buffer)
  return facts
}

const NO_FILES =
  'Opened from a disk this folder cannot be read by a browser: put it on a web server, or export one file: figment export RUN --page FILE.html.'

/** A part's bytes: out of the page, where it is base64 of gzip, or from the file beside it. */
export async function part(facts: Facts, name: 'runtime' | 'wasm' | 'generator'): Promise<ArrayBuffer> {
  if (!facts.files) {
    const element = document.getElementById(name)!
    const packed = bytesOf(element.textContent!)
    element.remove() // its text would stay in memory
    return new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'))).arrayBuffer()
  }
  if (location.protocol === 'file:') throw new Error(NO_FILES)
  const answer = await fetch(facts.files[name])
  if (!answer.ok) throw new Error(`${facts.files[name]} is missing beside this page (${answer.status}): put the whole folder there.`)
  return answer.arrayBuffer()
}
