// The line to the server's thread that plays.
import { socketAddress } from '../api'
import { read, type Shown } from './message'

const AGAIN = 1500 // milliseconds, until a lost line is tried anew
const CROWDED = 1013 // the server's reason to close, which it has told in a sentence

export interface Heard {
  open: () => void
  truth: (points: Int16Array[]) => void
  shown: (shown: Shown, frames: number) => void // frames: that came since the last that was shown
  refused: (sentence: string) => void
  lost: () => void
}

/** Draws no oftener than the screen does, and says how many frames it has done with: more are sent only then. */
export class Table {
  private socket: WebSocket | null = null
  private latest: Shown | null = null
  private came = 0
  private isOver = false

  constructor(private heard: Heard) {
    this.connect()
  }

  say(what: 'start' | 'play' | 'pause' | 'step' | 'pace' | 'seen', more: object = {}): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify({ do: what, ...more }))
  }

  leave(): void {
    this.isOver = true
    this.socket?.close()
  }

  private connect(): void {
    if (this.isOver) return
    const socket = (this.socket = new WebSocket(socketAddress('/api/game')))
    socket.binaryType = 'arraybuffer'
    socket.onopen = () => this.heard.open()
    socket.onmessage = ({ data }) => (typeof data === 'string' ? this.take(JSON.parse(data)) : this.keep(data))
    socket.onclose = ({ code }) => {
      if (this.isOver) return
      this.came = 0
      if (code !== CROWDED) this.heard.lost()
      setTimeout(() => this.connect(), AGAIN)
    }
  }

  private take(told: { error?: string; true?: number[][] }): void {
    if (told.error) this.heard.refused(told.error)
    if (told.true) this.heard.truth(told.true.map((it) => Int16Array.from(it)))
  }

  private keep(message: ArrayBuffer): void {
    this.latest = read(message)
    if (this.came++ === 0) requestAnimationFrame(() => this.draw())
  }

  private draw(): void {
    const frames = this.came
    this.came = 0
    if (this.latest && !this.isOver) this.heard.shown(this.latest, frames)
    for (let i = 0; i < frames; i++) this.say('seen')
  }
}
