import { expect, test } from 'vitest'
import { lackingIn } from './hub'

test('a whole name of the hub lacks nothing', () => {
  for (const name of ['', 'hf:', 'hf:uoft-cs/cifar10', ' hf:a/b ', 'hf:a/b@refs/pr/1', 'hf:a/b:plain_text:train', 'hf:a/b:train#5000'])
    expect(lackingIn(name), name).toBeNull()
})

test('of one that is half typed it is said what is missing', () => {
  const said = {
    h: 'begins with hf:', 'uoft-cs/cifar10': 'has to begin with hf:', 'hf:uoft-cs': 'own name is missing: a slash', 'hf:/cifar10': 'owner is missing',
    'hf:uoft-cs/': 'own name is missing, after the slash', 'hf:a b/c': 'space', 'hf:a/b@': 'revision', 'hf:a/b:': 'split', 'hf:a/b#': 'how many',
    'hf:../x': 'no such names', 'hf:a/b/c': 'no such names',
  }
  for (const [name, words] of Object.entries(said)) expect(lackingIn(name), name).toContain(words)
})
