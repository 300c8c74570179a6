"""From a source to a bank: every picture decoded once, on all cores, into its place; what was done is never done again.

The work goes on in a draft folder beside the final one, which is renamed when all is there: there is never a part of a
bank. A journal in the draft says what is done, so an interrupted preparation goes on where it was.
"""

import json
import re
import shutil
from collections import Counter
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from time import monotonic
from typing import Any, Protocol

import numpy as np

from figment.common import sizes
from figment.common.cache import cache_folder
from figment.common.files import write_atomically
from figment.common.progress import Progress
from figment.data.bank.bank import FORMAT, Bank, first_of_each, open_bank, split
from figment.data.bank.drafts import JOURNAL, Journal, draft_of, preparing, sync
from figment.data.bank.shards import Writer, close_gaps, per_shard
from figment.data.bank.workers import map_unordered
from figment.data.decoding.chunks import Chunk, PreparedPicture, StoredChunk, rescue
from figment.data.decoding.decode import is_grey, short_hash
from figment.data.decoding.fit import Target, check_fit
from figment.data.sources.open import Portraits, Skipped, Source, open_source
from figment.errors import InputError, Interrupted, Unreadable

FEWEST = 32
ENLARGED = 0.75  # of the size: a picture with less shows that it was enlarged
SAMPLE = 100  # pictures that decide between grey and colour
JOURNAL_SECONDS = 20.0  # between two notes of what is done: what a kill -9 can cost


class LeaveOut(Protocol):
    """Chooses pictures that aren't to be used, and says why."""

    @property
    def key(self) -> str:
        """The same key chooses the same pictures of a source."""

    def __call__(self, source: Source) -> dict[int, str]:
        """Reasons by slot."""


def prepare(
    data: Any,
    size: int | tuple[int, int],
    channels: int | None = None,
    group: str | None = None,
    progress: Progress | None = None,
    fit: str = "crop",
    leave_out: LeaveOut | None = None,
    fewest: int = FEWEST,
) -> Bank:
    """Bring the pictures of data to one size, or open the bank where that has been done before.

    data: whatever open_source takes. size: pixels of a square, or (height, width). channels: 1 (grey), 3, or None to
    let the pictures decide. group: a pattern whose first bracket, searched in a picture's name, tells what stays on one
    side of the split (a person, say). progress: called with (done, total). fit: how pictures of other shapes are
    brought to the size. leave_out: chooses pictures that aren't used. fewest: different pictures that it takes, 2 at least.

    Works on all cores; memory doesn't grow with the pictures; disk use is N·channels·height·width bytes. Interrupted
    with KeyboardInterrupt it raises Interrupted, and the same call goes on later. Raises InputError where the data, the
    pattern or the disk forbid it, or the data change meanwhile.
    """
    height, width = sizes.shape(size)
    if channels not in (None, 1, 3) or min(height, width) < 1:
        wanted = "give a positive size, and 1 or 3 channels"
        raise InputError(f"size {height}×{width} with {channels} channels can't be prepared: {wanted}")
    fit = check_fit(fit)
    pattern = _group_pattern(group)
    source = open_source(data)
    banks = cache_folder() / "banks"
    content = source.fingerprint()
    channels = channels or _choose_channels(source, banks / f"{content[:32]}.channels")
    key = json.dumps([FORMAT, content, height, width, channels, fit, group, leave_out.key if leave_out else None])
    fingerprint = sha256(key.encode()).hexdigest()[:32]
    folder = banks / fingerprint
    bank = _open_or_none(folder)
    if bank is None:
        keys = _group_keys(pattern, source.listing.names)
        if fit == "face":
            from figment.data.decoding import faces

            faces.require_detector()
        with preparing(banks, fingerprint):
            bank = _open_or_none(folder)  # somebody may have prepared it while we waited
            if bank is None:
                _build(source, content, folder, Target(height, width, channels, fit), keys, leave_out, progress, fewest)
                bank = open_bank(folder)
    if len(bank.pictures) < fewest:  # it was prepared for a purpose that takes fewer
        raise InputError(
            _too_few(source, len(bank.pictures), [*bank.skipped], len(bank.left_out), len(bank.copies), fewest)
        )
    return replace(bank, source=source.display)  # the same pictures may have been prepared under another name


@dataclass(frozen=True)
class Filler:
    """Prepares chunks and writes each picture at its slot; runs in the workers."""

    folder: str
    target: Target
    per_shard: int

    def __call__(self, chunk: Chunk) -> list[PreparedPicture]:
        """Returns what became of each picture, without the pixels."""
        target = self.target
        done = []
        with Writer(Path(self.folder), _row(target), self.per_shard) as shards:
            for picture in chunk.prepare(target):
                if picture.pixels is not None:
                    shards.write(picture.slot, picture.pixels.tobytes())
                done.append(replace(picture, pixels=None))
        return done


def _build(
    source: Source,
    content: str,
    folder: Path,
    target: Target,
    keys: list[bytes | None],
    leave_out: LeaveOut | None,
    progress: Progress | None,
    fewest: int,
) -> None:
    """Prepare everything in a draft, then rename it to the final folder."""
    shutil.rmtree(folder, ignore_errors=True)  # a spoilt one, or open_bank would have opened it
    row, slots = _row(target), len(source.listing.names)
    each = per_shard((target.channels, target.height, target.width))
    with draft_of(folder, slots, row, each) as (draft, journal):
        if journal.left_out is None:
            journal.left_out = leave_out(source) if leave_out else {}
        _fill(source, draft, journal, Filler(str(draft), target, each), progress)
        if source.fingerprint() != content:
            raise InputError(
                f"{source.where} changed while it was being read: run this again when nothing writes to it any more"
            )
        kept, copies = first_of_each(journal.digests)
        if len(kept) < fewest:
            skipped = [*(Skipped("", reason) for reason in journal.skipped.values()), *source.listing.skipped]
            dropped = len(journal.left_out or {})
            raise InputError(_too_few(source, len(kept), skipped, dropped, len(copies), fewest))
        (draft / JOURNAL).unlink(missing_ok=True)  # from here on it wouldn't be true
        close_gaps(draft, kept, row, each, slots)
        facts = {"height": target.height, "width": target.width, "channels": target.channels, "fit": target.fit}
        facts["per_shard"] = each
        smallest = (ENLARGED * target.width, ENLARGED * target.height)
        facts["enlarged"] = int((journal.sides[kept] < smallest).any(axis=1).sum())
        _describe(draft, source, kept, copies, journal, keys, facts)
        for file in draft.iterdir():
            sync(file)
        sync(draft)
        draft.rename(folder)
        sync(folder.parent)


def _fill(source: Source, draft: Path, journal: Journal, filler: Filler, progress: Progress | None) -> None:
    """Prepare every picture that isn't done into its slot."""
    done = journal.done()
    total, count = len(done), int(done.sum())
    only = set(np.flatnonzero(~done).tolist()) if count else None
    noted = monotonic()
    try:
        with closing(source.chunks(only)) as chunks, closing(map_unordered(filler, chunks, rescue=rescue)) as results:
            for result in results:
                for picture in result:
                    journal.add(picture)
                count += len(result)
                if progress:
                    progress(count, total)
                if monotonic() - noted >= JOURNAL_SECONDS:
                    journal.write(draft)
                    noted = monotonic()
    except KeyboardInterrupt:
        journal.write(draft)
        raise Interrupted(
            f"Interrupted: {count:,} of {total:,} pictures are prepared and kept; the same command goes on from there."
        ) from None


def _describe(
    draft: Path,
    source: Source,
    kept: np.ndarray,
    copies: dict[int, int],
    journal: Journal,
    keys: list[bytes | None],
    facts: dict[str, Any],
) -> None:
    """Write all that a bank knows beside its pixels: plain JSON and .npy, the same bytes for the same source."""
    listing = source.listing
    slots = kept.tolist()
    labels = sorted({label for label in listing.labels if label is not None})
    places: dict[str | None, int] = {label: place for place, label in enumerate(labels)}
    digests = journal.digests
    _write_array(draft / "held_out.npy", split([keys[slot] or digests[slot].tobytes() for slot in slots]))
    kinds = np.array([places.get(listing.labels[slot], -1) for slot in slots], np.int32)
    _write_array(draft / "labels.npy", kinds)
    _write_json(draft / "names.json", [listing.names[slot] for slot in slots])
    facts |= {
        "format": FORMAT,
        "count": len(slots),
        "source": source.display,
        "labels": labels,
        "ignored": listing.ignored,
        "skipped": _told(source, journal.skipped, listing.skipped),
        "copies": _told(source, {copy: f"exact copy of {listing.names[first]}" for copy, first in copies.items()}, []),
        "left_out": _told(source, journal.left_out or {}, []),
    }
    _write_json(draft / "bank.json", facts)


def _told(source: Source, reasons: dict[int, str], more: list[Skipped]) -> list[dict[str, str]]:
    told = [*more, *(Skipped(source.listing.names[slot], reason) for slot, reason in reasons.items())]
    return [asdict(item) for item in sorted(told, key=lambda item: item.name)]


def _group_pattern(group: str | None) -> re.Pattern[str] | None:
    if group is None:
        return None
    try:
        pattern = re.compile(group)
    except re.error as error:
        raise InputError(f"--group {group!r} isn't a regular expression ({error}): mend it") from None
    if not pattern.groups:
        raise InputError(f"--group {group!r} has no bracket: put one around what names the group: '^(.*)_'")
    return pattern


def _group_keys(pattern: re.Pattern[str] | None, names: list[str]) -> list[bytes | None]:
    """What decides each picture's side of the split: its group; None, so its own pixels, where it is in no group."""
    if pattern is None:
        return [None] * len(names)
    found = [pattern.search(name) for name in names]
    keys = [match[1] if match else None for match in found]
    if not any(key is not None for key in keys):
        example = f", such as {names[0]!r}" if names else ""
        raise InputError(f"--group {pattern.pattern!r} matches no picture's name{example}: mend the pattern")
    return [None if key is None else short_hash(b"group", key.encode("utf-8", "surrogatepass")) for key in keys]


def _choose_channels(source: Source, note: Path) -> int:
    """1 where a sample spread over the source is all grey, else 3; noted down, since it takes time in an archive."""
    if isinstance(source, Portraits):
        return 3
    with suppress(OSError, ValueError):
        return {"1": 1, "3": 3}[note.read_text("ascii")]
    places = np.linspace(0, len(source.listing.names) - 1, min(SAMPLE, len(source.listing.names)))
    with (
        closing(source.chunks(only=set(places.round().astype(int).tolist()))) as chunks,
        closing(map_unordered(greys, chunks, processes=1, rescue=rescue)) as results,
    ):
        found: set[bool] = set()
        for result in results:
            found |= set(result)
            if False in found:
                break
    channels = 1 if found == {True} else 3
    with suppress(OSError):  # not being able to take notes costs time and nothing else
        note.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(note, str(channels))
    return channels


def greys(chunk: Chunk) -> list[bool]:
    """For each readable picture of a chunk, whether it holds no colour; runs in a worker."""
    found: list[bool] = []
    for _, grey in chunk.each(is_grey) if isinstance(chunk, StoredChunk) else ():
        if not isinstance(grey, Unreadable):
            found.append(grey)
            if not grey:
                break
    return found


def _too_few(source: Source, usable: int, skipped: list[Skipped], dropped: int, copies: int, fewest: int) -> str:
    reasons = Counter(item.reason for item in skipped)
    counts = [(reasons.total(), "skipped"), (copies, "exact duplicates"), (dropped, "dropped")]
    absent = [f"{number:,} {what}" for number, what in counts if number]
    mostly = f"; mostly {reasons.most_common(1)[0][0]}" if reasons else ""
    text = f" ({', '.join(absent)}{mostly})" if absent else ""
    mend = "add more, or drop less" if dropped else "add more"
    return f"{source.where} has {usable:,} usable pictures{text}, and at least {fewest} are needed: {mend}"


def _open_or_none(folder: Path) -> Bank | None:
    try:
        return open_bank(folder)
    except InputError:
        return None


def _row(target: Target) -> int:
    """Bytes of a prepared picture."""
    return target.channels * target.height * target.width


def _write_json(file: Path, content: Any) -> None:
    file.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", "utf-8")


def _write_array(file: Path, array: np.ndarray) -> None:
    # Through memory, since numpy's own writing forgets to say that the disk was full.
    content = BytesIO()
    np.save(content, array)
    file.write_bytes(content.getvalue())
