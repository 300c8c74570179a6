"""What is given to others of a run's records: without where somebody works, and without names of their pictures."""

import os
import re
from typing import Any

from figment.common.text import last_of_path

# A place on this machine, or from a home folder or a folder above on, inside a text: https://… and 1/2 are none.
PLACE = re.compile(r"(?<![\w/.~:])(?:~[\w.-]*|\.\.)?(?:/[^\s/'\":;,()<>|]+)+/?|[A-Za-z]:\\[^\s'\":;,()<>|]+")
AFTER_COLON = re.compile(r"(?<=:)(?:~[\w.-]*)?(?:/[^\s/'\":;,()<>|]+)+/?")  # as in onnx:/home/me/eye.onnx
PICTURE_NAMES = ("real_file", "second_file", "sample_file")  # of a measurement's closest pairs
# Of run.json: everything else, such as the folder that the data lay in, or names of skipped pictures, stays here.
FACTS = (
    "format", "state", "source", "device", "fingerprint", "mark", "images", "seconds", "processes", "pictures", "trained_on",
    "held_out", "duplicates", "ranges", "machine", "versions", "keep_marked",
)  # fmt: skip
MACHINE = ("device", "name", "cores", "memory", "bf16", "compiler", "threads", "system")
EVENTS = ("start", "tick", "snapshot", "score", "risen", "closing", "end")  # numbers, and words of figment's own


def cleaned(value: Any) -> Any:
    """A JSON value with every place on a machine that a text in it names cut to its last part, and without pictures' names."""
    if isinstance(value, str):
        return cleaned_text(value)
    if isinstance(value, list | tuple):
        return [cleaned(one) for one in value]
    if isinstance(value, dict):
        return {str(key): cleaned(one) for key, one in value.items() if key not in PICTURE_NAMES}
    return value


def cleaned_text(text: str) -> str:
    """A text without places: of a path that is all of it, or stands in it, what comes last."""
    if os.path.isabs(text) or text.startswith(("~/", "../")):
        return last_of_path(text)
    return AFTER_COLON.sub(_last, PLACE.sub(_last, text))


def cleaned_facts(facts: dict[str, Any]) -> dict[str, Any]:
    """Of run.json what others need and may know; data by their name alone."""
    kept = {name: cleaned(facts[name]) for name in FACTS if facts.get(name) is not None}
    if isinstance(machine := facts.get("machine"), dict):
        kept["machine"] = {name: machine[name] for name in MACHINE if name in machine}
    kept["data"] = cleaned(facts.get("data"))
    if isinstance(skipped := facts.get("skipped"), list | int):
        kept["skipped"] = len(skipped) if isinstance(skipped, list) else skipped
    if isinstance(origin := facts.get("from"), dict):
        kept["from"] = cleaned({name: origin[name] for name in ("name", "images", "files", "copied") if name in origin})
    if isinstance(command := facts.get("command"), list):
        kept["command"] = cleaned(command)
    return kept


def _last(place: re.Match[str]) -> str:
    return last_of_path(place[0])
