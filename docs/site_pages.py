"""Pages that the code itself makes when the site is built: commands, recipes' fields, Python; and the repository's own pages.

MkDocs runs it (mkdocs-gen-files). Commands and recipes are read from figment, which needs only click and pydantic; the Python
reference from docstrings, without importing.
"""

import ast
import inspect
import sys
from pathlib import Path

import click
import mkdocs_gen_files

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "src"))

from figment import presets, recipe  # noqa: E402
from figment.cli.app import cli, whole_commands  # noqa: E402

PROJECT = ("CONTRIBUTING.md", "CHANGELOG.md", "LOG.md")


def cell(text: object) -> str:
    """A text as a cell of a table holds it."""
    return " ".join(str(text).split()).replace("|", "\\|").replace("<", "&lt;").replace("[", "\\[")


def commands() -> str:
    """Every command with its help and a table of its options."""
    lines = ["# Commands", "", "`figment COMMAND --help` says the same. Written from the commands themselves.", ""]
    for name, command in sorted(whole_commands().items()):
        lines += section(command, f"figment {name}", 2, click.Context(cli, info_name="figment"))
    return "\n".join(lines)


def section(command: click.Command, path: str, level: int, parent: click.Context) -> list[str]:
    """A command, and those below it."""
    context = click.Context(command, info_name=path.rpartition(" ")[2], parent=parent)
    usage = " ".join([path, *command.collect_usage_pieces(context)])
    lines = [f"{'#' * level} {path}", "", f"```text\n{usage}\n```", "", *prose(command.help or "")]
    rows = [
        record
        for option in command.get_params(context)
        if isinstance(option, click.Option)
        and "--help" not in option.opts
        and (record := option.get_help_record(context))
    ]
    if rows:
        lines += ["| option | |", "|---|---|", *(f"| `{cell(names)}` | {cell(text)} |" for names, text in rows), ""]
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            lines += section(below, f"{path} {name}", level + 1, context)
    return lines


def prose(text: str) -> list[str]:
    """A command's help as Markdown: paragraphs, and what is marked to stay as it is (\\b) as a block of code."""
    lines: list[str] = []
    for paragraph in inspect.cleandoc(text).split("\n\n"):
        if paragraph.startswith("\b"):
            body = paragraph.lstrip("\b\n").rstrip()
            first, _, rest = body.partition("\n")
            if first.endswith(":"):
                lines += [first, ""]
                body = rest
            lines += ["```text", *(line.removeprefix("  ") for line in body.split("\n")), "```", ""]
        else:
            lines += [cell(paragraph), ""]
    return lines


def recipes() -> str:
    """The named recipes, and every field with its values and its default."""
    lines = [
        "# Recipes and their fields", "", "A recipe is every choice of a training run; `--set FIELD=VALUE` sets one. "
        "`figment recipes NAME` prints a recipe's own values. Written from the code.", "", "## Named recipes", "",
        "| | nets | what to expect |", "|---|---|---|",
    ]  # fmt: skip
    for name, preset in presets.PRESETS.items():
        lines.append(f"| `{name}` | `{presets.make(name).nets}` | {cell(preset)} |")
    lines += ["", "What each sets, where it departs from the defaults:", ""]
    for name in presets.PRESETS:
        made = presets.make(name)
        own = [
            f"`{field}={value_of(getattr(made, field))}`"
            for field, info in recipe.Recipe.model_fields.items()
            if field != "name" and getattr(made, field) != info.default
        ]
        lines.append(f"- **`{name}`**: {', '.join(own) or 'the defaults'}")
    lines += ["", "## Fields", "", "| field | default | what it is |", "|---|---|---|"]
    for field, info in recipe.Recipe.model_fields.items():
        named = recipe.choices(field)
        told = (info.description or "") + (f" ({', '.join(named)})" if named else "")
        lines.append(f"| `{field}` | `{value_of(info.default)}` | {cell(told)} |")
    return "\n".join([*lines, ""])


def value_of(value: object) -> str:
    """A field's value as --set takes it; – for none."""
    if value is None or value == ():
        return "–"
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else f"{value:g}" if isinstance(value, float) else str(value)


def python() -> str:
    """The public names of `import figment`, each by its docstring, and the experiments."""
    source = ast.parse((ROOT / "src" / "figment" / "__init__.py").read_text())
    tables = {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in source.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id in ("_HOMES", "_ROOMS")
    }  # fmt: skip
    lines = [
        "# The Python reference",
        "",
        "What `import figment` gives. [python.md](../python.md) goes through it by example.",
        "",
    ]
    for name, home in tables["_HOMES"].items():
        lines += [f"::: figment.{home}.{name}", ""]
    for room in tables["_ROOMS"]:
        lines += [f"::: figment.{room}", "    options:", "      members: false", "      show_root_heading: true", ""]
        for node in ast.parse((ROOT / "src" / "figment" / room / "__init__.py").read_text()).body:
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(f"figment.{room}"):
                for name in node.names:
                    lines += [f"::: {node.module}.{name.name}", "    options:", "      heading_level: 3", ""]
    return "\n".join(lines)


for name, made in {"commands.md": commands, "recipes.md": recipes, "python.md": python}.items():
    with mkdocs_gen_files.open(f"reference/{name}", "w") as page:
        page.write(made())
for name in PROJECT:
    with mkdocs_gen_files.open(f"project/{name}", "w") as page:
        page.write((ROOT / name).read_text())
