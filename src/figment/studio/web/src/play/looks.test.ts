import { expect, test } from 'vitest'
import { fromQuery, inWords, lookOf, NEIGHBOURS, packed, START, toQuery, unpacked, type State } from './looks'

const SEED = 7
const START_HERE: State = { ...START, point: { number: 0, seed: SEED } }
const read = (text: string) => fromQuery(new URLSearchParams(text), SEED)

test('an address keeps all of a state', () => {
  const state: State = {
    point: { number: 12, seed: 3 }, moves: { smile: 1.5, 'a:b=c&d': -2 }, truncation: 0.7, label: 'cats & dogs', net: '640', motion: 0, many: true,
    spread: 0.6, smooth: false, panel: 'pad', terms: START.terms,
    between: { corners: [0, 1, 2, 3].map((number) => ({ point: { number, seed: SEED }, label: null })), x: 0.25, y: 1 },
  }
  expect(read(toQuery(state, SEED))).toEqual(state)
  const terms = {
    A: [{ point: { number: 4, seed: 3 }, label: 'a:b' }], B: [{ point: { values: [0.5, -1] }, label: null }],
    C: [{ point: { number: 5, seed: SEED }, label: null }, { point: { number: 6, seed: SEED }, label: null }],
  }
  const summed: State = { ...state, panel: 'sum', terms, between: null }
  expect(read(toQuery(summed, SEED))).toEqual(summed)
  expect(toQuery(START_HERE, SEED)).toBe('code=0')
  expect(read('')).toEqual(START_HERE)
})

test('a code’s own numbers come back but for rounding', () => {
  const values = [0.123456, -3.2, 0, 7.99]
  const back = unpacked(packed(values))!
  values.forEach((value, i) => expect(back[i]).toBeCloseTo(value, 3))
  expect(read(toQuery({ ...START_HERE, point: { values } }, SEED)).point).toEqual({ values: back })
})

test('nonsense in an address is passed over', () => {
  for (const text of ['code=-1', 'code=x', 'z=%20', 'z=A', 'truncation=NaN', 'truncation=9', 'net=../x', 'move=smile', 'spread=-1', 'seed=1e99', 'A=x', 'B=1.', 'corner=1', 'at=2,x'])
    expect(read(text)).toEqual(START_HERE)
})

test('neighbours stand beside the picture', () => {
  expect(lookOf(START_HERE).codes).toEqual([{ number: 0, seed: SEED }])
  expect(lookOf({ ...START_HERE, many: true }).codes).toHaveLength(NEIGHBOURS + 1)
})

test('a picture is told in words', () => {
  expect(inWords({ ...START_HERE, moves: { smile: 1.5, hair: 0 } })).toBe('Generated picture: sample 0 of seed 7, smile +1.5')
})
