"""JSON of another hand: whatever is wrong with it is a ValueError, and what is wrong with its fields is said in words."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from pydantic import ValidationError

JARGON = {"an instance of str": "a text", "dictionary": "an object", "integer": "a whole number"}


def parsed(text: bytes | str) -> Any:
    """What a JSON text holds.

    Raises ValueError for whatever is none: bytes that aren't UTF-8, NaN and infinity, what is nested too deep.
    """
    return _decoded(text, _STRICT)


def parsed_line(text: bytes | str) -> Any:
    """The same of a line of a log, in which NaN and infinity are None: nothing is known there."""
    return _decoded(text, _LENIENT)


def fault(error: "ValidationError") -> str:
    """The first complaint of a validation in words, such as "images must be a whole number"."""
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(
        str(part) for part in first["loc"] if "[" not in str(part)
    )  # of a union it names the type tried, too
    kind, message = first["type"], str(first["msg"])
    if kind == "value_error":
        return f"{place}: {message.removeprefix('Value error, ')}".removeprefix(": ")
    said = re.sub(r"^Input should be (a valid )?| or instance of \w+", "", message)
    for jargon, plain in JARGON.items():
        said = said.replace(jargon, plain)
    return f"{place} {'is missing' if kind == 'missing' else f'must be {said}'}".strip()


def are_missing(fields: tuple[str, ...], found: Mapping[str, Any]) -> bool:
    """Whether one of these fields isn't there, or null."""
    return None in map(found.get, fields)


def without_nan(content: Any) -> Any:
    """The same with None for what isn't known, or is endless: JSON has no other word for it."""
    if isinstance(content, dict):
        return {name: without_nan(value) for name, value in content.items()}
    if isinstance(content, Sequence) and not isinstance(content, str):
        return [without_nan(value) for value in content]
    return None if isinstance(content, float) and not math.isfinite(content) else content


def _decoded(text: bytes | str, decoder: json.JSONDecoder) -> Any:
    try:
        return decoder.decode(text.decode("utf-8-sig") if isinstance(text, bytes) else text)
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def _refused(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


_STRICT = json.JSONDecoder(parse_constant=_refused)
_LENIENT = json.JSONDecoder(parse_constant=lambda name: None)
