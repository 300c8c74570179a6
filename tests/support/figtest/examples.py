"""The examples of a page: its fenced blocks, the commands in them, and the marks that say why one isn't run.

A comment right above a block keeps it, or those of its commands that contain a text, from being run; they are read all the
same, so that an option which there isn't is found:

    <!-- not run: needs four GPUs -->
    <!-- not run (hf:): needs the network -->
"""

import re
import shlex
import tomllib
from collections.abc import Iterable, Iterator
from inspect import cleandoc
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import click

from figment.cli.app import cli, whole_commands
from figment.cli.commands import LazyCommand
from figtest.paths import ROOT

FENCE = re.compile(r"(?P<marks>(?:^<!--.*?-->\n\n?)*)^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.M | re.S)
MARK = re.compile(r"<!-- not run(?: \((?P<where>[^)]+)\))?: (?P<why>[^>]+?) -->")
INLINE = re.compile(r"`(figment [^`]+)`")
# What only shows something: output, files, another shell's line for what the bash beside it does.
SHOWN = {"", "json", "toml", "text", "yaml", "html", "powershell", "fish", "csv"}
SHELL = {"activate", "cd", "git", "deactivate", "export", "mkdir", "rm", "ls", "open"}


class Example(NamedTuple):
    """A block of a page that can be run. line: of its first line; not_run: (text of commands, why); "" is every command."""

    page: str
    line: int
    language: str
    text: str
    not_run: tuple[tuple[str, str], ...]

    def reason(self, command: str) -> str | None:
        """Why a command, as it stands there, isn't run; None where it is."""
        return next((why for where, why in self.not_run if where in command), None)


def examples(page: str) -> list[Example]:
    """The blocks of a page that can be run, in their order. Raises ValueError for a language that nobody knows."""
    text, found = (ROOT / page).read_text(), []
    for fence in FENCE.finditer(text):
        line = text[: fence.start("text")].count("\n") + 1
        if fence["language"] in ("bash", "python"):
            marks = tuple((mark["where"] or "", mark["why"]) for mark in MARK.finditer(fence["marks"]))
            found.append(Example(page, line, fence["language"], fence["text"], marks))
        elif fence["language"] not in SHOWN:
            raise ValueError(f"{page}:{line}: a block of {fence['language']}: is it run, or only shown?")
    return found


def commands(script: str) -> list[tuple[str, list[str]]]:
    """The commands of a script: each as it stands there, and its words. Comments and && between commands are left out."""
    found = []
    for line in script.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars=";&|")
        lexer.whitespace_split = True
        words: list[str] = []
        for word in [*lexer, ";"]:
            if word not in ("&&", ";"):
                words.append(word)
            elif words:
                found.append((line.strip(), words))
                words = []
    return found


def inline_commands(page: str) -> list[list[str]]:
    """Words of what stands as `figment …` in the prose of a page, and can be read as a command."""
    prose = re.sub(r"^```.*?^```$", "", (ROOT / page).read_text(), flags=re.M | re.S)
    texts = [" ".join(text.split()) for text in INLINE.findall(prose)]
    return [shlex.split(text) for text in texts if not set("…[|") & set(text)]


def help_examples() -> list[list[str]]:
    """Words of the examples that the help of every command ends with."""
    found = []
    for command in leaves(whole_commands().values()):
        _, _, text = cleandoc(command.help or "").replace("\\\n", " ").partition("\nExample")
        found += [shlex.split(line) for line in map(str.strip, text.splitlines()) if line.startswith("figment ")]
    return found


def leaves(commands: Iterable[click.Command]) -> Iterator[click.Command]:
    """All commands that do something."""
    for command in commands:
        if isinstance(command, click.Group):
            yield from leaves(command.commands.values())
        else:
            yield command


def faults(words: list[str]) -> list[str]:
    """What is wrong with a command, without running it: options, files and extras that there aren't."""
    program = Path(words[0]).name
    if program == "figment":
        return faults_of_figment(words[1:])
    if program == "torchrun":
        return faults_of_figment(words[words.index("figment") + 1 :])
    if program.startswith("python"):
        return faults_of_python(words[1:])
    if program in ("pip", "pipx", "uv", "uvx"):
        return faults_of_pip(words)
    if program == "make":
        targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.M)
        return [f"make {target}: no such target" for target in words[1:] if target not in targets]
    if program == "pytest":
        paths = [word for word in words[1:] if not word.startswith("-")]
        return [f"{path} isn't there" for path in paths if not (ROOT / path).exists()]
    return []


def faults_of_figment(words: list[str]) -> list[str]:
    """What the command line refuses before it does anything. An argument that is missing is none: prose leaves it out.

    Paths needn't be there.
    """
    command: click.Command = cli
    with (
        click.Context(cli, info_name="figment") as context,
        patch("figment.cli.options.leads", return_value=False),
        patch("figment.config_file.read", return_value={}),
    ):
        while isinstance(command, click.Group):
            if not words or words[0].startswith("-") or words[0].isupper():
                return []  # --version, --help, COMMAND
            inner = command.get_command(context, words[0])
            if inner is None:
                return [f"figment {words[0]}: no such command"]
            command, words = inner.whole if isinstance(inner, LazyCommand) else inner, words[1:]
        if "--help" in words:
            return []
        try:
            command.make_context(command.name, list(words), parent=context)
        except click.MissingParameter:
            return []
        except click.ClickException as refusal:
            return [f"figment {command.name}: {refusal.format_message()}"]
        except click.exceptions.Exit:
            return []
    return []


def faults_of_python(words: list[str]) -> list[str]:
    """A script that isn't there, or an option that it doesn't speak of."""
    if words[:1] == ["-m"]:
        return faults_of_figment(words[2:]) if words[1] == "figment" else []
    if not words or words[0].startswith("-"):
        return []
    script = ROOT / words[0]
    if not script.is_file():
        return [f"{words[0]} isn't there"]
    text, options = script.read_text(), [word.partition("=")[0] for word in words if word.startswith("--")]
    return [f"{words[0]} doesn't know {option}" for option in options if option not in text]


def faults_of_pip(words: list[str]) -> list[str]:
    """Extras that the package hasn't, and files of constraints that aren't there."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    asked = {
        name
        for word in words
        for some in re.findall(r"(?:figment-gan|\.)\[([\w,]+)\]", word)
        for name in some.split(",")
    }
    files = [after for word, after in pairwise(words) if word == "-c"]
    return [f"no extra is called {name}" for name in sorted(asked - extras.keys())] + [
        f"{file} isn't there" for file in files if not (ROOT / file).exists()
    ]
