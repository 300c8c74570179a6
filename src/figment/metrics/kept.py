"""What a run keeps of its measurements: which lines of measures.jsonl belong together, and which of them tell most."""

from collections.abc import Sequence
from typing import Any


def latest(records: Sequence[dict[str, Any]], source: str | None) -> list[dict[str, Any]]:
    """The records of one measurement: the last that has a network's scores, against the run's own pictures if one is."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        groups.setdefault(str(record["at"]), []).append(record)

    def worth(group: list[dict[str, Any]]) -> tuple[bool, bool]:
        return any(record.get("features") for record in group), group[0]["data"] == source

    return max(reversed(groups.values()), key=worth, default=[])
