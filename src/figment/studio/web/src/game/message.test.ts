import { expect, test } from 'vitest'
import { FIELD_SIDE, read, SHOWN } from './message'

/** A message of games without modes and mesh, or with. */
function packed(games: { mesh: number; covered: number }[]): ArrayBuffer {
  const sizes = games.map(({ mesh }) => 32 + 4 + 6 * SHOWN + 4 * mesh * mesh + FIELD_SIDE ** 2)
  const message = new ArrayBuffer(4 + sizes.reduce((a, b) => a + b, 0))
  const view = new DataView(message)
  view.setUint16(0, games.length, true)
  view.setUint16(2, 7, true)
  let at = 4
  for (const [i, { mesh, covered }] of games.entries()) {
    view.setUint32(at, 1000 + i, true)
    view.setFloat32(at + 8, 0.5, true)
    view.setUint8(at + 24, covered)
    view.setUint8(at + 25, covered === 255 ? 255 : 8)
    view.setUint8(at + 26, 3)
    view.setUint16(at + 28, mesh, true)
    view.setUint16(at + 30, mesh, true)
    view.setInt8(at + 36, -127)
    view.setInt16(at + 36 + 2 * SHOWN, -8192, true)
    at += sizes[i]!
    view.setUint8(at - 1, 200)
  }
  return message
}

test('every game is read from where it stands', () => {
  const { turns, games } = read(packed([{ mesh: 21, covered: 5 }, { mesh: 0, covered: 255 }]))
  expect(turns).toBe(7)
  expect(games.map((it) => [it.stepsG, it.lossG, it.covered, it.modes, it.rows, it.mesh.length])).toEqual([
    [1000, 0.5, 5, 8, 21, 882],
    [1001, 0.5, null, null, 0, 0],
  ])
  for (const it of games) {
    expect([it.hasCollapsed, it.isFinite, it.pushes[0], it.points[0], it.field.at(-1)]).toEqual([true, true, -127, -8192, 200])
  }
})
