// The websocket of Play: pictures are asked for by slot; of one slot only the newest matters.
import { UNREACHED, socketAddress } from '../api'
import type { Item, Look, Numbered } from './looks'

export type { Item }

/** A picture, or several in one file, and what the server tells of them. */
export interface Drawn {
  kind: string
  seq: number
  slot?: string
  count: number
  columns: number
  media: string
  codes?: number[][]
  labels?: string[] | null
  blob: Blob
  [more: string]: unknown
}

type Told = (drawn: Drawn | null, error: string | null) => void

const FIRST_WAIT = 500 // milliseconds before a lost connection is made anew; doubled each time
const LONGEST_WAIT = 8000
const KEPT_THUMBS = 300

/** A binary message: 32 bits of length, little-endian, the facts as JSON, a file. */
export function unframed(message: ArrayBuffer): Drawn {
  const length = new DataView(message).getUint32(0, true)
  const facts = JSON.parse(new TextDecoder().decode(new Uint8Array(message, 4, length)))
  return { ...facts, blob: new Blob([new Uint8Array(message, 4 + length)], { type: facts.media }) }
}

export class Player {
  onMain: Told = () => {}
  onClip: Told = () => {}
  onSearch: Told = () => {}
  onOpen: () => void = () => {}
  private socket: WebSocket | null = null
  private asked = new Map<string, { seq: number; told: Told }>()
  private thumbs = new Map<string, Promise<string>>()
  private clip: unknown = null // the request of what moves on the stage, which a new connection makes again
  private backlog: string[] = [] // what was asked for before the connection stood
  private behind: Promise<unknown> = Promise.resolve() // the last of the pictures that nobody waits for
  private seq = 0
  private wait = FIRST_WAIT
  private ended = false

  constructor(private readonly id: string) {
    this.connect()
  }

  end(): void {
    this.ended = true
    this.socket?.close()
    for (const thumb of this.thumbs.values()) void thumb.then(URL.revokeObjectURL, () => {})
  }

  /** Show a look on the stage: onMain is told. */
  show(look: Look): void {
    this.send({ do: 'draw', seq: ++this.seq, slot: 'main', form: look.codes.length > 1 ? 'jpeg' : 'webp', ...look })
  }

  /** Have a look's clip along a path: onClip is told. null: no clip is wanted. */
  move(look: Look | null, motion: Numbered): void {
    this.clip = look && { do: 'draw', seq: ++this.seq, slot: 'clip', form: 'jpeg', motion, ...look }
    if (this.clip) this.send(this.clip)
  }

  /** A picture beside the stage, with its code as it is drawn. */
  picture(look: Look): Promise<Drawn> {
    const seq = ++this.seq
    return new Promise((resolve, reject) => {
      const told: Told = (drawn, error) => (drawn ? resolve(drawn) : reject(new Error(error ?? UNREACHED)))
      this.asked.set(`beside ${seq}`, { seq, told })
      this.send({ do: 'draw', seq, slot: `beside ${seq}`, numbers: true, ...look }, true)
    })
  }

  /** The address of an item's picture. */
  thumb(item: Item, net: string): Promise<string> {
    const key = JSON.stringify([item, net])
    let found = this.thumbs.get(key)
    if (!found) {
      found = this.picture({ codes: [item.point], label: item.label, net }).then(({ blob }) => URL.createObjectURL(blob))
      found.catch(() => this.thumbs.delete(key))
      this.thumbs.set(key, found)
      const [oldest] = this.thumbs.keys()
      if (this.thumbs.size > KEPT_THUMBS && oldest !== undefined) this.thumbs.delete(oldest)
    }
    return found
  }

  /** A picture that nobody waits for: one after the other, so that those on the stage come between them; null where it is no longer
   * wanted when its turn comes. */
  later(look: Look, isWanted: () => boolean): Promise<Drawn | null> {
    const turn = this.behind.then(() => (isWanted() && !this.ended ? this.picture(look) : null))
    this.behind = turn.catch(() => null)
    return turn
  }

  search(picture: string): void {
    this.send({ do: 'project', seq: ++this.seq, picture })
  }

  cancel(): void {
    this.send({ do: 'cancel', seq: ++this.seq })
  }

  private send(message: unknown, canWait = false): void {
    const text = JSON.stringify(message)
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(text)
    else if (canWait) this.backlog.push(text)
  }

  private connect(): void {
    const socket = new WebSocket(socketAddress(`/api/play/${this.id}`))
    socket.binaryType = 'arraybuffer'
    this.socket = socket
    socket.onopen = () => {
      this.wait = FIRST_WAIT
      this.onOpen()
      if (this.clip) this.send(this.clip)
      for (const text of this.backlog.splice(0)) socket.send(text)
    }
    socket.onmessage = ({ data }) => this.take(data)
    socket.onclose = () => {
      for (const { told } of this.asked.values()) told(null, UNREACHED)
      this.asked.clear()
      this.backlog = []
      if (this.ended) return
      if (this.wait > FIRST_WAIT) this.onMain(null, UNREACHED)
      setTimeout(() => this.ended || this.connect(), this.wait)
      this.wait = Math.min(2 * this.wait, LONGEST_WAIT)
    }
  }

  private take(data: ArrayBuffer | string): void {
    const drawn = typeof data === 'string' ? null : unframed(data)
    const { slot, error } = drawn ? { slot: drawn.slot, error: null } : JSON.parse(data as string)
    if (drawn?.kind === 'descent' || drawn?.kind === 'found' || slot === 'project') return this.onSearch(drawn, error)
    if (slot === 'clip') return this.onClip(drawn, error)
    const waiting = this.asked.get(slot)
    if (!waiting) return this.onMain(drawn, error)
    this.asked.delete(slot)
    waiting.told(drawn, error)
  }
}
