"""`figment recipes`: the named recipes, and every field of one."""

from typing import Any

import click

from figment.cli.completing import complete_recipe
from figment.cli.console import tell

AUTO = "chooses by data, machine and budget; train says what it chose and why, train --dry-run without training"


@click.command()
@click.argument("name", required=False, shell_complete=complete_recipe)
def recipes(name: str | None) -> None:
    """List the named recipes, or every field of the one called NAME.

    \b
    Examples:
      figment recipes
      figment recipes dcgan
      figment train faces --recipe dcgan --set batch=64
    """
    tell(*(overview() if name in (None, "auto") else details(str(name))))


def overview() -> list[str]:
    """A line a recipe: name, nets, size, what to expect of it."""
    from figment import presets
    from figment.common import sizes

    rows = [("auto", "", "", AUTO)]
    for name, preset in presets.PRESETS.items():
        chosen = presets.make(name)
        size = f"{sizes.as_text(chosen.size)} px" if "size" in preset.fields else "any size"
        rows.append((name, chosen.nets, size, str(preset)))
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, [*widths, 0], strict=True)) for row in rows]
    return [line.rstrip() for line in lines]


def details(name: str) -> list[str]:
    """A line a field: its name, its value in this recipe, what it is; * where the recipe departs from the defaults."""
    from figment import presets, recipe
    from figment.common import sizes

    chosen, fields = presets.make(name), recipe.Recipe.model_fields
    values = {field: written(getattr(chosen, field)) for field in fields} | {"size": sizes.as_text(chosen.size)}
    wide, widest = max(map(len, fields)), max(map(len, values.values()))
    lines = [f"{name}: {presets.PRESETS[name]}", ""]
    for field, info in fields.items():
        mark = " " if getattr(chosen, field) == info.default or field == "name" else "*"
        named = recipe.choices(field)
        told = f"{info.description or ''} [{', '.join(named)}]" if named else info.description or ""
        lines.append(f"{mark} {field:<{wide}}  {values[field]:<{widest}}  {told}".rstrip())
    return [*lines, "", "* differs from the defaults. figment train --set FIELD=VALUE sets a field."]


def written(value: Any) -> str:
    """A field's value as --set takes it; – for none."""
    if value is None or value == ():
        return "–"
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)
