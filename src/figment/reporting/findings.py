"""The part of a run's report that shows what figment explore and figment explain found."""

import shlex
from typing import Any

from figment.common.progress import Say
from figment.experiments import EXPERIMENTS
from figment.finding import read_findings
from figment.media import pages
from figment.run import Run

MAX_PICTURE_BYTES = 24 << 20  # of all together; what goes beyond is named and not shown


def contents(run: Run, say: Say | None = None) -> list[dict[str, Any]]:
    """All findings of a run as plain values, in the order of the table of experiments; none where nothing was explored.

    say: told of each that is damaged and left out.
    """
    records = sorted(read_findings(run.findings, say), key=lambda record: (_place(record["kind"]), record["name"]))
    left, shown = MAX_PICTURE_BYTES, []
    for record in records:
        sheets = []
        for sheet in record["sheets"]:
            path = run.findings / sheet["file"]
            size = path.stat().st_size if path.is_file() else 0
            fits = 0 < size <= left
            left -= size if fits else 0
            src = pages.data_url(path.read_bytes()) if fits else None
            sheets.append({"src": src, "file": sheet["file"], "caption": sheet["caption"]})
        shown.append({
            "title": _title(record["kind"]), "name": record["name"], "sentence": record["sentence"],
            "columns": record["columns"], "rows": record["rows"], "sheets": sheets,
            "images": record["images"] if record["images"] != run.facts.get("images") else None,
            "command": shlex.join(map(str, record["command"])) if record["command"] else None,
        })  # fmt: skip
    return shown


def _title(kind: str) -> str:
    return EXPERIMENTS[kind].title if kind in EXPERIMENTS else kind


def _place(kind: str) -> int:
    return list(EXPERIMENTS).index(kind) if kind in EXPERIMENTS else len(EXPERIMENTS)
