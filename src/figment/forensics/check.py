"""One file checked: its metadata, its Content Credentials, and a sentence of what both are worth."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from figment.errors import InputError
from figment.forensics.credentials import Credentials, read_credentials
from figment.forensics.metadata import Metadata, metadata_of
from figment.metadata.files import read


@dataclass(frozen=True)
class Checked:
    """What one file says. c2pa: its Content Credentials, None where it bears none. watermark, detector: None where they weren't
    looked for. error: why the file couldn't be read; all else is None then."""

    file: str
    metadata: Metadata | None = None
    c2pa: Credentials | None = None
    watermark: dict[str, Any] | None = None
    detector: dict[str, Any] | None = None
    error: str | None = None

    @property
    def is_marked(self) -> bool:
        """Whether it says anything of where it comes from."""
        return self.c2pa is not None or (self.metadata is not None and not self.metadata.is_bare)


def check(file: str | Path, trust: str | None = None) -> Checked:
    """What a file says. One that can't be read is told of in error. trust: as read_credentials takes it."""
    path = Path(file)
    try:
        stored = read(path)
    except InputError as error:
        return Checked(str(file), error=str(error))
    metadata = metadata_of(stored)
    if stored.problem is not None and metadata.is_bare and stored.manifest is None:
        return Checked(
            str(file), error=f"{file} is damaged ({stored.problem}), and what can be read of it says nothing."
        )
    credentials = None
    if stored.manifest is not None:
        credentials = read_credentials(path, stored.kind, trust)
    elif metadata.manifest_address is not None:
        credentials = Credentials("elsewhere", problems=(metadata.manifest_address,))
    return Checked(str(file), metadata, credentials)
