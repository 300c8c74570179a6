"""What the files of a run folder hold, checked once, where they are read: types, ranges, and that numbers are finite.

A file of another hand or another version is nothing to die of. Fields that aren't known are let through; those that an older
figment didn't write may be missing. A damaged line of a log is left out and counted; a damaged file is one sentence.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    InstanceOf,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic_core import from_json

from figment.common.jsontext import are_missing, fault, parsed, parsed_line
from figment.errors import InputError

FORMAT = 1
MAX_COUNT = 10**15  # of anything: what is more is damage, and would be too large for the arithmetic
MAX_LINE_BYTES = 1 << 20  # bytes: what is longer is no line of a log, and isn't held in memory

Count = Annotated[int, Field(ge=0, le=MAX_COUNT)]
Seconds = Annotated[float, Field(ge=0, le=1e12)]
Text = InstanceOf[str]  # names of files may hold bytes that aren't text, which a pydantic str refuses
Table = dict[Any, Any]


def _plain(name: str) -> str:
    if Path(name).name != name:
        raise ValueError("it names no file of the same folder")
    return name


PlainName = Annotated[Text, AfterValidator(_plain)]


class Record(BaseModel):
    """What all have in common: a text is no number, and NaN is none."""

    model_config = ConfigDict(strict=True, extra="ignore", allow_inf_nan=False, protected_namespaces=())


class Asked(Record):
    """What train() was asked for: the recipe's name, and fields of it."""

    recipe: Text
    choices: Table = {}


class RangeRecord(Record):
    """How far the values of deep pictures ran, of one kind of container."""

    container: Text
    low: float
    high: float
    told: Annotated[int, Field(ge=0, le=64)] = 0
    whole: bool = True


class Facts(Record):
    """run.json. What is missing is told where it is needed: a report needs little of it."""

    state: Literal["new", "training", "interrupted", "finished"] = "new"
    data: Text | list[Text] | None = None
    source: Text | None = None
    group: Text | None = None
    drop: Text | None = None
    keep_marked: bool | None = None
    device: Text | None = None
    keep: Text | None = None
    fingerprint: Text | None = None
    mark: Annotated[str, Field(pattern="^[0-9a-f]{32}$")] | None = None
    asked: Asked | None = None
    origin: Table | None = Field(None, alias="from")
    images: Count | None = None
    seconds: Seconds | None = None
    processes: Count | None = None
    pictures: Count | None = None
    trained_on: Count | None = None
    held_out: Count | None = None
    duplicates: Count | None = None
    skipped: Count | list[Any] | None = None
    ranges: list[RangeRecord] | None = None
    machine: Table | None = None
    versions: Table | None = None
    command: list[Text] | None = None


class Event(Record):
    """A line of events.jsonl; which fields it has depends on its kind. Numbers may be null: nothing is known there."""

    event: Text
    images: Count
    seconds: Seconds | None = None
    text: Text | None = None
    # tick
    loss_discriminator: float | None = None
    loss_generator: float | None = None
    separation: float | None = None
    memorising: float | None = None
    memorising_chance: float | None = None
    p_fake_real: float | None = None
    p_fake_held_out: float | None = None
    p_fake_fake: float | None = None
    calibration_pictures: Count | None = None
    spread: float | None = None
    distance: float | None = None
    detail: float | None = None
    chequers: float | None = None
    distinct: float | None = None
    distinct_exponent: float | None = None
    motion: float | None = None
    squared_gradient: float | None = None
    norm_discriminator: float | None = None
    norm_generator: float | None = None
    images_per_second: float | None = None
    memory_mb: float | None = None
    lr: float | None = None
    gamma: float | None = None
    augment_p: float | None = None
    diagnosis: list[Text] | None = None
    # score
    fd: float | None = None
    error: float | None = None
    floor: float | None = None
    took: Seconds | None = None
    features: Text | None = None
    title: Text | None = None
    samples: Count | None = None
    reals: Count | None = None
    lowest: Count | None = None
    difference: float | None = None
    difference_error: float | None = None


# Without these an event of a kind tells nothing to whoever goes by it.
NEEDED = {"tick": ("separation", "spread"), "score": ("fd", "error", "floor", "took", "title")}


class Counters(Record):
    """How far a kept state has come, in its header."""

    images: Count
    seconds: Seconds
    setbacks: Annotated[int, Field(ge=0, le=1000)] = 0


class CalibrationRecord(Record):
    """How a discriminator's logits are read as P(fake), in its file's header."""

    slope: Annotated[float, Field(ge=0)]
    offset: float
    reals: Count
    fakes: Count


class StripRowRecord(Record):
    """A row of pictures on a finding's sheet, in pixels."""

    name: Text
    top: Count
    height: Count
    n: Count


class LabelsRecord(Record):
    """The words on a sheet of strips, and where its pictures lie."""

    rows: list[StripRowRecord]
    titles: list[Text]
    left: Count
    width: Count


class LegendRecord(Record):
    """What a colour of a finding's sheet means."""

    meaning: Text
    rgb: Annotated[list[Annotated[int, Field(ge=0, le=255)]], Field(min_length=3, max_length=3)]


class SheetRecord(Record):
    """A picture of a finding."""

    file: PlainName
    caption: Text
    labels: LabelsRecord | None = None
    legend: list[LegendRecord] = []


class FilmRecord(Record):
    """A film of a finding."""

    file: PlainName
    caption: Text


class FindingRecord(Record):
    """findings/*.json."""

    format: Literal[1]
    kind: Text
    sentence: Text
    sheets: list[SheetRecord]
    columns: list[Text]
    rows: list[list[Text]]
    name: Text = ""
    images: Count | None = None
    numbers: Table = {}
    codes: PlainName | None = None
    film: FilmRecord | None = None
    command: list[Text] = []

    @model_validator(mode="after")
    def _table_is_whole(self) -> "FindingRecord":
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError("its table has rows of other lengths than its head")
        return self


class Network(Record):
    """What is known of a network whose features were taken."""

    resize: Text


class Distance(Record):
    """How far an attribute's samples lie from reals, and these from one another."""

    value: float
    floor: float


class Marginal(Record):
    """How often an attribute's values come, among samples and among reals."""

    name: Text
    labels: list[Text]
    truth: list[float]
    found: list[float]
    distance: Distance
    edges: list[float] = []

    @model_validator(mode="after")
    def _bars_come_in_pairs(self) -> "Marginal":
        if not len(self.labels) == len(self.truth) == len(self.found) > 0:
            raise ValueError("it has other numbers of labels and of values")
        return self


class Measure(Record):
    """A line of measures.jsonl: what a measurement needs to be repeated, and a score, what is copied, or attributes."""

    score: Text
    at: Text
    data: Text | list[Text] | None
    networks: dict[Text, Network]
    codec: Text
    seed: int
    images: Count | None = None
    pick: Count | None = None
    value: float | None = None
    error: float | None = None
    floor: float | None = None
    floor_error: float | None = None
    n: Count | None = None
    reference: Count | None = None
    title: Text | None = None
    features: Text | None = None
    better: Text | None = None
    meaning: Text | None = None
    verdict: Text | None = None
    closest: list[Any] | None = None
    marginals: list[Marginal] = []
    sentences: list[Text] = []
    summary: Text | None = None


def read_facts(file: Path) -> dict[str, Any]:
    """run.json as it is, all fields of it. Raises InputError where it is damaged or a newer figment's."""
    facts = _object(file)
    if "format" not in facts:
        raise _damaged(file, "it tells no format")
    if facts["format"] != FORMAT:
        raise InputError(f"{file} was written by a newer figment: update with pip install --upgrade figment-gan.")
    try:
        Facts.model_validate(facts)
    except ValidationError as error:
        raise _damaged(file, fault(error)) from None
    return facts


def read_finding(file: Path) -> dict[str, Any]:
    """A finding's record, all fields of it. Raises InputError where it is damaged or a newer figment's."""
    try:
        record = _object(file)
        return record | FindingRecord.model_validate(record).model_dump()
    except ValidationError as error:
        raise _damaged(file, fault(error)) from None


def _object(file: Path) -> dict[str, Any]:
    try:
        found = parsed(file.read_bytes())
    except ValueError:
        raise _damaged(file, "it is empty or garbled") from None
    if not isinstance(found, dict):
        raise _damaged(file, "it is no JSON object")
    return found


def _damaged(file: Path, reason: str) -> InputError:
    return InputError(f"{file} is damaged ({reason}): restore it from a copy of the run.")


class Log:
    """A file of JSON objects, a line each. Reading it goes from start to end once, a line at a time in memory.

    lines: how many there are; damaged: how many of them can't be used, or only in part; both as far as it has been read. A
    last line that was cut off as it was written, by kill -9 or a power failure, is neither counted nor given.
    """

    def __init__(self, file: Path, model: type[Record], needed: Mapping[str, tuple[str, ...]] | None = None) -> None:
        self.file, self.needed = file, needed or {}
        self._is_sound = TypeAdapter(model).validator.isinstance_python
        self.lines = self.damaged = 0

    def __iter__(self) -> Iterator[tuple[bytes, dict[str, Any] | None]]:
        """Each line with its end as it stands in the file, and what it holds: None for one that can't be used."""
        self.lines = self.damaged = 0
        if not self.file.is_file():
            return
        with self.file.open("rb") as file:
            while line := file.readline(MAX_LINE_BYTES):
                if not line.strip():
                    continue
                record = self.record(line)
                if record is None and len(line) < MAX_LINE_BYTES and not line.endswith(b"\n"):
                    return
                self.lines += 1
                self.damaged += record is None or not self.is_whole(record)
                yield line, record

    def records(self) -> list[dict[str, Any]]:
        """What the lines hold that can be used, in their order."""
        return [record for _, record in self if record is not None]

    def is_whole(self, record: Mapping[str, Any]) -> bool:
        """Whether all is there that a record of its kind is of no use without."""
        return not self.needed or not are_missing(self.needed.get(record["event"], ()), record)

    def damage(self) -> str | None:
        """A sentence on the damaged lines that were met when it was last read; None where all were sound."""
        if not self.damaged:
            return None
        verb = "is" if self.damaged == 1 else "are"
        return f"{self.damaged:,} of {self.lines:,} lines of {self.file.name} {verb} damaged and left out"

    def record(self, line: bytes) -> dict[str, Any] | None:
        """What one line holds; None where it can't be used."""
        # pydantic's parser takes a quarter of the time; what it refuses may be a name whose bytes aren't text, or a NaN.
        for parse in (from_json, parsed_line):
            try:
                record: dict[str, Any] = parse(line)
            except ValueError:
                continue
            if self._is_sound(record):
                return record
        return None


def events_of(file: Path) -> Log:
    """events.jsonl."""
    return Log(file, Event, NEEDED)


def measures_of(file: Path) -> Log:
    """measures.jsonl."""
    return Log(file, Measure)
