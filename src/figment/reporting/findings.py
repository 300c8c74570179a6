"""The part of a run's report that shows what figment explore and figment explain found."""

import shlex
from pathlib import Path
from typing import Any

from figment.common.progress import Say
from figment.experiments import EXPERIMENTS
from figment.finding import read_findings
from figment.media.strips import GAP_PIXELS
from figment.reporting.pictures import Pixels, film_url, fitted, mark_of, read_picture, webp_url
from figment.run import Run

MIN_SHEET_BYTES, MAX_SHEET_BYTES = (
    8_000,
    120_000,
)  # that a sheet may take; where there is less for each, it is only named
FILM_SHARES = 3  # sheets that a film may take the room of


def contents(run: Run, say: Say | None = None, room: int = 0) -> list[dict[str, Any]]:
    """All findings of a run as plain values, in the order of the table of experiments; none where nothing was explored.

    say: told of each that is damaged and left out. room: bytes that all of their pictures may have.
    """
    records = sorted(read_findings(run.findings, say), key=lambda record: (_place(record["kind"]), record["name"]))
    shares = sum(len(record["sheets"]) + (FILM_SHARES if record["film"] else 0) for record in records)
    share = min(room // max(shares, 1), MAX_SHEET_BYTES)
    return [
        {
            "title": _title(record["kind"]), "name": record["name"], "sentence": record["sentence"],
            "columns": record["columns"], "rows": record["rows"],
            "sheets": [_sheet(run.findings / sheet["file"], sheet, share) for sheet in record["sheets"]],
            "film": _film(run.findings, record["film"], FILM_SHARES * share),
            "images": record["images"] if record["images"] != run.facts.get("images") else None,
            "command": shlex.join(map(str, record["command"])) if record["command"] else None,
        }
        for record in records
    ]  # fmt: skip


def _sheet(path: Path, record: dict[str, Any], share: int) -> dict[str, Any]:
    """A sheet with its rows, each a picture with its name; a single row without one where it isn't made of strips."""
    legend = [(colour["meaning"], "rgb({}, {}, {})".format(*colour["rgb"])) for colour in record.get("legend", [])]
    labels = record.get("labels")
    shown = {
        "file": record["file"], "caption": record["caption"], "legend": legend, "titles": [], "rows": [],
        "mark": None, "is_chart": labels is None,
    }  # fmt: skip
    picture = read_picture(path) if share >= MIN_SHEET_BYTES else None
    if picture is None:
        return shown
    cuts = [("", picture, 1)] if labels is None else _cut(picture, labels)
    mark = mark_of(path)
    files = fitted([cut for _, cut, _ in cuts], mark, share)
    rows = [
        {"name": name, "src": webp_url(file), "width": cut.shape[1], "height": cut.shape[0], "count": count}
        for (name, cut, count), file in zip(cuts, files, strict=True)
    ]
    titles = labels["titles"] if labels and any(labels["titles"]) else []
    return shown | {"titles": titles, "rows": rows, "mark": mark}


def _film(folder: Path, record: dict[str, Any] | None, most: int) -> dict[str, Any] | None:
    """A film, as the page holds it; src: None where it is larger than there is room for, or gone."""
    if record is None:
        return None
    try:
        content = (folder / record["file"]).read_bytes()
    except OSError:
        content = b""
    fits = 0 < len(content) <= most and b"ftyp" in content[:12]
    mark = mark_of(folder / record["file"]) if fits else None
    return record | {"src": film_url(content) if fits else None, "mark": mark}


def _cut(picture: Pixels, labels: dict[str, Any]) -> list[tuple[str, Pixels, int]]:
    """The rows of a sheet of strips: name, pictures, how many."""
    left, pitch = labels["left"], labels["width"] + GAP_PIXELS
    rows = [
        (row["name"], picture[row["top"] : row["top"] + row["height"], left : left + row["n"] * pitch - GAP_PIXELS])
        for row in labels["rows"]
    ]
    return [(name, cut, row["n"]) for (name, cut), row in zip(rows, labels["rows"], strict=True) if cut.size]


def _title(kind: str) -> str:
    return EXPERIMENTS[kind].title if kind in EXPERIMENTS else kind


def _place(kind: str) -> int:
    return list(EXPERIMENTS).index(kind) if kind in EXPERIMENTS else len(EXPERIMENTS)
