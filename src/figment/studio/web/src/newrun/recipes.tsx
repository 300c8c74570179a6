// Which recipe: auto, unless somebody wants another.
export interface Recipe {
  name: string
  nets: string
  words: string
}

interface Props {
  recipes: Recipe[]
  value: string
  change: (name: string) => void
}

export function Recipes({ recipes, value, change }: Props) {
  const choice = ({ name, words }: Recipe) => (
    <label key={name}>
      <input type="radio" name="recipe" checked={value === name} onChange={() => change(name)} /> {name}{' '}
      <span class="quiet">{words}</span>
    </label>
  )
  const [auto, ...others] = recipes
  return (
    <div class="recipes">
      {auto && choice(auto)}
      <details open={value !== 'auto'}>
        <summary>Others, to compare or to know what you get</summary>
        {others.map(choice)}
      </details>
    </div>
  )
}
