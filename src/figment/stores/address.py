"""Addresses of stores: gs://bucket/run and the like, checked before any work is done."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from figment.common.extras import mend, missing
from figment.common.text import nearest
from figment.errors import InputError

# Schemes of stores, and the extra that each needs; none comes with figment itself.
EXTRA = {
    "gs": "gcs", "gcs": "gcs", "s3": "s3", "az": "azure", "abfs": "azure", "file": None, "memory": None
}  # fmt: skip
KNOWN = "gs:// (Google), s3:// (Amazon and others), az:// (Azure) or file:// (a disk that is mounted)"
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(.*)", re.DOTALL)


@dataclass(frozen=True)
class Address:
    """Where a run is kept: scheme, and bucket and folder. str() is as fsspec takes it."""

    scheme: str
    place: str

    def __str__(self) -> str:
        return f"{self.scheme}://{self.place}"

    @property
    def name(self) -> str:
        """The last part: what a run that is brought back is called."""
        return self.place.rsplit("/", 1)[-1]


def is_address(text: object) -> bool:
    """Whether a text names a place by a scheme, and no path of this machine."""
    return bool(_ADDRESS.fullmatch(str(text))) and not os.path.lexists(str(text))


def address_of(text: str, option: str = "--keep") -> Address:
    """An address, checked. Raises InputError for what is none, for schemes that aren't known or need a missing extra."""
    found = _ADDRESS.fullmatch(text)
    if found is None:
        raise InputError(
            f"{option} {text or '(empty)'} names no store: write it as SCHEME://BUCKET/FOLDER, with {KNOWN}."
        )
    scheme, place = found[1].lower(), found[2].rstrip("/")
    if scheme not in EXTRA:
        near = nearest(scheme, EXTRA)
        meant = f"did you mean {near}://? " if near else ""
        raise InputError(f"{option} {text}: figment keeps no runs by {scheme}://: {meant}It knows {KNOWN}.")
    if any(c in place for c in "\0\\?#*[]") or any(part in ("", ".", "..") for part in place.strip("/").split("/")):
        raise InputError(f"{option} {text}: its folder has a name that stores don't take: use letters, digits and -.")
    if scheme == "file":
        if not place.startswith("/"):
            raise InputError(f"{option} {text}: a path behind file:// begins at the root: file:///mnt/kept/faces.")
    elif scheme != "memory" and "/" not in place:
        raise InputError(
            f"{option} {text} is a whole bucket: name a folder in it for this run, {scheme}://{place}/faces."
        )
    extra = EXTRA[scheme]
    if extra is not None and (lacking := missing(extra)):
        raise InputError(f"{option} {text} needs {' and '.join(lacking)}: {mend(extra)}")
    if scheme == "file" and not Path(place).parent.is_dir():
        raise InputError(f"{option} {text}: there is no {Path(place).parent}: mount it, or make it, first.")
    return Address(scheme, place)
