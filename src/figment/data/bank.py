"""The bank: all pictures of a source, prepared once, as one memory-mapped uint8 array with a fixed held-out part."""

import errno
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout

from figment.cache import cache_folder
from figment.data.decode import DIGEST_BYTES, Chunk, Prepared, Stored, Unreadable, is_grey, short_hash
from figment.data.source import Portraits, Skipped, Source, open_source
from figment.data.workers import map_unordered
from figment.errors import InputError

FORMAT = 1
FEWEST = 32
HELD_OUT = 0.1
SAMPLE = 100  # pictures that decide between grey and colour
PIXELS = "pictures.uint8"  # N×C×H×W, nothing else
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Bank:
    """A prepared set of pictures.

    pictures: uint8 (N, C, size, size), read-only, memory-mapped. train and held_out: int64 indices into it, disjoint,
    together all N. skipped, duplicates, ignored: what of the source isn't in the bank, and why. source: its name for
    people.
    """

    folder: Path
    fingerprint: str
    size: int
    channels: int
    pictures: np.memmap
    train: np.ndarray
    held_out: np.ndarray
    skipped: list[Skipped]
    duplicates: int
    ignored: int
    source: str

    @cached_property
    def names(self) -> list[str]:
        """Name of each picture in the source."""
        return list(_read_json(self.folder / "names.json"))

    @cached_property
    def labels(self) -> list[str | None]:
        """Label of each picture, or None."""
        kinds = _read_json(self.folder / "bank.json")["labels"]
        return [None if kind < 0 else kinds[kind] for kind in np.load(self.folder / "labels.npy").tolist()]

    def summary(self) -> str:
        """One or two sentences: how many pictures there are, how they are split, and what was left out."""
        counts = f"{len(self.pictures):,} pictures from {self.source}"
        text = f"{counts}: {len(self.train):,} to train on, {len(self.held_out):,} held out."
        reasons = [f"{item.name}: {item.reason}" for item in self.skipped[:3]]
        reasons += ["… all in run.json"] if len(self.skipped) > 3 else []
        left_out = [
            f"{number:,} {what}"
            for number, what in [
                (len(self.skipped), f"skipped as unreadable ({'; '.join(reasons)})"),
                (self.duplicates, "exact duplicates" if self.duplicates > 1 else "exact duplicate"),
                (self.ignored, "other files" if self.ignored > 1 else "other file"),
            ]
            if number
        ]
        if left_out:
            text += f" Left out: {', '.join(left_out)}."
        return text


def prepare(
    data: str | Path | Source | None,
    size: int,
    channels: int | None = None,
    group: str | None = None,
    progress: Progress | None = None,
) -> Bank:
    """Bring the pictures of data to size×size, or open the bank where that has been done before.

    data: a folder, archive or array file; None for the built-in portraits. channels: 1 (grey), 3, or None to let the
    pictures decide. group: a pattern whose first bracket, searched in a picture's name, tells what stays on one side
    of the split (a person, say). progress: called with (done, total). Works on all cores; memory doesn't grow with the
    pictures, disk use is N·channels·size² bytes. Raises InputError where the data, the pattern or the disk forbid it.
    """
    source = open_source(data)
    if channels not in (None, 1, 3) or size < 1:
        wanted = "give a positive size, and 1 or 3 channels"
        raise InputError(f"size {size} with {channels} channels can't be prepared: {wanted}")
    banks = cache_folder() / "banks"
    content = source.fingerprint()
    channels = channels or _choose_channels(source, banks / f"{content[:32]}.channels")
    key = json.dumps([FORMAT, content, size, channels, group])
    fingerprint = sha256(key.encode()).hexdigest()[:32]
    folder = banks / fingerprint
    bank = _open_or_none(folder)
    if bank is None:
        keys = _group_keys(group, source.listing.names)
        with _locked(banks, fingerprint):
            bank = _open_or_none(folder)  # somebody may have prepared it while we waited
            if bank is None:
                _build(source, folder, size, channels, keys, progress)
                bank = open_bank(folder)
    return replace(bank, source=source.display)  # the same pictures may have been prepared under another name


def open_bank(folder: str | Path) -> Bank:
    """Open a prepared bank by its folder. Raises InputError where there is none."""
    folder = Path(folder)
    try:
        facts = _read_json(folder / "bank.json")
        if facts["format"] != FORMAT:
            raise ValueError
        shape = (facts["count"], facts["channels"], facts["size"], facts["size"])
        if (folder / PIXELS).stat().st_size != np.prod(shape, dtype=np.int64):
            raise ValueError
        held_out = np.load(folder / "held_out.npy")
        return Bank(
            folder=folder,
            fingerprint=folder.name,
            size=facts["size"],
            channels=facts["channels"],
            pictures=np.memmap(folder / PIXELS, np.uint8, "r", shape=shape),
            train=np.flatnonzero(~held_out),
            held_out=np.flatnonzero(held_out),
            skipped=[Skipped(**item) for item in facts["skipped"]],
            duplicates=facts["duplicates"],
            ignored=facts["ignored"],
            source=facts["source"],
        )
    except (OSError, ValueError, KeyError, TypeError, EOFError):
        raise InputError(f"{folder} isn't a bank of prepared pictures: prepare the data again") from None


def split(keys: list[bytes]) -> np.ndarray:
    """Which pictures are held out, bool (N,): a tenth, by a hash of each one's key alone, whatever else is there.

    A set so small that this leaves one side empty gets the key with the lowest hash held out. Raises InputError where
    there is only one key.
    """
    draws = np.array([int.from_bytes(sha256(key).digest()[:8], "big") for key in keys], dtype=np.uint64)
    held_out = draws < np.uint64(int(HELD_OUT * 2**64))
    if not held_out.any() or held_out.all():
        held_out = draws == draws.min()
    if held_out.all():
        raise InputError(
            "--group: all pictures are in one group, so none can be held out: give a pattern that tells groups apart"
        )
    return held_out


@dataclass(frozen=True)
class Filler:
    """Prepares chunks and writes each picture at its slot in the file; runs in the workers."""

    file: str
    size: int
    channels: int

    def __call__(self, chunk: Chunk) -> list[Prepared]:
        """Returns what became of each picture, without the pixels."""
        row = self.channels * self.size**2
        done = []
        # Plain writes: on a full disk they raise an OSError, where a memory map would end the process.
        with open(self.file, "r+b") as file:
            for picture in chunk.prepare(self.size, self.channels):
                if picture.pixels is not None:
                    file.seek(picture.slot * row)
                    file.write(picture.pixels.tobytes())
                done.append(replace(picture, pixels=None))
        return done


def _build(
    source: Source, folder: Path, size: int, channels: int, keys: list[bytes | None], progress: Progress | None
) -> None:
    """Prepare everything in a folder beside the final one, then rename it: there is never a part of a bank."""
    shutil.rmtree(folder, ignore_errors=True)  # a spoilt one, or open_bank would have opened it
    row = channels * size**2
    need = row * len(source.listing.names)
    with _draft(folder, need) as draft:
        pixels = draft / PIXELS
        _allocate(pixels, need)
        digests, skipped = _fill(source, Filler(str(pixels), size, channels), progress)
        kept = _first_of_each(digests)
        duplicates = len(source.listing.names) - len(skipped) - len(kept)
        if len(kept) < FEWEST:
            raise InputError(_too_few(source, len(kept), len(skipped) + len(source.listing.skipped), duplicates))
        _close_gaps(pixels, kept, row)
        facts = {"size": size, "channels": channels, "duplicates": duplicates}
        _describe(draft, source, kept, skipped, digests, keys, facts)
        for file in draft.iterdir():
            _sync(file)
        _sync(draft)
        draft.rename(folder)
        _sync(folder.parent)


def _fill(source: Source, filler: Filler, progress: Progress | None) -> tuple[np.ndarray, dict[int, str]]:
    """Prepare every picture into its slot. Returns digests, uint8 (slots, 16), and the reasons of those skipped."""
    total = len(source.listing.names)
    digests = np.zeros((total, DIGEST_BYTES), np.uint8)
    skipped: dict[int, str] = {}
    done = 0
    with closing(source.chunks()) as chunks, closing(map_unordered(filler, chunks)) as results:
        for result in results:
            for picture in result:
                if picture.digest is None:
                    skipped[picture.slot] = picture.reason or ""
                else:
                    digests[picture.slot] = np.frombuffer(picture.digest, np.uint8)
            done += len(result)
            if progress:
                progress(done, total)
    return digests, skipped


def _first_of_each(digests: np.ndarray) -> np.ndarray:
    """Slots, in order, of the first picture with each digest; a digest of zeros means that there is none."""
    whole = digests.view(f"V{DIGEST_BYTES}")[:, 0]
    first = np.unique(whole, return_index=True)[1]
    return np.sort(first[digests[first].any(axis=1)])


def _close_gaps(pixels: Path, kept: np.ndarray, row: int) -> None:
    """Move the kept pictures, given by their slots, to the front of the file, in order, and cut the rest off."""
    with pixels.open("r+b", buffering=0) as file:
        for place, slot in enumerate(kept.tolist()):
            if place != slot:
                file.seek(slot * row)
                picture = file.read(row)
                file.seek(place * row)
                file.write(picture)
        file.truncate(len(kept) * row)


def _describe(
    draft: Path,
    source: Source,
    kept: np.ndarray,
    unreadable: dict[int, str],
    digests: np.ndarray,
    keys: list[bytes | None],
    facts: dict[str, Any],
) -> None:
    """Write all that a bank knows beside its pixels: plain JSON and .npy, the same bytes for the same source."""
    listing = source.listing
    slots = kept.tolist()
    skipped = listing.skipped + [Skipped(listing.names[slot], reason) for slot, reason in unreadable.items()]
    labels = sorted({label for label in listing.labels if label is not None})
    places: dict[str | None, int] = {label: place for place, label in enumerate(labels)}
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
        "skipped": [asdict(item) for item in sorted(skipped, key=lambda item: item.name)],
    }
    _write_json(draft / "bank.json", facts)


def _group_keys(group: str | None, names: list[str]) -> list[bytes | None]:
    """What decides each picture's side of the split: its group; None, so its own pixels, where it is in no group."""
    if group is None:
        return [None] * len(names)
    try:
        pattern = re.compile(group)
    except re.error as error:
        raise InputError(f"--group {group!r} isn't a regular expression ({error}): mend it") from None
    if not pattern.groups:
        raise InputError(f"--group {group!r} has no bracket: put one around what names the group: '^(.*)_'")
    found = [pattern.search(name) for name in names]
    keys = [match[1] if match else None for match in found]
    if not any(key is not None for key in keys):
        example = f", such as {names[0]!r}" if names else ""
        raise InputError(f"--group {group!r} matches no picture's name{example}: mend the pattern")
    return [None if key is None else short_hash(b"group", key.encode("utf-8", "surrogatepass")) for key in keys]


def _choose_channels(source: Source, note: Path) -> int:
    """1 where a sample spread over the source is all grey, else 3; noted down, since it takes time in an archive."""
    if isinstance(source, Portraits):
        return 3
    with suppress(OSError, ValueError):
        return {"1": 1, "3": 3}[note.read_text("ascii")]
    channels = 1 if _all_grey(source) else 3
    with suppress(OSError):  # not being able to take notes costs time and nothing else
        note.parent.mkdir(parents=True, exist_ok=True)
        fresh = note.with_name(f"{note.name}-{os.urandom(4).hex()}")
        fresh.write_text(str(channels), "ascii")
        fresh.replace(note)
    return channels


def _all_grey(source: Source) -> bool:
    places = np.linspace(0, len(source.listing.names) - 1, SAMPLE)
    readable = 0
    with closing(source.chunks(only=set(places.round().astype(int).tolist()))) as chunks:
        for chunk in chunks:
            for payload in chunk.payloads if isinstance(chunk, Stored) else []:
                with suppress(Unreadable):
                    if not is_grey(payload):
                        return False
                    readable += 1
    return readable > 0


@contextmanager
def _locked(banks: Path, fingerprint: str) -> Iterator[None]:
    """Keep other processes from preparing the same bank, and sweep up what killed ones have left."""
    lock = FileLock(banks / f"{fingerprint}.lock")
    try:
        banks.mkdir(parents=True, exist_ok=True)
        if not os.access(banks, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        lock.acquire()
    except OSError as error:
        reason = error.strerror or str(error)
        mend = "set FIGMENT_CACHE to a folder where you may write"
        raise InputError(f"the cache folder {banks.parent} can't be written to ({reason}): {mend}") from None
    try:
        for part in banks.glob("*.part-*"):
            _sweep(part, fingerprint)
        yield
    finally:
        lock.release()


def _sweep(part: Path, own: str) -> None:
    """Remove a draft unless its maker is alive: it would hold the lock, which the system takes from the dead."""
    maker = part.name.split(".")[0]
    lock = nullcontext() if maker == own else FileLock(part.with_name(f"{maker}.lock"), blocking=False)
    with suppress(Timeout, OSError), lock:
        shutil.rmtree(part, ignore_errors=True)


@contextmanager
def _draft(folder: Path, need: int) -> Iterator[Path]:
    """A folder to build in, gone again whatever goes wrong. Its name is new each time: workers that outlive a killed
    process by a moment must not find their file."""
    draft = folder.with_name(f"{folder.name}.part-{os.urandom(4).hex()}")
    try:
        draft.mkdir()
        yield draft
    except OSError as error:
        if error.errno not in FULL:
            raise
        place = folder.parent.parent
        size = f"{need / 2**20:,.0f} MB"
        mend = "free some space, or set FIGMENT_CACHE to a folder elsewhere"
        raise InputError(
            f"{place} has no room for the {size} of prepared pictures ({error.strerror}): {mend}"
        ) from None
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _allocate(file: Path, size: int) -> None:
    """Reserve the disk space beforehand, so that a full disk shows now and not after an hour."""
    with file.open("wb") as opened:
        if not size or not hasattr(os, "posix_fallocate"):
            return
        try:
            os.posix_fallocate(opened.fileno(), 0, size)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP):  # file systems that can't reserve
                raise


def _sync(path: Path) -> None:
    """Have the system write a file, or a folder's entries, to the disk now."""
    if path.is_dir() and os.name != "posix":
        return
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _too_few(source: Source, usable: int, skipped: int, duplicates: int) -> str:
    left_out = [f"{number} {what}" for number, what in [(skipped, "skipped"), (duplicates, "duplicates")] if number]
    counts = f" ({', '.join(left_out)})" if left_out else ""
    return f"{source.where} has {usable} usable pictures{counts}, and training needs at least {FEWEST}: add more"


def _open_or_none(folder: Path) -> Bank | None:
    try:
        return open_bank(folder)
    except InputError:
        return None


def _read_json(file: Path) -> Any:
    return json.loads(file.read_text("utf-8"))


def _write_json(file: Path, content: Any) -> None:
    file.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", "utf-8")


def _write_array(file: Path, array: np.ndarray) -> None:
    # Through memory, since numpy's own writing forgets to say that the disk was full.
    content = BytesIO()
    np.save(content, array)
    file.write_bytes(content.getvalue())
