"""An option that is given twice and takes one value is refused, whatever the command."""

from collections.abc import Iterator, Mapping

import click
import pytest

from figment.cli.app import whole_commands
from figtest.command import command


def below(
    commands: Mapping[str, click.Command], path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, inner in commands.items():
        yield (*path, name), inner
        if isinstance(inner, click.Group):
            yield from below(inner.commands, (*path, name))


SINGLE = [
    (path, option)
    for path, inner in below(whole_commands())
    for option in inner.params
    if isinstance(option, click.Option) and not option.multiple
]


@pytest.mark.parametrize(
    ("path", "option"), SINGLE, ids=lambda part: "-".join(part) if isinstance(part, tuple) else part.name
)
def test_every_option_that_takes_one_value_is_refused_twice(path, option, capsys):
    given = [option.opts[0], *(() if option.is_flag else ["1"] * option.nargs)]
    assert command(*path, *given, *given) == 2
    said = capsys.readouterr().err
    assert f"{max(option.opts, key=len)}" in said
    assert "is given twice, and only one can count: give it once." in said


def test_the_other_side_of_a_switch_counts_too(capsys):
    assert command("sample", "run", "--grid", "--files") == 2
    assert "--grid/--files is given twice" in capsys.readouterr().err


def test_options_that_take_several_values_may_come_again(capsys):
    assert command("sample", "nowhere", "--label", "a", "--label", "b") == 2
    assert "given twice" not in capsys.readouterr().err


def test_three_times(capsys):
    assert command("sample", "run", *["--seed", "1"] * 3) == 2
    assert "--seed is given 3 times" in capsys.readouterr().err
