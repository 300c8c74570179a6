"""What a shell offers where Tab is pressed: runs, recipes and their fields, data, directions, attributes.

Asked for at every key, so nothing here waits for PyTorch; what can't be read offers nothing.
"""

import json
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

RUNS = "runs"  # where train puts runs, and they are looked for
STUDIES = "studies"  # where study run puts its own
UNREADABLE = (OSError, ValueError, KeyError, TypeError)  # what files raise that are gone or spoilt


def complete_recipe(ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """Names of recipes."""
    from figment.presets import PRESETS

    return _beginning(incomplete, ("auto", *PRESETS))


def complete_field(ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """A recipe's fields as FIELD=, those with named values as FIELD=VALUE."""
    from figment.recipe import Recipe, choices

    return _beginning(
        incomplete, (f"{field}={value}" for field in Recipe.model_fields for value in choices(field) or ("",))
    )


def complete_data(ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """Paths for DATA, as the shell finds them; names of sets where no path begins so."""
    from figment.data.public.catalog import PUBLIC_SETS
    from figment.data.sources.names import DRAWN_NAMES

    folder, start = os.path.split(incomplete)
    with suppress(OSError):
        if folder or not start or any(name.startswith(start) for name in os.listdir(os.curdir)):
            return _paths(incomplete)
    return _beginning(incomplete, (*PUBLIC_SETS, *DRAWN_NAMES))


def complete_run(ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """Runs: those in the folder that is being typed, and in runs/; paths, as the shell finds them, where there are none."""
    folders = dict.fromkeys([os.path.dirname(incomplete), *([RUNS] if "/" not in incomplete else [])])
    runs = [
        path for folder in folders for path in _runs_in(folder) if path not in map(str, ctx.params.get("runs") or ())
    ]
    return _beginning(incomplete, runs) or _paths(incomplete)


def complete_study(ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """Studies in studies/; paths, as the shell finds them, where none begins so."""
    with suppress(OSError):
        found = sorted(str(file.parent) for file in Path(STUDIES).glob("*/study.json"))
        return _beginning(incomplete, found) or _paths(incomplete)
    return _paths(incomplete)


def complete_named_study(ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """Names of the studies that figment brings along; paths where none begins so."""
    from figment.studies.request import named_studies

    return _beginning(incomplete, named_studies()) or _paths(incomplete)


def complete_moved(ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """Directions that were found in the run that is named before, as NAME=."""
    return _beginning(incomplete, (f"{name}=" for name in _directions(ctx)))


def complete_direction(ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """Directions that were found in the run that is named before."""
    return _beginning(incomplete, _directions(ctx))


def complete_attribute(ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """What is read from the pictures of the run that is named before: the portraits' attributes, or its classes."""
    return _beginning(incomplete, _attributes(ctx))


def complete_attributes(ctx: click.Context, param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """The same, of which several may be named with commas between."""
    before, comma, _ = incomplete.rpartition(",")
    return _beginning(incomplete, (before + comma + name for name in _attributes(ctx)))


def _beginning(incomplete: str, words: Iterable[str]) -> "list[CompletionItem]":
    from click.shell_completion import CompletionItem

    return [CompletionItem(word) for word in words if word.startswith(incomplete)]


def _paths(incomplete: str) -> "list[CompletionItem]":
    """What lets the shell complete a path by itself."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


def _runs_in(folder: str) -> list[str]:
    with suppress(OSError):
        return sorted(
            os.path.join(folder, name)
            for name in os.listdir(folder or os.curdir)
            if os.path.isfile(os.path.join(folder, name, "run.json"))
        )
    return []


def _run_of(ctx: click.Context) -> Path:
    """The run folder that is named before, or that of the generator that is."""
    # Behind an option that still lacks its value, click leaves the arguments before it as they are.
    run = Path(ctx.params.get("run") or next(iter(ctx.args), os.curdir))
    return run.parent if run.suffix == ".safetensors" else run


def _directions(ctx: click.Context) -> list[str]:
    from safetensors import SafetensorError, safe_open

    with suppress(SafetensorError, *UNREADABLE), safe_open(_run_of(ctx) / "directions.safetensors", "np") as file:
        return [str(one["name"]) for one in json.loads(file.metadata()["figment"])["directions"]]
    return []


def _attributes(ctx: click.Context) -> list[str]:
    from figment.data.portraits.table import names_read

    with suppress(*UNREADABLE):
        data, classes = _json(ctx, "run.json").get("data"), _json(ctx, "recipe.json").get("classes")
        if data in (None, "portraits", ["portraits"]):
            return names_read()
        return list(map(str, classes or ()))
    return []


def _json(ctx: click.Context, name: str) -> Any:
    return json.loads((_run_of(ctx) / name).read_text("utf-8"))
