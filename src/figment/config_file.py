"""run.toml: what `figment train` is told by a file in place of options, and how a run notes the same beside it.

Never imports torch: a file that can't be used is refused at once.
"""

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from figment.common import sizes
from figment.common.text import printable, shown, suggestion
from figment.common.video_shape import VideoShape
from figment.errors import InputError

MAX_BYTES = 2**20
BESIDE = ("size", "labels", "seed", "fit")  # recipe fields that have options of their own
NUMBERS = ("images", "size", "seed", "limit")  # options that a whole number may say, too
EXAMPLES = {
    "for": "10m", "images": "500k", "size": 64, "seed": 1, "limit": 5000, "recipe": "dcgan", "video": "16x12", "fit": "crop",
}  # fmt: skip
HEAD = "# What this run was asked for. The same again: figment train --config run.toml\n"


def read(path: Path, options: Mapping[str, str]) -> dict[str, Any]:
    """What a file says, by the names of the command's options, data and set.

    options: the kind of each option by its name: "flag", "list" or "text". Flags come as bool, lists as lists of text, all
    else as text, but for set, a dictionary. Raises InputError, which names the file and the key, for anything that can't be used.
    """
    known = {"data": "list", "set": "table", **options}
    found = {}
    for key, value in _parsed(path).items():
        if key not in known:
            hint = f"set.{key}" if _is_field(key) else ""
            mend = (
                f": it is a recipe's field, so write it below [set], {key} = …" if hint else suggestion(key, [*known])
            )
            raise InputError(f"--config {path}: there is no key {shown(key)}{mend}")
        found[key] = _checked(path, key, value, known[key])
    for field in (*BESIDE, "frames", "fps"):
        if field in found.get("set", {}):
            named = "video" if field in ("frames", "fps") else field
            raise InputError(f"--config {path}: set.{field} has a key of its own: write {named} = … above [set].")
    if "for" in found and "images" in found:
        raise InputError(f"--config {path}: for and images can't both be the budget: leave one of them out.")
    return found


def written(
    data: str | list[str] | None, time: str | None, images: str | int | None, asked: Mapping[str, Any], choices: Mapping[str, Any]
) -> str:  # fmt: skip
    """What makes the same run again, as a file that read() reads.

    data: DATA with absolute paths. asked: further options by their names, of which None, False and "auto" are left out.
    choices: fields of the recipe as they were asked for.
    """
    fields = dict(choices)
    top: dict[str, Any] = {"data": data, "for": time, "images": images, **asked}
    if {"frames", "fps"} <= fields.keys():
        top["video"] = str(VideoShape(int(fields.pop("frames")), float(fields.pop("fps"))))
    for field in BESIDE:
        top[field] = fields.pop(field, None)
    size = sizes.parse(top["size"])  # as numbers, however it was asked for
    top["size"] = sizes.as_text(tuple(size)) if isinstance(size, list | tuple) else size
    lines = [
        f"{name} = {_toml(value)}"
        for name, value in top.items()
        if value is not None and (name == "labels" or value is not False) and value != "auto"
    ]
    if fields:
        lines += ["", "[set]", *(f"{name} = {_toml(value)}" for name, value in fields.items())]
    return HEAD + "\n".join(lines) + "\n"


def _parsed(path: Path) -> dict[str, Any]:
    mend = "name a file such as run.toml, which lies beside every run"
    if path.is_dir():
        there = path / "run.toml"
        mend = f"name the file, {there}" if there.is_file() else mend
        raise InputError(f"--config {path} is a folder: {mend}.")
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise InputError(f"--config {path} isn't there: {mend}.") from None
    except OSError as error:
        raise InputError(f"--config {path} can't be read ({error.strerror}): {mend}.") from None
    try:
        if len(content) > MAX_BYTES:
            raise ValueError("it is longer than a megabyte")
        return tomllib.loads(content.decode("utf-8-sig").replace("\r\n", "\n"))
    except UnicodeDecodeError:
        reason = "it isn't text in UTF-8"
    except RecursionError:
        reason = "it is nested too deep"
    except ValueError as error:
        reason = printable(str(error)).rstrip(".")
    raise InputError(f"--config {path} holds no TOML that can be read ({reason}): mend it, or {mend}.")


def _is_field(key: str) -> bool:
    from figment.recipe import Recipe

    return key in Recipe.model_fields


def _checked(path: Path, key: str, value: Any, kind: str) -> Any:
    """A value as the option takes it. Raises InputError for one of another type."""
    text = str(value) if isinstance(value, str) or (key in NUMBERS and type(value) is int) else None
    if key == "size" and isinstance(value, list) and len(value) == 2 and all(type(side) is int for side in value):
        text = "x".join(map(str, value))
    several = [text] if text is not None else value if isinstance(value, list) else [None]
    if kind == "flag" and isinstance(value, bool):
        return value
    if kind == "text" and text is not None:
        return text
    if kind == "list" and all(isinstance(one, str) for one in several):
        return several
    if kind == "table" and isinstance(value, dict):
        return {field: _checked_field(path, field, one) for field, one in value.items()}
    raise InputError(f"--config {path}: {key} must be {_wanted(key, kind)}.")


def _wanted(key: str, kind: str) -> str:
    if kind == "flag":
        return f"true or false, as in {key} = true"
    if kind == "list":
        return f'text, or several in brackets, as in {key} = ["a", "b"]'
    if kind == "table":
        return "fields of the recipe, as in set = { width = 32 }"
    what = "a whole number or text" if key in NUMBERS else "text"
    return f"{what}, as in {key} = {_toml(EXAMPLES.get(key, '…'))}"


def _checked_field(path: Path, field: str, value: Any) -> Any:
    """A value of [set]; what it may be is the recipe's to say. "none" is none where a field can have none."""
    if not isinstance(value, str | bool | int | float | list):
        raise InputError(
            f"--config {path}: set.{shown(field)} must be a number, true or false, text, or a list of numbers."
        )
    if value == "none":
        from figment.recipe import Recipe

        info = Recipe.model_fields.get(field)
        return None if info is not None and info.default is None else value
    return value


def _toml(value: Any) -> str:
    """A value as TOML: text between double quotes, as JSON escapes it but for what only TOML knows."""
    if value is None:
        return '"none"'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    text = re.sub(
        "[\ud800-\udfff]+", lambda bytes_: printable(bytes_[0]), str(value)
    )  # no text, so no TOML can hold it
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
