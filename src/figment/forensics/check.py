"""One file checked: its metadata, its Content Credentials, and figment's invisible mark in its pixels."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from figment.errors import InputError
from figment.forensics.credentials import Credentials, read_credentials
from figment.metadata.files import read
from figment.metadata.origin import Metadata, metadata_of

if TYPE_CHECKING:
    from figment.forensics.in_pixels import Watermark
    from figment.media.watermark import Mark

Look = Literal["thorough", "quick", "none"]
UNSEEN = "its pixels can't be decoded, so no invisible mark was looked for in them"


@dataclass(frozen=True)
class Wanted:
    """What is looked for. look: at the pixels, for the invisible mark. mark: of a generator that is asked about. trust: as
    read_credentials takes it."""

    look: Look = "none"
    mark: "Mark | None" = None
    trust: str | None = None


METADATA = Wanted()


@dataclass(frozen=True)
class Checked:
    """What one file says. c2pa: its Content Credentials, None where it bears none. watermark, detector: None where they weren't
    looked for. error: why the file couldn't be read; all else is None then."""

    file: str
    metadata: Metadata | None = None
    c2pa: Credentials | None = None
    watermark: "Watermark | None" = None
    detector: dict[str, Any] | None = None
    error: str | None = None

    @property
    def is_marked(self) -> bool:
        """Whether it says anything of where it comes from."""
        in_pixels = self.watermark is not None and self.watermark.found
        return in_pixels or self.c2pa is not None or (self.metadata is not None and not self.metadata.is_bare)


def check(file: str | Path, wanted: Wanted = METADATA) -> Checked:
    """What a file says. One that can't be read is told of in error."""
    path = Path(file)
    try:
        stored = read(path)
    except InputError as error:
        return Checked(str(file), error=str(error))
    metadata, watermark = metadata_of(stored), None
    if wanted.look != "none" and stored.kind != "page":
        from figment.forensics.in_pixels import look  # it brings numpy, which metadata needn't wait for

        watermark = look(path, stored.kind, wanted.look == "thorough", wanted.mark)
        if watermark is None:
            metadata = replace(metadata, problem="; ".join(filter(None, (metadata.problem, UNSEEN))))
    # Pixels can be sound where so much is written beside them that it isn't all read.
    if stored.problem is not None and metadata.is_bare and stored.manifest is None and watermark is None:
        return Checked(
            str(file), error=f"{file} can't be read in whole ({stored.problem}), and what can be says nothing."
        )
    credentials = None
    if stored.manifest is not None:
        credentials = read_credentials(path, stored.kind, wanted.trust)
    elif metadata.manifest_address is not None:
        credentials = Credentials("elsewhere", problems=(metadata.manifest_address,))
    if credentials is not None and credentials.run is not None and wanted.mark is not None:
        credentials = replace(credentials, own=credentials.run == wanted.mark.number)
    return Checked(str(file), metadata, credentials, watermark)
