"""Drafts: folders in which banks are built, with a journal of what is done, so that no interruption costs the work.

A draft lies beside the final folder, under its name with a suffix, and becomes it by one rename. What makes a bank
holds its lock, which the system takes from the dead.
"""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from time import time
from zipfile import BadZipFile

import numpy as np

from figment.common.cache import locked, naming_cache, sweep
from figment.common.files import flush_to_disk, write_atomically
from figment.common.parts import sweep_parts
from figment.common.units import as_bytes
from figment.data.bank.shards import allocate
from figment.data.decoding.decode import DIGEST_BYTES
from figment.data.decoding.depth import Ranges
from figment.data.decoding.prepared import PreparedPicture
from figment.errors import Interrupted, Unfinished

JOURNAL_FILE = "journal.npz"
DEEP, CONVERTED, BROKEN_PROFILE = 1, 2, 4  # marks of a picture: see depth.py, profiles.py
DRAFT_DAYS = 7  # that an abandoned draft is kept for


@dataclass
class Journal:
    """What is done of a draft. A slot is done when it has a digest or a reason why it has none.

    Deep pictures are looked at first, for the ranges of their values, and prepared when those of all are known.
    """

    digests: np.ndarray  # uint8 (slots, 16); zeros where there is none
    sides: np.ndarray  # int32 (slots, 2): width and height as stored
    marks: np.ndarray  # uint8 (slots,): DEEP and others, of what was seen of a picture
    ranges: Ranges = field(default_factory=Ranges)  # of the deep
    skipped: dict[int, str] = field(default_factory=dict)
    left_out: dict[int, str] | None = None  # None: not chosen yet

    @classmethod
    def new(cls, slots: int) -> "Journal":
        return cls(np.zeros((slots, DIGEST_BYTES), np.uint8), np.zeros((slots, 2), np.int32), np.zeros(slots, np.uint8))

    @classmethod
    def read(cls, folder: Path, slots: int) -> "Journal":
        """Raises OSError, ValueError, KeyError, TypeError, EOFError or BadZipFile where there is none that fits."""
        with (folder / JOURNAL_FILE).open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            reasons = json.loads(arrays["reasons"].tobytes())
            ranges = Ranges.read(reasons["ranges"])
            journal = cls(arrays["digests"], arrays["sides"], arrays["marks"], ranges, _by_slot(reasons["skipped"]))
        shapes = journal.digests.shape, journal.sides.shape, journal.marks.shape
        if shapes != ((slots, DIGEST_BYTES), (slots, 2), (slots,)):
            raise ValueError
        if reasons["left_out"] is not None:
            journal.left_out = _by_slot(reasons["left_out"])
        return journal

    def write(self, folder: Path) -> None:
        """Note what is done, once the disk has the pictures: after a power cut no note may promise what isn't there."""
        for file in folder.glob("*.uint8"):
            flush_to_disk(file)
        noted = {"skipped": self.skipped, "left_out": self.left_out, "ranges": self.ranges.records()}
        reasons = np.frombuffer(json.dumps(noted).encode(), np.uint8)
        content = BytesIO()
        np.savez(content, digests=self.digests, sides=self.sides, marks=self.marks, reasons=reasons)
        write_atomically(folder / JOURNAL_FILE, content.getvalue())

    def look(self, picture: PreparedPicture) -> bool:
        """Note the range of a deep picture's values. Whether it was one, which is left for later."""
        if picture.deep is None:
            return False
        self.ranges.add(picture.deep)
        self.marks[picture.slot] |= DEEP
        return True

    def add(self, picture: PreparedPicture) -> None:
        if picture.digest is None:
            self.skipped[picture.slot] = picture.reason or ""
        else:
            self.digests[picture.slot] = np.frombuffer(picture.digest, np.uint8)
            self.sides[picture.slot] = picture.width, picture.height
        self.marks[picture.slot] |= CONVERTED * picture.profile.converts | BROKEN_PROFILE * picture.profile.broken

    def looked_at(self) -> np.ndarray:
        """Which slots hold deep pictures whose range is known, bool (slots,)."""
        return np.asarray((self.marks & DEEP) > 0)

    def readable(self) -> np.ndarray:
        """Which slots hold a picture, bool (slots,)."""
        return np.asarray(self.digests.any(axis=1))

    def done(self) -> np.ndarray:
        """Which slots nothing is left to do for, bool (slots,)."""
        done = self.readable()
        done[[*self.skipped, *(self.left_out or {})]] = True
        return done


@contextmanager
def preparing(banks: Path, fingerprint: str) -> Iterator[None]:
    """Keep other processes from preparing the same bank.

    The drafts of killed ones that nobody will go on with, without a journal or long abandoned, are swept up.
    """
    with locked(banks / f"{fingerprint}.lock", banks.parent, "the prepared pictures"):
        for draft in banks.glob("*.part-*"):
            maker = draft.name.split(".")[0]
            if _will_be_gone_on_with(draft):
                continue
            if maker == fingerprint:  # whose lock is ours
                shutil.rmtree(draft, ignore_errors=True)
            else:
                sweep(draft, banks / f"{maker}.lock")
        yield


def _will_be_gone_on_with(draft: Path) -> bool:
    try:
        return time() - (draft / JOURNAL_FILE).stat().st_mtime < DRAFT_DAYS * 86_400
    except OSError:
        return False


@contextmanager
def draft_folder(folder: Path, slots: int, picture_bytes: int, per_shard: int) -> Iterator[tuple[Path, Journal]]:
    """A folder to build in and its journal: what an interrupted preparation has left, or new ones.

    Kept when interrupted or unfinished, and gone after any other fault. Its name is new each time: workers that outlive a killed
    process by a moment must not find their files.
    """
    draft = folder.with_name(f"{folder.name}.part-{os.urandom(4).hex()}")
    keep = False
    try:
        with naming_cache(folder.parent.parent, f"the {as_bytes(slots * picture_bytes)} of prepared pictures"):
            journal = _adopt(folder, draft, slots)
            if journal is None:
                journal = Journal.new(slots)
                draft.mkdir()
                allocate(draft, slots, picture_bytes, per_shard)
            yield draft, journal
    except (Interrupted, Unfinished):
        keep = True
        raise
    finally:
        if not keep:
            shutil.rmtree(draft, ignore_errors=True)


def _adopt(folder: Path, draft: Path, slots: int) -> Journal | None:
    """The journal of a draft left behind for this bank, which from now on is ours."""
    for left in folder.parent.glob(f"{folder.name}.part-*"):
        with suppress(OSError, ValueError, KeyError, TypeError, EOFError, BadZipFile):
            journal = Journal.read(left, slots)
            left.rename(draft)
            sweep_parts(draft)
            return journal
    return None


def _by_slot(reasons: dict[str, str]) -> dict[int, str]:
    return {int(slot): reason for slot, reason in reasons.items()}
