import { expect, test } from 'vitest'
import { unframed } from './player'

test('a message has facts and a file', async () => {
  const facts = new TextEncoder().encode('{"kind":"picture","seq":3,"media":"image/webp"}')
  const message = new Uint8Array(4 + facts.length + 2)
  new DataView(message.buffer).setUint32(0, facts.length, true)
  message.set(facts, 4)
  message.set([8, 9], 4 + facts.length)
  const drawn = unframed(message.buffer)
  expect(drawn.seq).toBe(3)
  expect(drawn.blob.type).toBe('image/webp')
  expect([...new Uint8Array(await drawn.blob.arrayBuffer())]).toEqual([8, 9])
})
