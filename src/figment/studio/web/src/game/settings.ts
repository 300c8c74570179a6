// What a game is played with: the server's settings, what they are called here, and a game's name by them.

export type Value = number | string | number[][]
export type Settings = Record<string, Value>

export interface Field {
  default: Value
  description: string
  type?: string
  enum?: string[]
  minimum?: number
  maximum?: number
  exclusiveMinimum?: number
  exclusiveMaximum?: number
}

export interface Lesson {
  title: string
  sentences: string
  question: string
  games: { title: string; settings: Settings }[]
}

export interface Offer {
  points: Record<string, string>
  settings: Record<string, Field>
  lessons: Record<string, Lesson>
}

/** Settings that both games share, and that have controls of their own. */
export const SHARED = ['points', 'drawn', 'seed']

export const LABELS: Record<string, string> = {
  objective: 'Objective', r1: 'R1’s γ', r2: 'R2’s γ', gradient_penalty: 'Wasserstein penalty’s λ', code_size: 'Numbers of a code',
  generator_width: 'G’s units a layer', generator_depth: 'G’s layers', discriminator_width: 'D’s units a layer',
  discriminator_depth: 'D’s layers', batch: 'Points a step', lr_generator: 'G’s learning rate', lr_discriminator: 'D’s learning rate',
  beta1: 'Adam’s β₁', beta2: 'Adam’s β₂', discriminator_steps: 'D’s steps a turn', generator_steps: 'G’s steps a turn',
}

export const OBJECTIVES: Record<string, string> = {
  relativistic: 'relativistic', bce: 'BCE', ml: 'maximum likelihood', mse: 'least squares', hinge: 'hinge', wgan: 'Wasserstein',
}

/** The settings as they are where nothing is chosen. */
export const defaults = (offer: Offer): Settings =>
  Object.fromEntries(Object.entries(offer.settings).map(([name, field]) => [name, field.default]))

/** What a number may be, for a field that takes one. */
export function limits(field: Field): { min: number | undefined; max: number | undefined; step: number | 'any' } {
  return { min: field.minimum ?? field.exclusiveMinimum, max: field.maximum ?? field.exclusiveMaximum, step: field.type === 'integer' ? 1 : 'any' }
}

/** Such as "BCE, R1 + R2, 10 steps of G": objective, penalties, and what is unlike the defaults in how the two take turns. */
export function nameOf(settings: Settings): string {
  const penalties = [['r1', 'R1'], ['r2', 'R2'], ['gradient_penalty', 'penalty']].filter(([name]) => settings[name!]).map(([, word]) => word)
  const turns = (['generator', 'discriminator'] as const)
    .filter((who) => settings[`${who}_steps`] !== 1)
    .map((who) => `${settings[`${who}_steps`]} steps of ${who === 'generator' ? 'G' : 'D'}`)
  return [OBJECTIVES[String(settings.objective)] ?? String(settings.objective), penalties.join(' + ') || 'no penalty', ...turns].join(', ')
}
