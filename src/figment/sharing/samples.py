"""Samples as files: one sheet, to look at or to print, or a file a picture."""

import io
import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from figment.common.files import write_output
from figment.common.pixels import as_array
from figment.common.places import check_folder
from figment.common.progress import Progress, Tally
from figment.common.text import plain_name, printable, shown
from figment.errors import InputError
from figment.media.caption import with_caption
from figment.media.choosing import choice
from figment.media.contact_sheet import DPI, PAPERS, columns_on, contact_sheet, page_of
from figment.media.endings import FORMATS, check_picture
from figment.media.images import (
    Resampling,
    check_sheet,
    columns_for,
    encode,
    enlarged,
    grid,
    grid_size,
    write,
)
from figment.media.provenance import is_own
from figment.media.signing import Signer
from figment.media.strips import Row, strips, strips_size
from figment.media.watermark import Mark
from figment.sharing.onnx_generator import OnnxGenerator

if TYPE_CHECKING:  # none of them is read for an OnnxGenerator
    from torch import Tensor

    from figment.generator import Generator

    AnyGenerator = Generator | OnnxGenerator

BATCH_SAMPLES = 256  # pictures in memory; candidates between two steps of the progress
MAX_CLASS_CHARACTERS = 60  # characters of a class in a file's name
MAX_NAME_LETTERS = 40  # of a class, beside its row
SHEET_SIDE = 512  # pixels that a sheet's longer side has at least
MIN_PRINTED_SIDE = 24  # pixels of a printed picture, 2 mm: of smaller ones nothing is seen
NAMED = {"lanczos": "Lanczos", "nearest": "pixels repeated"}


@dataclass(frozen=True)
class SheetStyle:
    """How samples are shown. scale: times that each is enlarged; None: a sheet until its longer side has 512 pixels.

    numbered: with their numbers, which pick lacks. paper: one of PAPERS, which is filled, in place of a scale. is_marked: with
    the generator's invisible mark. signer: signs the files.
    """

    scale: int | None = None
    resampling: Resampling = "lanczos"
    numbered: bool = False
    paper: str | None = None
    is_marked: bool = True
    signer: Signer | None = None

    def mark(self, generator: "AnyGenerator") -> Mark | None:
        return generator.mark if self.is_marked else None

    def check(self, path: Path) -> None:
        """Raise InputError, before any work, for what can't go together."""
        if self.paper is None:
            return
        if self.paper not in PAPERS:
            raise InputError(f"--paper {shown(self.paper)}: there are {', '.join(PAPERS)}.")
        if self.scale is not None:
            raise InputError(
                f"--scale {self.scale}: a page is filled, whatever its pictures' size: leave out --scale or --paper."
            )
        if path.suffix.lower() == ".webp":
            raise InputError(f"{path}: WebP doesn't tell how large a page is printed: let it end in .png or .jpg.")


class _Rows(NamedTuple):
    """A sheet's rows: their names, how many pictures each has, and the columns' titles."""

    names: list[str]
    counts: list[int]
    titles: list[str]

    @property
    def are_named(self) -> bool:
        return any(self.names)


def write_grid(
    generator: "AnyGenerator", path: Path, count: int | None, seed: int, truncation: float, labels: Sequence[str] = (),
    shift: "Tensor | None" = None, style: SheetStyle | None = None, pick: int = 1, progress: Progress | None = None,
) -> None:  # fmt: skip
    """Samples 0 … count - 1 of a seed as one sheet; of several labels a row each, with its name beside it. Of clips each has a
    row of its own: see Generator.strips.

    What isn't given is as Generator.shown says; that samples were picked stands below them. Raises InputError as
    SheetStyle.check and check_sheet do.
    """
    style = style or SheetStyle()
    check_picture(path)
    style.check(path)
    count, labels = generator.shown(count, tuple(labels))
    done, found = Tally(progress, count * max(len(labels), 1)), list[NDArray[np.uint8]]()
    shape = generator.recipe.shape
    if not isinstance(generator, OnnxGenerator) and generator.recipe.frames:
        generator.check_pictures_picked(pick)
        rows = _clip_rows(generator, count, labels, style)
        scale = _checked_scale(path, rows, shape, style)
        for strips_of in _strip_batches(generator, count, seed, truncation, labels, shift):
            found.append(as_array(strips_of.flatten(0, 1)))
            done(len(strips_of))
    else:
        rows = _rows(count, labels, shape, style)
        scale = _checked_scale(path, rows, shape, style)
        for _, _, pictures in _batches(generator, count, seed, truncation, labels, shift, pick):
            found.append(pictures)
            done(len(pictures))
    _write_sheet(path, np.concatenate(found), rows, style, scale, style.mark(generator), f"seed {seed}", choice(pick))


def _rows(count: int, labels: Sequence[str], shape: tuple[int, int], style: SheetStyle) -> _Rows:
    """How pictures lie: a row a label, where there are several; else as many a row as make it nearly square, or fill a page."""
    if len(labels) > 1:
        return _Rows(
            list(map(_short, labels)), [count] * len(labels), list(map(str, range(count))) if style.numbered else []
        )
    columns = min(columns_on(style.paper, count, *shape) if style.paper else columns_for(count, *shape), count)
    counts = [min(columns, count - start) for start in range(0, count, columns)]
    names = [str(columns * row) if style.numbered else "" for row in range(len(counts))]
    return _Rows(names, counts, [f"+{column}" for column in range(columns)] if style.numbered else [])


def _clip_rows(generator: "Generator", count: int, labels: Sequence[str], style: SheetStyle) -> _Rows:
    """A row for each clip: its number and class beside it, where they are asked for, and the frames' times above."""
    seconds = generator.strip_seconds
    names = [
        " ".join(filter(None, (_short(label) if len(labels) > 1 else "", str(number) if style.numbered else "")))
        for label in labels or [""]
        for number in range(count)
    ]
    return _Rows(names, [len(seconds)] * len(names), [f"{time:.2f} s" for time in seconds] if style.numbered else [])


def _short(name: str) -> str:
    """A class's name as it stands beside its row."""
    return printable(name if len(name) <= MAX_NAME_LETTERS else f"{name[: MAX_NAME_LETTERS - 1]}…")


def _checked_scale(path: Path, rows: _Rows, shape: tuple[int, int], style: SheetStyle) -> int:
    """How many times pictures are enlarged. Raises InputError where the sheet is too large for its format, or they too small."""
    if style.paper:
        if min(page_of(rows.names, rows.counts, rows.titles, shape, style.paper).side) < MIN_PRINTED_SIDE:
            raise InputError(
                f"--paper {style.paper}: {sum(rows.counts):,} pictures are too many for a page: ask for fewer."
            )
        return 1
    scale = style.scale or next(n for n in itertools.count(1) if max(_size(rows, shape, n)) >= SHEET_SIDE)
    check_sheet(path, *_size(rows, shape, scale))
    return scale


def _size(rows: _Rows, shape: tuple[int, int], scale: int) -> tuple[int, int]:
    """Height and width of a sheet."""
    height, width = shape[0] * scale, shape[1] * scale
    if rows.are_named:
        return strips_size(*rows, (height, width), 1)
    return grid_size(sum(rows.counts), height, width, max(rows.counts))


def _write_sheet(
    path: Path,
    pictures: NDArray[np.uint8],
    rows: _Rows,
    style: SheetStyle,
    scale: int,
    mark: Mark | None,
    what: str,
    chosen: str = "",
) -> None:
    """Write pictures, uint8 (N, C, H, W), as a sheet. what: they are, for the foot of a page."""
    ends = np.cumsum(rows.counts)[:-1]
    if style.paper:
        named: list[Row] = list(zip(rows.names, np.split(pictures, ends), strict=True))
        foot = "; ".join(filter(None, (f"synthetic: drawn by a generator of figment, {what}", chosen)))
        page = contact_sheet(named, rows.titles, style.paper, style.resampling, foot)
        write(path, page, remark=chosen, dpi=DPI, mark=mark, signer=style.signer)
        return
    large = enlarged(pictures, scale, style.resampling)
    if rows.are_named:
        sheet = strips(list(zip(rows.names, np.split(large, ends), strict=True)), rows.titles, 1)
    else:
        sheet = grid(large, max(rows.counts))
    if chosen:  # a picked sheet is no fair one, and says so where everybody looks
        sheet = with_caption(sheet, f"{chosen[0].upper()}{chosen[1:]}")
    write(path, sheet, remark=remark(scale, style.resampling, chosen), mark=mark, signer=style.signer)


def remark(scale: int, resampling: Resampling, chosen: str = "") -> str:
    """What the mark of a file says of how its pictures were chosen and enlarged; empty where there is nothing to say."""
    enlarging = f"enlarged {scale} times ({NAMED[resampling]})" if scale > 1 else ""
    return "; ".join(part for part in (chosen, enlarging) if part)


def write_files(
    generator: "AnyGenerator", folder: Path, count: int, seed: int, truncation: float, suffix: str,
    progress: Progress, labels: Sequence[str] = (), shift: "Tensor | None" = None, pick: int = 1,
    style: SheetStyle | None = None,
) -> None:  # fmt: skip
    """Samples 0 … count - 1 of a seed as folder/<seed>-<number>.<suffix>, a few at a time; of several labels so many each.

    Of a generator with classes they are folder/<seed>-<number>-<class>.<suffix>. shift, pick: see
    Generator.sample. Files that hold the same already stay, unless they are to be signed. Raises InputError if folder is a file,
    or holds another picture under one of these names.
    """
    check_folder(folder)
    style = style or SheetStyle()
    endings, done = file_endings(generator.classes), Tally(progress, count * max(len(labels), 1))
    for label, start, pictures in _batches(generator, count, seed, truncation, labels, shift, pick):
        numbers = generator.labels(len(pictures), seed, start, label)
        for i, picture in enumerate(pictures):
            ending = "" if numbers is None else endings[int(numbers[i])]
            write_one(
                folder / f"{seed}-{start + i:06d}{ending}.{suffix}", picture, style, style.mark(generator), choice(pick)
            )
            done(1)


def _batches(
    generator: "AnyGenerator",
    count: int,
    seed: int,
    truncation: float,
    labels: Sequence[str],
    shift: "Tensor | None",
    pick: int,
) -> Iterator[tuple[str | None, int, NDArray[np.uint8]]]:
    """Samples 0 … count - 1, of each label if there are some, a few at a time: label, number of the first, pictures."""
    batch = max(1, BATCH_SAMPLES // pick)
    asked: Sequence[str | None] = labels or [None]
    for label in asked:
        for start in range(0, count, batch):
            drawn = generator.sample(min(batch, count - start), seed, truncation, start, label, shift, pick)
            yield label, start, as_array(drawn)


def _strip_batches(
    generator: "Generator", count: int, seed: int, truncation: float, labels: Sequence[str], shift: "Tensor | None"
) -> "Iterator[Tensor]":
    """The same of clips: frames of each, (n, frames, C, H, W)."""
    batch = max(1, BATCH_SAMPLES // len(generator.strip_seconds))
    asked: Sequence[str | None] = labels or [None]
    for label in asked:
        for start in range(0, count, batch):
            yield generator.strips(min(batch, count - start), seed, truncation, start, label, shift)


def write_coded(
    generator: "Generator", path: Path, file: Path, truncation: float, shift: "Tensor | None", suffix: str | None,
    progress: Progress, style: SheetStyle | None = None,
) -> int:  # fmt: skip
    """Pictures of the codes in a file as one sheet; with a suffix as path/<number>.<suffix>. Gives their number.

    All are decoded in one go, as a finding's are, so that they are the same to the byte. Raises InputError as codes.read.
    """
    from figment import codes

    style = style or SheetStyle()
    check_picture(path) if suffix is None else check_folder(path)
    style.check(path)
    z, labels = codes.read(file, generator.recipe.code_size, len(generator.classes))
    rows = _rows(len(z), (), generator.recipe.shape, style)
    scale = _checked_scale(path, rows, generator.recipe.shape, style) if suffix is None else 1
    z = codes.truncated(z, truncation)
    z = z if shift is None else codes.shifted(z, shift, generator.recipe.prior)
    pictures = as_array(generator.decode(z, labels))
    if suffix is None:
        _write_sheet(path, pictures, rows, style, scale, style.mark(generator), f"codes of {file.name}")
        return len(pictures)
    for i, picture in enumerate(pictures):
        write_one(path / f"{i:06d}.{suffix}", picture, style, style.mark(generator))
        progress(i + 1, len(pictures))
    return len(pictures)


def file_endings(classes: Sequence[str]) -> list[str]:
    """-<class> as a part of file names, without what file systems refuse; with the number where names would be alike."""
    plain = [plain_name(name)[:MAX_CLASS_CHARACTERS] for name in classes]
    alike = Counter(name.lower() for name in plain)  # which some file systems don't tell apart
    return [f"-{name}-{k}" if alike[name.lower()] > 1 else f"-{name}" for k, name in enumerate(plain)]


def _is_same(path: Path, content: bytes) -> bool:
    """Whether a file of figment's shows the same picture: two signatures of one differ."""
    try:
        with Image.open(path) as there, Image.open(io.BytesIO(content)) as made:
            return (
                is_own(path)
                and there.mode == made.mode
                and there.size == made.size
                and there.tobytes() == made.tobytes()
            )
    except OSError:
        return False


def write_one(
    path: Path, picture: "Tensor | NDArray[np.uint8]", style: SheetStyle, mark: Mark | None, chosen: str = ""
) -> None:
    """Write a picture, uint8 (C, H, W), as a file of its own; one that is there and holds the same stays.

    Raises InputError where it holds another, or none.
    """
    scale = style.scale or 1
    large = enlarged(picture[None], scale, style.resampling)[0].transpose(1, 2, 0)
    check_sheet(path, *large.shape[:2])
    content = encode(
        np.ascontiguousarray(large), FORMATS[path.suffix], remark=remark(scale, style.resampling, chosen), mark=mark,
        signer=style.signer,
    )  # fmt: skip
    if path.is_file() and path.read_bytes() != content and not (style.signer and _is_same(path, content)):
        raise InputError(f"{path} exists and holds another picture: name another folder with --out.")
    write_output(path, content)
