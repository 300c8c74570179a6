"""Run: the run folder, a public format; the one place that knows its file names."""

import json
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from figment import recipe as recipes
from figment.common.files import write_atomically
from figment.common.text import plain_name
from figment.errors import InputError
from figment.recipe import Recipe

FORMAT = 1


class Run:
    """A run folder. Opening one checks only that it is one; everything else is read when asked for."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        if not self.folder.exists():
            raise InputError(f"{folder} doesn't exist: name a run folder, such as runs/portraits-1.")
        if not (self.folder / "recipe.json").is_file() or not (self.folder / "run.json").is_file():
            raise InputError(
                f"{folder} is no run folder (it has no recipe.json and run.json): name one that train made."
            )

    @classmethod
    def create(cls, folder: str | Path, recipe: Recipe, facts: dict[str, Any]) -> "Run":
        """A new run folder with its recipe.json and run.json, made whole by one rename.

        Raises InputError if the folder exists and isn't empty, or can't be made.
        """
        folder = Path(folder)
        refuse_taken(folder)
        partial = folder.with_name(f".{folder.name}.part")
        try:
            shutil.rmtree(partial, ignore_errors=True)
            for inner in ("pictures", "snapshots", "state"):
                (partial / inner).mkdir(parents=True)
            write_atomically(partial / "recipe.json", recipes.to_json(recipe))
            write_atomically(partial / "run.json", _json({"format": FORMAT, "state": "new"} | facts))
            if folder.exists():
                folder.rmdir()
            partial.rename(folder)
        except OSError as error:
            shutil.rmtree(partial, ignore_errors=True)
            raise InputError(
                f"--out {folder} can't be made ({error.strerror}): name a folder that can be written."
            ) from None
        return cls(folder)

    def __repr__(self) -> str:
        return f"Run({str(self.folder)!r})"

    # ---- names -----------------------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        return self.folder.resolve().name

    @property
    def generator_file(self) -> Path:
        """The result: averaged weights and norm statistics, with the recipe in its header."""
        return self.folder / "generator.safetensors"

    @property
    def best_file(self) -> Path:
        """The averaged generator that had the best score while the run trained, where it was scored."""
        return self.folder / "generator-best.safetensors"

    @property
    def discriminator_file(self) -> Path:
        return self.folder / "discriminator.safetensors"

    @property
    def state_file(self) -> Path:
        """All that resume needs."""
        return self.folder / "state" / "state.safetensors"

    @property
    def measures_file(self) -> Path:
        """A line for each result of figment measure, with what is needed to repeat it."""
        return self.folder / "measures.jsonl"

    @property
    def pairs_file(self) -> Path:
        """The samples that lay nearest to training pictures when the run was last measured, beside these."""
        return self.folder / "pictures" / "nearest.png"

    @property
    def findings(self) -> Path:
        """What figment explore and explain found: see finding.py."""
        return self.folder / "findings"

    @property
    def directions_file(self) -> Path:
        """Named directions in the latent space, which figment explore directions found."""
        return self.folder / "directions.safetensors"

    @property
    def report_file(self) -> Path:
        return self.folder / "report.html"

    def picture_file(self, images: int) -> Path:
        return self.folder / "pictures" / f"{images:09d}.png"

    def snapshot_file(self, images: int) -> Path:
        return self.folder / "snapshots" / f"{images:09d}.safetensors"

    def pictures(self) -> dict[int, Path]:
        """Grids of the same codes by images seen, in order."""
        return _by_images(self.folder / "pictures", ".png")

    def snapshots(self) -> dict[int, Path]:
        """Averaged generators by images seen, in order."""
        return _by_images(self.folder / "snapshots", ".safetensors")

    # ---- recipe and facts ------------------------------------------------------------------------------------------

    @property
    def recipe(self) -> Recipe:
        path = self.folder / "recipe.json"
        return recipes.from_json(path.read_text(), str(path))

    @recipe.setter
    def recipe(self, recipe: Recipe) -> None:
        write_atomically(self.folder / "recipe.json", recipes.to_json(recipe))

    @property
    def facts(self) -> dict[str, Any]:
        """run.json: data (as given), fingerprint, versions, machine, state of the run."""
        path = self.folder / "run.json"
        try:
            facts = json.loads(path.read_text())
            assert isinstance(facts, dict)
        except (ValueError, AssertionError):
            raise InputError(f"{path} is damaged (it is no JSON object): restore it from a copy of the run.") from None
        if facts.get("format") != FORMAT:
            raise InputError(f"{path} was written by a newer figment: update with pip install --upgrade figment-gan.")
        return facts

    def note(self, **facts: Any) -> None:
        """Set facts in run.json, the others as they were."""
        write_atomically(self.folder / "run.json", _json(self.facts | facts))

    # ---- events ----------------------------------------------------------------------------------------------------

    def log(self, event: dict[str, Any]) -> None:
        """Add one line to events.jsonl."""
        with (self.folder / "events.jsonl").open("a") as file:
            file.write(json.dumps(event) + "\n")

    def add_measures(self, records: Sequence[dict[str, Any]]) -> None:
        """Add results to measures.jsonl: all of them or none."""
        with FileLock(self.folder / "state" / "measures.lock"):
            before = self.measures_file.read_bytes() if self.measures_file.is_file() else b""
            lines = "".join(json.dumps(record) + "\n" for record in records)
            write_atomically(self.measures_file, before + lines.encode())

    def measures(self) -> list[dict[str, Any]]:
        """The lines of measures.jsonl, oldest first; a damaged one is left out."""
        lines = self.measures_file.read_text(errors="replace").splitlines() if self.measures_file.is_file() else []
        return [record for line in lines if (record := _object(line, "score")) is not None]

    def events(self, kind: str | None = None) -> list[dict[str, Any]]:
        """The lines of events.jsonl, of one kind if asked for; a last line that was cut by a power failure is left out."""
        path = self.folder / "events.jsonl"
        events = (
            [e for line in path.read_text().splitlines() if (e := _object(line, "event", "images"))]
            if path.is_file()
            else []
        )
        return [e for e in events if kind is None or e["event"] == kind]

    def forget_after(self, images: int) -> None:
        """Drop events, pictures and snapshots newer than the state that a run goes on from: they will be made again."""
        kept = [e for e in self.events() if e["images"] <= images]
        write_atomically(self.folder / "events.jsonl", "".join(json.dumps(e) + "\n" for e in kept))
        for files in (self.pictures(), self.snapshots()):
            for seen, path in files.items():
                if seen > images:
                    path.unlink()

    # ---- one trainer at a time -------------------------------------------------------------------------------------

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the run for training; the system lets go of it when the process ends, however it ends."""
        lock = FileLock(self.folder / "state" / "lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise InputError(
                f"{self.folder} is being trained by another process: wait for it, or stop it first."
            ) from None
        try:
            yield
        finally:
            lock.release()


def refuse_taken(folder: Path) -> None:
    """Raise InputError if a new run can't be put into folder because something is there already."""
    if folder.is_dir() and any(folder.iterdir()):
        raise InputError(
            f"--out {folder} exists and isn't empty: name another folder, or go on with figment resume {folder}."
        )
    if folder.exists() and not folder.is_dir():
        raise InputError(f"--out {folder} is a file: name a folder.")


def next_name(runs: Path, data: str) -> Path:
    """runs/<data>-<number>, the number one higher than the highest there."""
    stem = plain_name(data)
    taken = [m for p in runs.glob("*") if (m := re.fullmatch(rf"\.?{re.escape(stem)}-(\d+)(\.part)?", p.name))]
    return runs / f"{stem}-{max((int(m[1]) for m in taken), default=0) + 1}"


def _by_images(folder: Path, suffix: str) -> dict[int, Path]:
    files = [p for p in folder.glob(f"*{suffix}") if p.stem.isdigit()]
    return {int(p.stem): p for p in sorted(files, key=lambda p: int(p.stem))}


def _json(facts: dict[str, Any]) -> str:
    return json.dumps(facts, indent=2) + "\n"  # ASCII, since file names may hold bytes that aren't text


def _object(line: str, *fields: str) -> dict[str, Any] | None:
    """A line's JSON object, if it is one and has these fields."""
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) and all(field in found for field in fields) else None
