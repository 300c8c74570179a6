"""Run: the run folder, a public format; the one place that knows its file names."""

import errno
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from html import escape
from pathlib import Path
from typing import Any, Protocol

from figment import recipe as recipes
from figment.common.called import check_run
from figment.common.files import flush_to_disk, write_atomically, write_together
from figment.common.locks import MARKER_SUFFIX, Held, lock_held
from figment.common.parts import PART, part_beside, sweep_parts
from figment.common.places import check_folder
from figment.common.refusals import naming_refusals, refusal
from figment.common.signals import StopRequest
from figment.common.text import plain_name, typed
from figment.errors import InputError
from figment.recipe import Recipe
from figment.run_files import FORMAT, Log, events_of, measures_of, read_facts

IMAGES = re.compile(r"\d{1,18}", re.ASCII)  # seen, in names of files: ² is a digit, too, but no number
_INNER = {"pictures", "snapshots", "state"}  # folders that every run has


class Elsewhere(Protocol):
    """Who keeps a copy of a run on a store: see stores/keeper.py. Told of each saved state, when all of it is there.

    lead: how many seconds earlier than every save_seconds a state is to be saved. lacking: at the end, what isn't up there.
    """

    lacking: str | None
    stop: StopRequest

    def lead(self, save_seconds: float) -> float: ...
    def saved(self, images: int, seconds: float) -> None: ...


class Run:
    """A run folder. Opening one checks only that it is one; everything else is read when asked for."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.listeners: list[Callable[[dict[str, Any]], None]] = []  # told of each event as it is logged
        self.elsewhere: Elsewhere | None = None  # while it trains
        check_run(self.folder)

    @classmethod
    def create(cls, folder: str | Path, recipe: Recipe, facts: dict[str, Any], again: str = "") -> "Run":
        """A new run folder with its recipe.json and run.json, made whole by one rename. again: its run.toml, where it has one.

        An empty folder that is there already, which may be a mounted disk or where a shell stands, is filled in its place.
        Raises Taken if the folder exists and isn't empty, or another process is the first to make it; InputError if it
        can't be made.
        """
        folder = Path(folder)
        refuse_taken(folder)
        home = Path(os.path.realpath(folder))  # the folder's own name, where it was given as . or by a link
        facts = {"format": FORMAT, "state": "new"} | facts
        sweep_parts(home.parent)
        _sweep_unfinished(home.with_name(f".{home.name}.part"))
        try:
            if home.exists():
                _fill(home, recipe, facts, again)
                return cls(folder)
            home.parent.mkdir(parents=True, exist_ok=True)
            with part_beside(home, folder=True) as part:
                _write_new(part, recipe, facts, again)
                part.rename(home)
            flush_to_disk(home.parent)
        except OSError as error:
            if error.errno in {errno.EEXIST, errno.ENOTEMPTY}:
                raise _taken(folder) from None
            raise refusal(f"--out {folder}", error, done="made", elsewhere="name another folder") from None
        return cls(folder)

    @classmethod
    def create_numbered(cls, runs: Path, data: str, recipe: Recipe, facts: dict[str, Any], again: str = "") -> "Run":
        """A new run folder under the next name for its data: see next_name. Raises InputError if it can't be made."""
        while True:
            with suppress(Taken):  # by another process, since the names were looked at
                return cls.create(next_name(runs, data), recipe, facts, again)

    @property
    def mark_key(self) -> str | None:
        """32 hex digits that the invisible mark in its pictures is made by; None of runs from before there was one."""
        return self.facts.get("mark")

    def __repr__(self) -> str:
        """Where it is, by what it is trained, and how far it has come."""
        try:
            recipe, facts = self.recipe, self.facts
            height, width = recipe.shape
            state = f"{facts.get('state', 'of unknown state')} at {facts.get('images', 0):,} images"
            return f"<Run {str(self.folder)!r}: {recipe.name}, {height}×{width}, {state}>"
        except (InputError, OSError, TypeError, ValueError):
            return f"<Run {str(self.folder)!r}>"

    def _repr_html_(self) -> str:
        """What a notebook shows of it: the same, and its newest sheet."""
        from figment.media.picture import embedded  # it brings torch, which the refusals of a run needn't wait for

        words = f"<code>{escape(repr(self))}</code>"
        sheets = list(self.pictures().values())
        return f"{words}<br>{embedded(sheets[-1].read_bytes(), 'its newest samples')}" if sheets else words

    # ---- names -----------------------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        return self.folder.resolve().name

    @property
    def recipe_file(self) -> Path:
        return self.folder / "recipe.json"

    @property
    def facts_file(self) -> Path:
        return self.folder / "run.json"

    @property
    def events_file(self) -> Path:
        """A line for each thing that happened."""
        return self.folder / "events.jsonl"

    @property
    def generator_file(self) -> Path:
        """The result: averaged weights and norm statistics, with the recipe in its header."""
        return self.folder / "generator.safetensors"

    @property
    def best_file(self) -> Path:
        """Where the run was scored as it trained: the last generator looked at, or an earlier one that was surely better."""
        return self.folder / "generator-best.safetensors"

    @property
    def discriminator_file(self) -> Path:
        return self.folder / "discriminator.safetensors"

    @property
    def lock_file(self) -> Path:
        """Held by who trains the run: see locked()."""
        return self.folder / "state" / "lock"

    @property
    def state_file(self) -> Path:
        """All that resume needs."""
        return self.folder / "state" / "state.safetensors"

    @property
    def good_file(self) -> Path:
        """The state that training goes back to when it diverges, kept whenever so many images were seen."""
        return self.folder / "state" / "good.safetensors"

    @property
    def kept_file(self) -> Path:
        """Who the run is to the store that keeps it: see stores/place.py."""
        return self.folder / "state" / "kept.json"

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
    def favourites_file(self) -> Path:
        """Codes that somebody kept in the studio, with their names."""
        return self.folder / "favourites.safetensors"

    @property
    def report_file(self) -> Path:
        return self.folder / "report.html"

    @property
    def live_file(self) -> Path:
        """The page that shows the run while it trains."""
        return self.folder / "live.html"

    @property
    def live_data_file(self) -> Path:
        """What that page reads anew every few seconds."""
        return self.folder / "live.js"

    def lacking(self, net: str) -> InputError:
        """What is said where a net's file isn't there: whether it is to come, or was there."""
        mend = f"go on with figment resume {typed(self.folder)}"
        try:
            with self.locked():
                pass
        except Busy:
            mend = "it is being trained: wait until it saves for the first time"
        except (InputError, OSError):  # where we may only read
            pass
        if self.facts["state"] == "finished":
            mend = "restore it from a copy, or name one of the generators in its snapshots"
        return InputError(f"{self.folder} has no {net}.safetensors: {mend}.")

    def picture_file(self, images: int) -> Path:
        return self.folder / "pictures" / f"{images:09d}.png"

    def film_file(self, images: int) -> Path:
        return self.folder / "pictures" / f"{images:09d}.mp4"

    @property
    def stopped_file(self) -> Path:
        """The grid of a run that was stopped between two of them; gone as it goes on."""
        return self.folder / "pictures" / "stopped.png"

    def snapshot_file(self, images: int) -> Path:
        return self.folder / "snapshots" / f"{images:09d}.safetensors"

    def pictures(self) -> dict[int, Path]:
        """Grids of the same codes by images seen, in order."""
        return _by_images(self.folder / "pictures", ".png")

    def films(self) -> dict[int, Path]:
        """Of a run of clips, some of the same codes in motion, round and round; by images seen, in order."""
        return _by_images(self.folder / "pictures", ".mp4")

    def snapshots(self) -> dict[int, Path]:
        """Averaged generators by images seen, in order."""
        return _by_images(self.folder / "snapshots", ".safetensors")

    # ---- recipe and facts ------------------------------------------------------------------------------------------

    @property
    def recipe(self) -> Recipe:
        return recipes.from_json(self.recipe_file.read_bytes(), str(self.recipe_file))

    @recipe.setter
    def recipe(self, recipe: Recipe) -> None:
        write_atomically(self.recipe_file, recipes.to_json(recipe))

    @property
    def facts(self) -> dict[str, Any]:
        """run.json: data (as given), fingerprint, versions, machine, state of the run."""
        return read_facts(self.facts_file)

    @property
    def state(self) -> str:
        """new, training, interrupted or finished. Raises InputError where run.json doesn't tell."""
        return str(self._fact("state", "restore it from a copy of the run, or train anew"))

    @property
    def data(self) -> str | list[str] | None:
        """What the run is trained on, as training takes it. Raises InputError where run.json doesn't tell."""
        data: str | list[str] | None = self._fact(
            "data", f"say so with figment resume {typed(self.folder)} --data DATA"
        )
        return data

    def _fact(self, name: str, mend: str) -> Any:
        facts = self.facts
        if name not in facts:
            raise InputError(f"{self.facts_file} doesn't tell the run's {name}: {mend}.")
        return facts[name]

    def note(self, **facts: Any) -> None:
        """Set facts in run.json, the others as they were."""
        write_atomically(self.facts_file, _json(self.facts | facts))

    # ---- events ----------------------------------------------------------------------------------------------------

    def log(self, event: dict[str, Any]) -> None:
        """Add one line to events.jsonl, and tell who listens."""
        with self.events_file.open("a") as file:
            file.write(json.dumps(event) + "\n")
        for listener in self.listeners:
            listener(event)

    def add_measures(self, records: Sequence[dict[str, Any]]) -> None:
        """Add results to measures.jsonl: all of them or none."""
        lock = self.folder / "state" / "measures.lock"
        lock.parent.mkdir(exist_ok=True)
        with lock_held(lock):
            before = self.measures_file.read_bytes() if self.measures_file.is_file() else b""
            lines = "".join(json.dumps(record) + "\n" for record in records)
            write_atomically(self.measures_file, before + lines.encode())

    def measures(self) -> list[dict[str, Any]]:
        """The lines of measures.jsonl, oldest first; a damaged one is left out."""
        return measures_of(self.measures_file).records()

    def events(self, kind: str | None = None) -> list[dict[str, Any]]:
        """The lines of events.jsonl, of one kind if asked for, all read at each call; damaged ones are left out."""
        return [e for e in events_of(self.events_file).records() if kind is None or e["event"] == kind]

    def forget_after(self, images: int) -> None:
        """Drop events, pictures and snapshots newer than the state that a run goes on from: they will be made again."""
        write_atomically(self.events_file, _lines_until(events_of(self.events_file), images))
        self._remove_after(images)

    def begin(self, recipe: Recipe, facts: Mapping[str, Any], resumed: Mapping[str, Any] | None = None) -> str | None:
        """Write down what a training begins with: its recipe, facts, and the event of being resumed.

        Of a resumed run all that is newer than that event is dropped, and the report, which tells of another moment; damaged
        lines stay. Where the disk takes not all of
        it, all is as it was. The recipe comes first: if only that is written, the run is as it was and its budget the one
        now asked for. Returns what there is to say of damaged lines.
        """
        contents: dict[Path, bytes | str] = {
            self.recipe_file: recipes.to_json(recipe), self.facts_file: _json(self.facts | dict(facts))
        }  # fmt: skip
        if resumed is None:
            write_together(contents)
            return None
        log = events_of(self.events_file)
        events = _lines_until(log, resumed["images"]) + json.dumps(resumed).encode() + b"\n"
        write_together(contents | {self.events_file: events})
        self._remove_after(resumed["images"])
        self.report_file.unlink(missing_ok=True)
        return log.damage()

    def flush(self) -> None:
        """Have the disk keep what was written: the events' lines, and the names of files. A power cut may come."""
        if self.events_file.exists():
            flush_to_disk(self.events_file)
        for folder in (*(self.folder / name for name in _INNER), self.folder):
            if folder == self.folder or folder.is_dir():  # one that was removed is made again when it is needed
                flush_to_disk(folder)

    def _remove_after(self, images: int) -> None:
        self.stopped_file.unlink(missing_ok=True)
        for files in (self.pictures(), self.films(), self.snapshots()):
            for seen, path in files.items():
                if seen > images:
                    path.unlink()

    # ---- one trainer at a time -------------------------------------------------------------------------------------

    def sweep(self) -> None:
        """Remove what killed processes have left half written."""
        for folder in (self.folder, *(self.folder / name for name in _INNER), self.findings):
            sweep_parts(folder)
        with suppress(OSError):
            self.best_file.with_suffix(".part").unlink(missing_ok=True)  # as earlier versions called theirs

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the run for training; the system lets go of it when the process ends, however it ends.

        Where the file system has no locks, a marker with the process's number does: see common/locks.py.
        """
        with ExitStack() as held:
            try:
                with naming_refusals(self.folder, done="written to", elsewhere="copy the run to another disk"):
                    held.enter_context(lock_held(self.lock_file, wait=False))
            except Held as other:
                raise Busy(f"{self.folder} is being trained by {other.holder}: {other.mend}.") from None
            yield


def open_run(path: str | Path) -> Run:
    """The run in a folder.

    Parameters
    ----------
    path : str or Path
        A run folder, such as runs/my-pictures-1.

    Returns
    -------
    Run
        Its recipe, facts, events, measures and files, each read when it is asked for.

    Raises
    ------
    InputError
        Where there is no such folder, or it is none that train made.

    Examples
    --------
    >>> run = figment.open_run("runs/my-pictures-1")  # doctest: +SKIP
    >>> [event["fd"] for event in run.events("score")]  # doctest: +SKIP
    """
    return Run(path)


class Busy(InputError):
    """A run is held by another process."""


class Taken(InputError):
    """A run folder is asked for where something is already."""


def refuse_taken(folder: Path) -> None:
    """Raise InputError if a new run can't be put into folder: Taken where something is there already."""
    check_folder(folder)
    try:
        taken = folder.is_dir() and not _holds_nothing(folder)
    except OSError as error:
        raise refusal(f"--out {folder}", error, done="read") from None
    if taken:
        raise _taken(folder)


def _holds_nothing(folder: Path) -> bool:
    """Whether a folder is empty, or has only what a process left that was killed while it filled it."""
    names = {path.name for path in folder.iterdir() if not PART.fullmatch(path.name)}
    inside = {path.name for name in names & _INNER for path in (folder / name).iterdir()}
    return names <= {*_INNER, "recipe.json", "run.toml"} and inside <= {"lock", f"lock{MARKER_SUFFIX}"}


def _taken(folder: Path) -> Taken:
    mend = "name another folder"
    if (folder / "recipe.json").is_file() and (folder / "run.json").is_file():
        mend += f", or go on with figment resume {typed(folder)}"
    return Taken(f"--out {folder} exists and isn't empty: {mend}.")


def _sweep_unfinished(folder: Path) -> None:
    """Remove a folder that an earlier version, which called all of them so, was killed over before it was a run."""
    with suppress(OSError):
        if {path.name for path in folder.iterdir()} <= {*_INNER, "recipe.json", "run.json"}:
            shutil.rmtree(folder)


def _fill(folder: Path, recipe: Recipe, facts: dict[str, Any], again: str) -> None:
    """Make a new run in a folder that is there: of several processes, the one that holds the run's lock.

    Raises Taken in the others; OSError, with the folder as empty as it was.
    """
    (folder / "state").mkdir(exist_ok=True)
    try:
        with lock_held(folder / "state" / "lock", wait=False):
            if (folder / "run.json").exists():
                raise _taken(folder)
            try:
                _write_new(folder, recipe, facts, again)
            except OSError:
                empty(folder)
                raise
    except Held:
        raise _taken(folder) from None


def _write_new(folder: Path, recipe: Recipe, facts: dict[str, Any], again: str) -> None:
    for inner in sorted(_INNER):
        (folder / inner).mkdir(exist_ok=True)
    config = {"run.toml": again} if again else {}
    contents = {"recipe.json": recipes.to_json(recipe), **config, "run.json": _json(facts)}
    write_together({folder / name: content for name, content in contents.items()})
    flush_to_disk(folder)


def empty(folder: Path) -> None:
    """Remove all that is in a folder, as far as can be."""
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def next_name(runs: Path, data: str) -> Path:
    """runs/<data>-<number>, the number one higher than the highest there."""
    stem = plain_name(data)
    taken = [m for p in runs.glob("*") if (m := re.fullmatch(rf"{re.escape(stem)}-(\d+)", p.name))]
    return runs / f"{stem}-{max((int(m[1]) for m in taken), default=0) + 1}"


def _lines_until(log: Log, images: int) -> bytes:
    """The lines of a log but those of events after so many images; damaged ones as they are."""
    kept = b"".join(line for line, event in log if event is None or event["images"] <= images)
    return kept if kept.endswith(b"\n") or not kept else kept + b"\n"


def _by_images(folder: Path, suffix: str) -> dict[int, Path]:
    files = [p for p in folder.glob(f"*{suffix}") if IMAGES.fullmatch(p.stem)]
    return {int(p.stem): p for p in sorted(files, key=lambda p: int(p.stem))}


def _json(facts: dict[str, Any]) -> str:
    return json.dumps(facts, indent=2) + "\n"  # ASCII, since file names may hold bytes that aren't text
