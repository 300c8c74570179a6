import { expect, test } from 'vitest'
import { tileAt } from './sheet'

test('a picture is found on its sheet, and on one that was reduced', () => {
  expect(tileAt({ width: 526, height: 526 }, [8, 8], [64, 64], 0)).toEqual([0, 0, 64, 64])
  expect(tileAt({ width: 526, height: 526 }, [8, 8], [64, 64], 10)).toEqual([132, 66, 64, 64])
  expect(tileAt({ width: 519, height: 519 }, [8, 8], [128, 128], 9)).toEqual([65, 65, 64, 64].map((it) => expect.closeTo(it, 6)))
})
