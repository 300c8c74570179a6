"""FIELD=VALUE as people write it on a command line, for recipes' fields: read once, for every option that takes it."""

import json
import re
from collections.abc import Sequence
from typing import Any

from figment.errors import InputError


def assignments(choices: Sequence[str], option: str = "--set") -> dict[str, Any]:
    """FIELD=VALUE … as fields. Raises InputError, which names the option, for what isn't written so."""
    fields = {}
    for choice in choices:
        name, equals, text = choice.partition("=")
        if not equals:
            raise InputError(f"{option} {choice}: write it as FIELD=VALUE, such as {option} width=32.")
        fields[name.strip()] = value(text.strip())
    return fields


def value(text: str) -> Any:
    """A number, true or false where the text is one; a list where commas part numbers; else the text, as for 500k."""
    if re.fullmatch(r"[0-9]+(,[0-9]+)+", text):
        return [int(part) for part in text.split(",")]
    try:
        parsed = json.loads(text)
    except ValueError:
        return text
    return parsed if isinstance(parsed, int | float) else text
