"""What was found as JSON and as a table, for other programs."""

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from figment.forensics.check import Checked
from figment.forensics.sentences import sentence

COLUMNS = (
    "file", "source_type", "own", "generators", "camera", "software", "c2pa", "signer", "issuer", "claim_generator", "actions",
    "watermark", "detector", "sentence", "error",
)  # fmt: skip
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # by which a spreadsheet would take somebody's text for one


def as_dict(one: Checked) -> dict[str, Any]:
    """A file as --json has it."""
    fields = asdict(one)
    error = fields.pop("error")
    return {**fields, "sentence": sentence(one), **({"error": error} if error is not None else {})}


def as_json(found: Iterable[Checked]) -> str:
    return json.dumps([as_dict(one) for one in found], indent=1) + "\n"


def as_csv(found: Iterable[Checked]) -> str:
    """A line a file; of what there are several, such as generators, joined by semicolons."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for one in found:
        writer.writerow({name: _cell(value) for name, value in _row(one).items()})
    return text.getvalue()


def _row(one: Checked) -> dict[str, Any]:
    row: dict[str, Any] = {"file": one.file, "sentence": sentence(one), "error": one.error}
    if one.metadata is not None:
        row |= {
            "source_type": one.metadata.source_type, "own": one.metadata.own, "camera": one.metadata.camera,
            "software": one.metadata.software,
            "generators": "; ".join(dict.fromkeys(trace.generator for trace in one.metadata.traces)),
        }  # fmt: skip
    if one.c2pa is not None:
        row |= {
            "c2pa": one.c2pa.state, "signer": one.c2pa.signer, "issuer": one.c2pa.issuer,
            "claim_generator": one.c2pa.generator, "actions": "; ".join(one.c2pa.actions),
        }  # fmt: skip
    if one.watermark is not None:
        row["watermark"] = f"run {one.watermark.run or 'unknown'}" if one.watermark.found else "none"
    if one.detector is not None:
        row["detector"] = one.detector["verdict"]
    return row


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text
