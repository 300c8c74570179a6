"""`figment train --config FILE.toml`: what a file says in place of options; those of the command line win over it."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from figment.cli.options import DataPath, NamedPath

KEPT = "figment.config"


@dataclass(frozen=True)
class Config:
    """What a file says that isn't simply an option's default."""

    data: tuple[str, ...] = ()
    fields: dict[str, Any] = field(default_factory=dict)

    @staticmethod
    def of(ctx: click.Context) -> "Config":
        """That of the command that runs; an empty one without --config."""
        return ctx.meta.get(KEPT) or Config()

    @property
    def sources(self) -> tuple[str, ...]:
        """Its DATA arguments, refused where they aren't there as those of the command line are."""
        ctx = click.get_current_context()
        return tuple(DataPath().convert(text, None, ctx) for text in self.data)

    def budget(self, time: str | None, images: str | None) -> tuple[str | None, str | None]:
        """The budget, in time and in images; where the command line says one, the file's other one doesn't count."""
        ctx = click.get_current_context()
        if ctx.get_parameter_source("images") is ParameterSource.COMMANDLINE:
            time = _typed(ctx, "time", time)
        elif ctx.get_parameter_source("time") is ParameterSource.COMMANDLINE:
            images = _typed(ctx, "images", images)
        return time, images


def _typed(ctx: click.Context, name: str, value: str | None) -> str | None:
    return value if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE else None


def _load(ctx: click.Context, param: click.Parameter, path: Path | None) -> None:
    """Have a file's options stand for those that aren't given. Raises InputError for what can't be used in it."""
    if path is None or ctx.resilient_parsing:
        return
    from figment.config_file import read

    options = {
        max(option.opts, key=len).removeprefix("--"): option
        for option in ctx.command.params
        if isinstance(option, click.Option) and option is not param and option.name not in ("choices", "help")
    }
    kinds = {
        name: "flag" if option.is_flag else "list" if option.multiple else "text" for name, option in options.items()
    }
    said = read(path, kinds)
    data = tuple(said.pop("data", ()))
    ctx.meta[KEPT] = Config(data, said.pop("set", {}))
    ctx.default_map = {str(options[name].name): value for name, value in said.items()}


CONFIG = click.option(
    "--config", type=NamedPath(path_type=Path), metavar="FILE.toml", is_eager=True, expose_value=False, callback=_load,
    help="Options from a file, such as the run.toml that lies beside every run; those given here win over it.",
)  # fmt: skip
