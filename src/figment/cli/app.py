"""The command line: one short function a command. Nothing heavy is imported until a command runs."""

import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

import click

from figment.cli.commands import LazyCommand, lazy_commands
from figment.cli.repeats import refuse_repeats
from figment.cli.streams import TRAINED, standard_streams
from figment.common.signals import sigterm_as_interrupt
from figment.errors import InputError, LostProcess, Notice
from figment.version import __version__

ASKED = "_FIGMENT_COMPLETE"  # the variable that tells click that a shell asks for words, not for work


class Commands(click.Group):
    """Commands, and a word on where one is that belongs to another: inspect is data inspect."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:  # fmt: skip
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError:
            from figment.cli.hints import command_hint

            if hint := command_hint(args[0]):
                raise click.UsageError(f"No such command '{args[0]}'{hint}.", ctx) from None
            for name, command in whole_commands().items():
                if isinstance(command, click.Group) and args[0] in command.commands:
                    raise click.UsageError(f"{args[0]} is a part of {name}: figment {name} {args[0]}.", ctx) from None
            raise


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="figment")
def cli() -> None:
    """A folder of pictures in, a generator of new ones out.

    \b
      figment train --for 3m                  train on the built-in portraits for three minutes
      figment data inspect my-pictures        look at pictures before you train on them
      figment train my-pictures --for 2h      train on a folder, archive, parquet or array file of yours
      figment sample runs/my-pictures-1       new pictures
    """


refuse_repeats(cli)
cli.commands.update(lazy_commands())  # which refuse repeats as they are read


def whole_commands() -> dict[str, click.Command]:
    """All commands by their names, read from their files."""
    return {name: command.whole for name, command in cli.commands.items() if isinstance(command, LazyCommand)}


@sigterm_as_interrupt()
def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line.

    Exit status: 0 done, 1 another process of the training or the output lost, 2 input that can't be used, 130
    interrupted with everything saved. A training whose output is lost has lost nothing: its status stays 0.
    """
    if ASKED in os.environ:
        from click.shell_completion import add_completion_class

        from figment.cli.bash_words import BashWords

        add_completion_class(BashWords)
        cli.main(prog_name="figment")  # which answers in bytes, and ends the process
    with standard_streams() as lost, notices_as_sentences():
        outcome = run(arguments)
        loss = lost()
        if loss is not None and not isinstance(loss, BrokenPipeError):  # who stops reading knows of it
            say(f"what was to be printed is lost ({getattr(loss, 'strerror', None) or loss})")
        status = outcome if isinstance(outcome, int) else 0
        sys.exit(1 if not status and loss is not None and outcome is not TRAINED else status)


def run(arguments: Sequence[str] | None) -> Any:
    """Run the command line; gives what its command gives back. Ends the process where there is nothing more to be done."""
    try:
        return cli.main(args=arguments, prog_name="figment", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as help_page:
        click.echo(help_page.format_message())
    except click.ClickException as error:
        from figment.cli.hints import hinted

        where = f" See {error.ctx.command_path} --help." if isinstance(error, click.UsageError) and error.ctx else ""
        fail(hinted(error) + where)
    except InputError as error:
        fail(str(error), error.status)
    except (click.Abort, KeyboardInterrupt) as interruption:
        if loss := loss_behind(interruption):
            fail(str(loss), 1)
        from figment.common.launch import leads
        from figment.common.text import said

        reason = interruption.__cause__ or interruption  # click wraps what it catches
        if leads():
            click.echo(said(str(reason)) or "Interrupted. Files that were written before are whole.", err=True)
        sys.exit(130)
    except LostProcess as loss:
        fail(str(loss), 1)
    except OSError as error:
        from figment.common.refusals import is_refusal, refusal

        if not is_refusal(error):
            raise
        no = refusal(error.filename or "what this command needs", error, done="used")
        fail(str(no), no.status)


def loss_behind(error: BaseException | None) -> LostProcess | None:
    """The loss of another process that an interruption came upon: torchrun, which notices it too, ends the rest at once."""
    while error is not None:
        if isinstance(error, LostProcess):
            return error
        error = error.__cause__ or error.__context__
    return None


def fail(sentence: str, status: int = 2) -> NoReturn:
    """Print one sentence and end."""
    say(sentence)
    sys.exit(status)


def say(sentence: str) -> None:
    """Print one sentence beside what a command prints."""
    from figment.common.text import said

    click.echo(f"figment: {said(sentence)}", err=True)


@contextmanager
def notices_as_sentences() -> Iterator[None]:
    """Within, a Notice is printed as a sentence, once, and not as a warning of Python's."""
    before = warnings.showwarning

    def show(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
        if issubclass(category, Notice):
            say(str(message))
        else:
            before(message, category, *place, **more)

    warnings.showwarning = show
    try:
        yield
    finally:
        warnings.showwarning = before
