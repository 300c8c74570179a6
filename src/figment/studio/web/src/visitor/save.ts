// Downloads, with both marks.
import { save } from '../play/save'
import type { Facts } from './facts'
import { marked, MIN_SIDE } from './mark'
import type { Pixels } from './pixels'
import { png } from './png'

export async function saved(facts: Facts, picture: Pixels, name: string): Promise<string> {
  save(await png(marked(picture, facts.phases), facts.packet), `${name}.png`)
  const both = Math.min(picture.width, picture.height) >= MIN_SIDE
  return `Saved as ${name}.png, marked as synthetic ${both ? 'in its metadata and, invisibly, in its pixels' : 'in its metadata'}.`
}
