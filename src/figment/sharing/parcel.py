"""What of a run is given to others, file by file, with places and names of pictures taken out; and what stays, with why."""

import json
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from figment import recipe as recipes
from figment.common.units import as_bytes
from figment.errors import InputError
from figment.media.provenance import source_of
from figment.reals import are_moving_portraits, are_portraits
from figment.run import Run
from figment.run_files import read_finding
from figment.sharing.cleaned import EVENTS, cleaned, cleaned_facts
from figment.sharing.pull import unsound

NETS = ("generator.safetensors", "discriminator.safetensors", "generator-best.safetensors", "directions.safetensors")
GENERATED = "trainedAlgorithmicMedia"
STAYS = (  # of a run folder; what is kept back for a reason of its own is told beside
    ("state", "what resume needs"),
    ("snapshots", "earlier generators"),
    ("run.toml", "it names the folder of the pictures"),
    ("report.html", "it may show real pictures"),
    ("live.html", "the live page"),
    ("favourites.safetensors", "codes that you kept"),
)


@dataclass
class Parcel:
    """files: contents by name, as in the run folder; left_out: what stays, and why, a line each; reals: pictures, among the
    files or left out, on which real pictures can be seen."""

    files: dict[str, bytes] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    reals: list[str] = field(default_factory=list)

    @property
    def size(self) -> int:
        return sum(map(len, self.files.values()))

    def lines(self) -> list[str]:
        """For people: each file with its size, then what stays."""
        width = max(map(len, self.files), default=0)
        listed = [f"  {name:<{width}}  {as_bytes(len(content)):>9}" for name, content in self.files.items()]
        return [*listed, *(f"  stays here: {line}" for line in self.left_out)]


def parcel_of(run: Run, card: dict[str, bytes], with_findings: bool = True, with_reals: bool = False) -> Parcel:
    """What goes up of a run. card: README.md and its pictures, by name.

    Raises InputError where there is no generator, where findings show real pictures and nobody said that they may be given away
    (with_reals), or left (with_findings), where a record can't be read, a net isn't one that pull would take, and where something
    is a link that leads out of the run.
    """
    if not run.generator_file.is_file():
        raise run.lacking("generator")
    parcel = Parcel(dict(card))
    for name in (*NETS, "generator.onnx"):
        if (file := run.folder / name).is_file():
            if reason := unsound(file, name):
                raise InputError(
                    f"{file} isn't what its name says ({reason}): take it out of the run, or make it again."
                )
            parcel.files[name] = content_of(file, run)
    parcel.files["recipe.json"] = recipes.to_json(recipes.without_paths(run.recipe)).encode()
    parcel.files["run.json"] = _json(cleaned_facts(run.facts))
    events = [event for event in run.events() if event["event"] in EVENTS]
    for name, records in (("events.jsonl", events), ("measures.jsonl", run.measures())):
        if records:
            parcel.files[name] = b"".join(json.dumps(cleaned(record)).encode() + b"\n" for record in records)
    for path in [*run.pictures().values(), run.pairs_file]:
        if path.is_file():
            _add_picture(parcel, path, run, with_reals)
    if not with_reals:
        parcel.left_out += [f"{name}: it shows real pictures" for name in parcel.reals]
    _add_findings(parcel, run, with_findings, with_reals)
    parcel.left_out += [f"{name}: {why}" for name, why in STAYS if (run.folder / name).exists()]
    parcel.left_out.append(
        "of run.json, events and measures: folders, names of pictures, what you were told on the way"
    )
    return parcel


def _add_picture(parcel: Parcel, path: Path, run: Run, with_reals: bool) -> None:
    name = path.relative_to(run.folder).as_posix()
    shows_reals = shows_real_pictures(path, run)
    if shows_reals:
        parcel.reals.append(name)
    if with_reals or not shows_reals:
        parcel.files[name] = content_of(path, run)


def content_of(file: Path, run: Run) -> bytes:
    """What a file of a run holds. Raises InputError where it is a link that leads out of it: to what nobody meant to give."""
    if not file.resolve().is_relative_to(run.folder.resolve()):
        raise InputError(
            f"{file} is a link that leads out of the run: put the file itself there, or take the link away."
        )
    return file.read_bytes()


def _add_findings(parcel: Parcel, run: Run, with_findings: bool, with_reals: bool) -> None:
    found = {path: record for path in sorted(run.findings.glob("*.json")) if (record := _finding(path))}
    if found and not with_findings:
        parcel.left_out.append(f"findings: {len(found)}, as --no-findings says")
        return
    shown = [sheet["file"] for record in found.values() for sheet in record["sheets"] if _shows_reals(sheet, run)]
    if shown and not with_reals:
        more = f" and {len(shown) - 1} more" if len(shown) > 1 else ""
        raise InputError(
            f"{run.folder} has findings that show real pictures ({shown[0]}{more}): say --no-findings, or --with-real-pictures "
            "where you may give these away."
        )
    parcel.reals += [f"findings/{name}" for name in shown]
    for path, record in found.items():
        for name in [*(sheet["file"] for sheet in record["sheets"]), record["codes"]]:
            if name and Path(name).suffix in (".png", ".safetensors") and (run.findings / name).is_file():
                parcel.files[f"findings/{name}"] = content_of(run.findings / name, run)
        if record["film"]:
            parcel.left_out.append(f"findings/{record['film']['file']}: a film")
        parcel.files[f"findings/{path.name}"] = _json(cleaned(record | {"film": None}))


def _finding(path: Path) -> dict[str, Any] | None:
    with suppress(InputError, OSError):
        return read_finding(path)
    return None


def _shows_reals(sheet: dict[str, Any], run: Run) -> bool:
    """Whether a sheet of a finding may show real pictures; one without a mark and without words on it is a chart."""
    path = run.findings / sheet["file"]
    is_chart = sheet.get("labels") is None
    return path.is_file() and shows_real_pictures(path, run) and not (is_chart and source_of(path) is None)


def shows_real_pictures(path: Path, run: Run) -> bool:
    """Whether a picture of a run may show real ones: by its mark, unless the run's are figment's own."""
    if are_portraits(run.data) or are_moving_portraits(run.data):
        return False
    return source_of(path) != GENERATED


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=2) + "\n").encode()
