"""Finding: what an experiment on a run found, as pictures, their codes, numbers, and a sentence that says what one sees.

A finding is kept as `<kind>[-<name>].json`, with its pictures and codes beside it under the same name, in the folder
`findings` of a run; the report shows all that lie there.
"""

import json
import tempfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from figment import codes
from figment.common.files import write_outputs
from figment.common.parts import sweep_parts
from figment.common.progress import Say
from figment.common.text import plain_name
from figment.errors import InputError
from figment.media.images import encode
from figment.media.provenance import DigitalSourceType
from figment.media.strips import MIN_PICTURE_SIDE, Labels, Row, labels_of, strips
from figment.media.watermark import Mark
from figment.run_files import FORMAT, read_finding

GENERATED: DigitalSourceType = "trainedAlgorithmicMedia"
FILM_CRF = 26  # small enough for a report, and letters stay clear


@dataclass(frozen=True, eq=False)
class Sheet:
    """A picture of a finding: uint8 (H, W, 3), what it shows in a sentence or two, and what it is marked as.

    source: "trainedAlgorithmicMedia" where all is generated, "compositeWithTrainedAlgorithmicMedia" where real pictures stand
    beside it, None where nothing is synthetic, "algorithmicMedia" where it is real pictures that figment drew. labels: the
    words on it, where it is made of strips. legend: what its colours mean, each with red, green and blue.
    """

    picture: NDArray[np.uint8]
    caption: str
    source: DigitalSourceType | None = "trainedAlgorithmicMedia"
    labels: Labels | None = None
    legend: tuple[tuple[str, tuple[int, int, int]], ...] = ()

    @classmethod
    def of_strips(
        cls, rows: Sequence[Row], caption: str, source: DigitalSourceType | None = "trainedAlgorithmicMedia",
        titles: Sequence[str] = (), shown: int = MIN_PICTURE_SIDE,
    ) -> "Sheet":  # fmt: skip
        """The sheet that media.strips makes of named rows of pictures, with its words, so that pages can set them as text."""
        return cls(strips(rows, titles, shown), caption, source, labels_of(rows, titles, shown))

    def as_record(self, file: str) -> dict[str, Any]:
        """What a finding's record tells of it."""
        told: dict[str, Any] = {"file": file, "caption": self.caption}
        if self.labels is not None:
            told["labels"] = self.labels._asdict() | {"rows": [row._asdict() for row in self.labels.rows]}
        if self.legend:
            told["legend"] = [{"meaning": meaning, "rgb": rgb} for meaning, rgb in self.legend]
        return told


class Film(NamedTuple):
    """A film of a finding, all of it generated, that is played round and round: what gives its frames, uint8 (H, W, 3), how many
    of them a second, and what it shows in a sentence."""

    frames: Callable[[], Iterable[NDArray[np.uint8]]]
    fps: float
    caption: str


@dataclass(frozen=True, eq=False)
class Finding:
    """What an experiment found.

    kind: the experiment, as its command is called. sentence: what one sees, in plain words, one sentence or a few. sheets: by
    name; the main one's is "". numbers: whatever JSON can hold. columns, rows: a table for people. codes, labels: of the
    generated pictures, in the order that numbers or captions tell: float (N, code_size), int64 (N,). name: tells it from
    others of its kind. film: of what moves.
    """

    kind: str
    sentence: str
    sheets: dict[str, Sheet]
    numbers: dict[str, Any] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    codes: Tensor | None = None
    labels: Tensor | None = None
    name: str = ""
    film: Film | None = None

    @property
    def stem(self) -> str:
        """What its files' names begin with."""
        return f"{self.kind}-{plain_name(self.name).replace('.', '-')}" if self.name else self.kind

    def save(
        self, folder: Path, images: int | None = None, command: Sequence[str] = (), mark: Mark | None = None
    ) -> list[Path]:  # fmt: skip
        """Write it into a folder, in place of an earlier finding of its kind and name; gives the files, pictures first.

        images: seen by the nets when it was found. mark: the generator's invisible one, for the sheets of which all is generated.
        Raises InputError where the folder can't be written.
        """
        pictures = {
            folder / f"{self.stem}{f'.{name}' if name else ''}.png": sheet for name, sheet in self.sheets.items()
        }
        contents: dict[str, bytes | str] = {
            path.name: encode(sheet.picture, "PNG", sheet.source, mark=mark if sheet.source == GENERATED else None)
            for path, sheet in pictures.items()
        }
        written = list(pictures)
        if self.film is not None:
            written.append(folder / f"{self.stem}.mp4")
            contents[written[-1].name] = video_bytes(self.film.frames(), self.film.fps, mark)
        if self.codes is not None:
            written.append(folder / f"{self.stem}.safetensors")
            contents[written[-1].name] = codes.packed(self.codes, self.labels)
        facts = {
            "format": FORMAT, "kind": self.kind, "name": self.name, "images": images, "sentence": self.sentence,
            "numbers": self.numbers, "columns": self.columns, "rows": self.rows,
            "sheets": [sheet.as_record(path.name) for path, sheet in pictures.items()],
            "codes": written[-1].name if self.codes is not None else None, "command": list(command),
            "film": {"file": f"{self.stem}.mp4", "caption": self.film.caption} if self.film is not None else None,
        }  # fmt: skip
        record = folder / f"{self.stem}.json"
        before = _files_of(record)
        sweep_parts(folder)
        write_outputs(folder, contents | {record.name: json.dumps(facts, indent=1) + "\n"})
        for stale in before - {path.name for path in written}:
            with suppress(OSError):
                (folder / stale).unlink()
        return [*written, record]


def read_findings(folder: Path, say: Say | None = None) -> list[dict[str, Any]]:
    """The records of all findings in a folder, by name; one that is damaged or a newer figment's is left out.

    say: told of each that is left out, and why.
    """
    records = []
    for path in sorted(folder.glob("*.json")):
        try:
            records.append(read_finding(path))
        except (InputError, OSError) as error:
            if say:
                say(f"left out: {error if isinstance(error, InputError) else f'{path} ({error.strerror})'}")
    return records


def _files_of(path: Path) -> set[str]:
    try:
        record = read_finding(path)
    except (InputError, OSError):
        return set()
    film = {record["film"]["file"]} if record["film"] else set()
    return {sheet["file"] for sheet in record["sheets"]} | film | ({record["codes"]} if record["codes"] else set())


def video_bytes(frames: Iterable[NDArray[np.uint8]], fps: float, mark: Mark | None) -> bytes:
    """A film as the bytes of an mp4."""
    from figment.media.video import write_video  # it brings PyAV, which other findings needn't wait for

    with tempfile.TemporaryDirectory() as aside:
        file = Path(aside, "film.mp4")
        write_video(file, frames, fps, GENERATED, mark, crf=FILM_CRF)
        return file.read_bytes()
