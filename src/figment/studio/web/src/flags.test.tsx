import { expect, test } from 'vitest'
import { hasFlags, withoutAdvice } from './flags'

test('advice is known by its options, and left out of names', () => {
  const said = 'it knows pictures by heart: AUC .65 (try augmentation, --set augment=full --set augment_p=0.3; or more pictures)'
  expect(hasFlags(said)).toBe(true)
  expect(withoutAdvice(said)).toBe('it knows pictures by heart: AUC .65')
  expect(hasFlags('a well-balanced game -- so far')).toBe(false)
})
