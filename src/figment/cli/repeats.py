"""Options that are given twice, of which only the last would count: refused, in every command of a tree."""

from collections import Counter
from collections.abc import Sequence

import click


def refuse_repeats(command: click.Command) -> click.Command:
    """Have a command, and all below it, refuse an option that is given twice and takes one value. Gives the command back."""
    for inner in command.commands.values() if isinstance(command, click.Group) else ():
        refuse_repeats(inner)
    parse = command.parse_args

    def parse_once(ctx: click.Context, args: list[str]) -> list[str]:
        if args and not ctx.resilient_parsing:  # as for completion, when nothing is refused
            check_repeats(command.make_parser(ctx).parse_args(list(args))[2], ctx)
        return parse(ctx, args)

    command.parse_args = parse_once  # type: ignore[method-assign]
    return command


def check_repeats(order: Sequence[click.Parameter], ctx: click.Context) -> None:
    """Raise a UsageError for an option that comes more than once in the order of what was given, and takes one value."""
    for parameter, times in Counter(order).items():
        if times > 1 and isinstance(parameter, click.Option) and not parameter.multiple and not parameter.count:
            names = "/".join(max(opts, key=len) for opts in (parameter.opts, parameter.secondary_opts) if opts)
            often = "twice" if times == 2 else f"{times} times"
            raise click.UsageError(f"{names} is given {often}, and only one can count: give it once.", ctx)
