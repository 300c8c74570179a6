"""The command line: one short function a command. Nothing heavy is imported until a command runs."""

import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from figment.cli.data import data
from figment.cli.explain import explain
from figment.cli.explore import explore
from figment.cli.measure import measure
from figment.cli.recipes import recipes
from figment.cli.sample import report, sample, timelapse, walk
from figment.cli.train import resume, train
from figment.common.launch import leads
from figment.common.signals import sigterm_as_interrupt
from figment.common.text import printable
from figment.errors import InputError, LostProcess
from figment.version import __version__


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="figment")
def cli() -> None:
    """A folder of pictures in, a generator of new ones out.

    \b
      figment train --for 3m                  train on the built-in portraits for three minutes
      figment data inspect my-pictures        look at pictures before you train on them
      figment train my-pictures --for 2h      train on a folder, archive, parquet or array file of yours
      figment sample runs/my-pictures-1       new pictures
    """


for command in (train, resume, sample, walk, timelapse, report, data, measure, explore, explain, recipes):
    cli.add_command(command)


@sigterm_as_interrupt()
def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line.

    Exit status: 0 done, 1 another process of the training lost, 2 input that can't be used, 130 interrupted with
    everything saved.
    """
    try:
        status = cli.main(args=arguments, prog_name="figment", standalone_mode=False)
        sys.exit(status if isinstance(status, int) else 0)
    except click.exceptions.NoArgsIsHelpError as help_page:
        click.echo(help_page.format_message())
        sys.exit(0)
    except click.ClickException as error:
        where = f" See {error.ctx.command_path} --help." if isinstance(error, click.UsageError) and error.ctx else ""
        fail(error.format_message() + where)
    except InputError as error:
        fail(str(error))
    except (click.Abort, KeyboardInterrupt) as interruption:
        if loss := loss_behind(interruption):
            fail(str(loss), 1)
        reason = interruption.__cause__ or interruption  # click wraps what it catches
        if leads():
            click.echo(str(reason) or "Interrupted before anything was begun.", err=True)
        sys.exit(130)
    except LostProcess as loss:
        fail(str(loss), 1)
    except BrokenPipeError:
        sys.exit(1)


def loss_behind(error: BaseException | None) -> LostProcess | None:
    """The loss of another process that an interruption came upon: torchrun, which notices it too, ends the rest at once."""
    while error is not None:
        if isinstance(error, LostProcess):
            return error
        error = error.__cause__ or error.__context__
    return None


def fail(sentence: str, status: int = 2) -> NoReturn:
    """Print one sentence and end."""
    click.echo(f"figment: {printable(sentence)}", err=True)
    sys.exit(status)
