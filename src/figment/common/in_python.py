"""What is said to the command line's users, in the words of Python's: --set gamma=3 is gamma=3 there, --for 3m time="3m"."""

import re
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from figment.errors import InputError

Function = TypeVar("Function", bound=Callable[..., Any])

RENAMED = {"for": "time", "from": "from_run", "accept-licence": "agree"}
FLAGS = {"no-labels": "labels=False", "keep-marked": "keep_marked=True"}
# A whole command stays one, as do other programs' options.
COMMANDS = r"\b(?:figment|pip|torchrun|python) [^:;,)]*"
OTHERS = r"--(?:upgrade|force-reinstall|index-url|nproc-per-node)\b"
# What stands behind an option and is its value: a number, a path, a placeholder, one of figment's words, what is complained of.
VALUE = r"""[^:;,]+(?=:\ no\ (?:time|number)\ *[:o])|[0-9][\w.×]*\w|[0-9]|[^\s:;,]*[/.][^\s:;,]*[^\s:;,.]|'[^']*'|[A-Z]{2,}\b
    |(?:auto|none|start|random|cpu|cuda|mps|face|small)\b|[a-z0-9]+(?:-[a-z0-9]+)+
    |[^\s:;,]+(?=:\ |\ (?:doesn't|isn't|has|exists)\b)"""
SPOKEN = re.compile(
    rf"(?P<kept>{COMMANDS}|{OTHERS})"
    r"|--set\ (?P<field>[a-z]\w*)(?:=(?P<chosen>[^\s:;,)]*[^\s:;,).]|(?=:)))?(?P<asks>:)?"
    rf"|--(?P<option>[a-z][a-z-]*)(?:\ (?P<value>{VALUE}))?(?P<colon>:)?",
    re.X,
)
BARE = re.compile(r"-?[0-9.]+(e-?[0-9]+)?|[A-Z]+|'.*'|\".*\"")


def in_python(sentence: str) -> str:
    """A sentence that names options of the command line, with the arguments of Python's functions in their place."""
    return SPOKEN.sub(_argument, sentence.replace("--set: ", ""))


def speaking(words: Callable[[str], str]) -> Callable[[Function], Function]:
    """What gives a function whose InputErrors are said in other words than the command line's."""

    def decorated(function: Function) -> Function:
        @wraps(function)
        def spoken(*given: Any, **named: Any) -> Any:
            try:
                return function(*given, **named)
            except InputError as error:
                error.args = (words(str(error)), *error.args[1:])
                raise

        return spoken  # type: ignore[return-value]

    return decorated


#: The function, whose InputErrors name its arguments rather than the command line's options.
speaking_python = speaking(in_python)


def _argument(found: re.Match[str]) -> str:
    if found["kept"] is not None:
        return found["kept"]
    if found["option"] in FLAGS:
        return FLAGS[found["option"]] + (found["colon"] or "")
    name = found["field"] or RENAMED.get(found["option"], found["option"].replace("-", "_"))
    value = found["chosen"] if found["field"] else found["value"]
    colon = found["asks"] or found["colon"] or ""
    if value is None:
        return name + (colon or "=")
    return f"{name}={_literal(value)}{colon}"


def _literal(value: str) -> str:
    if value in {"true", "false"}:
        return value.capitalize()
    return value if BARE.fullmatch(value) else f'"{value}"'
