// onnxruntime-web on the visitor's own processor (WASM). One picture after the other: a session runs one thing at a time.
import type * as Ort from 'onnxruntime-web/wasm'
import type { Code } from './codes'
import { part, type Facts } from './facts'
import { unstacked, type Pixels } from './pixels'

const MAX_THREADS = 4
const BATCH_PIXELS = 16 * 64 * 64 // drawn at once: the page can't answer meanwhile

export class Engine {
  private last: Promise<unknown> = Promise.resolve()

  private constructor(
    private readonly ort: typeof Ort,
    private readonly session: Ort.InferenceSession,
    private readonly facts: Facts,
    readonly threads: number,
  ) {}

  /** Pictures that are drawn at once. */
  get batch(): number {
    return Math.max(1, Math.min(16, Math.floor(BATCH_PIXELS / (this.facts.height * this.facts.width))))
  }

  static async load(facts: Facts): Promise<Engine> {
    const [wasm, generator, ort] = await Promise.all([part(facts, 'wasm'), part(facts, 'generator'), runtime(facts)])
    const threads = crossOriginIsolated ? Math.min(MAX_THREADS, navigator.hardwareConcurrency || 1) : 1
    ort.env.wasm.numThreads = threads
    ort.env.wasm.wasmBinary = wasm
    ort.env.logLevel = 'error'
    const session = await ort.InferenceSession.create(new Uint8Array(generator), { executionProviders: ['wasm'], logSeverityLevel: 3 })
    return new Engine(ort, session, facts, threads)
  }

  /** Pictures of codes, and of their classes where there are some. */
  draw(codes: Code[], labels: number[]): Promise<Pixels[]> {
    const turn = this.last.then(() => this.run(codes, labels))
    this.last = turn.catch(() => {})
    return turn
  }

  private async run(codes: Code[], labels: number[]): Promise<Pixels[]> {
    const { Tensor } = this.ort
    const { size, channels, height, width, classes } = this.facts
    const flat = new Float32Array(codes.length * size)
    codes.forEach((code, i) => flat.set(code, i * size))
    const given: Record<string, Ort.Tensor> = {
      codes: new Tensor('float32', flat, [codes.length, size]),
      truncation: new Tensor('float32', new Float32Array([1]), []), // codes are drawn in before they are moved
    }
    if (classes.length) given.labels = new Tensor('int64', BigInt64Array.from(labels, BigInt), [codes.length])
    const found = await this.session.run(given, ['pictures'])
    return unstacked(found.pictures!.data as Uint8Array, codes.length, channels, height, width)
  }
}

async function runtime(facts: Facts): Promise<typeof Ort> {
  if (facts.files) {
    if (location.protocol === 'file:') await part(facts, 'runtime') // which says why not
    return import(/* @vite-ignore */ new URL(facts.files.runtime, location.href).href)
  }
  const script = new Blob([await part(facts, 'runtime')], { type: 'text/javascript' })
  return import(/* @vite-ignore */ URL.createObjectURL(script))
}
