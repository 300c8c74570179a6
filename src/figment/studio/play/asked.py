"""What can be asked of Play: codes, and how their pictures are to look. As models, so that nonsense ends in a sentence."""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from figment.studio.operation import Asked

MAX_CODES = 64  # pictures that are drawn at once
MAX_CODE_SIZE = 4096
MAX_KEYFRAMES = 32
MAX_MESSAGE_BYTES = 1_000_000  # that the server takes of a websocket's message

Whole = Annotated[int, Field(ge=0, le=2**53)]  # what JavaScript counts exactly
Share = Annotated[float, Field(ge=0, le=1)]


class Numbered(Asked):
    """Sample number so much of a seed, as figment sample numbers them."""

    number: Whole
    seed: Whole = 0


class Values(Asked):
    """A code by its own numbers, as many as the generator takes."""

    values: Annotated[list[Annotated[float, Field(ge=-100, le=100)]], Field(min_length=1, max_length=MAX_CODE_SIZE)]


Point = Numbered | Values
Points = Annotated[list[Point], Field(min_length=1, max_length=MAX_CODES)]


class Sum(Asked):
    """The mean of a, less that of b, plus that of c."""

    a: Points
    b: Points
    c: Points


class Pad(Asked):
    """A place between four codes: of the upper left, upper right, lower left and lower right corner."""

    corners: Annotated[list[Point], Field(min_length=4, max_length=4)]
    x: Share
    y: Share


class Between(Asked):
    """A place on the way from one code to another, along the sphere on which codes lie."""

    first: Point
    second: Point
    share: Share


class Loop(Asked):
    """A moment of a closed walk past keyframes. time: 0 and 1 are the first of them."""

    keyframes: Annotated[list[Point], Field(min_length=2, max_length=MAX_KEYFRAMES)]
    time: Share


Code = Numbered | Values | Sum | Pad | Between | Loop


DirectionName = Annotated[str, Field(max_length=200)]
Amount = Annotated[float, Field(ge=-100, le=100)]
Label = Annotated[str, Field(max_length=500)]
Net = Annotated[str, Field(pattern="^(result|best|[0-9]{1,15})$")]


class Look(Asked):
    """Pictures of codes. moves: along directions, by name, in deviations. label: class that all are drawn in.

    net: "result", "best", or the images seen of a snapshot. late: a code that draws the stages from number stage on.
    """

    codes: Annotated[list[Code], Field(min_length=1, max_length=MAX_CODES)]
    moves: Annotated[dict[DirectionName, Amount], Field(max_length=100, default_factory=dict)]
    truncation: Annotated[float, Field(ge=0, le=2)] = 1.0
    label: Label | None = None
    net: Net = "result"
    late: Point | None = None
    stage: Annotated[int, Field(ge=0, le=64)] = 0


class Draw(Look):
    """Pictures to be shown now. Of one slot only the newest request is answered. numbers: whether the codes are sent, too.

    motion: of a run of clips, the path that the first code moves along: its frames come in one sheet, a loop from first to last.
    """

    do: Literal["draw"]
    seq: Whole
    slot: Annotated[str, Field(max_length=40)] = "main"
    form: Literal["webp", "jpeg"] = "webp"
    numbers: bool = False
    motion: Numbered | None = None


class Project(Asked):
    """A search for the code of a picture, which is shown as it comes near. picture: a file, as base64."""

    do: Literal["project"]
    seq: Whole
    picture: Annotated[str, Field(min_length=4, max_length=MAX_MESSAGE_BYTES)]
    steps: Annotated[int, Field(ge=1, le=2000)] = 300
    restarts: Annotated[int, Field(ge=1, le=8)] = 2


class Cancel(Asked):
    """An end to the search."""

    do: Literal["cancel"]
    seq: Whole


Message = TypeAdapter[Draw | Project | Cancel](Annotated[Draw | Project | Cancel, Field(discriminator="do")])


class Print(Look):
    """A picture to keep, or a sheet of several. scale: times that each is enlarged."""

    scale: Annotated[int, Field(ge=1, le=16)] = 1
    resampling: Literal["lanczos", "nearest"] = "nearest"


class Film(Asked):
    """A walk past keyframes to keep."""

    keyframes: Annotated[list[Point], Field(min_length=2, max_length=MAX_KEYFRAMES)]
    ending: Literal["mp4", "gif", "webp"] = "mp4"
    seconds: Annotated[float, Field(ge=0.5, le=60)] = 8.0
    label: Label | None = None
    net: Net = "result"


Name = Annotated[str, Field(min_length=1, max_length=80)]


class Keep(Look):
    """The first of the pictures, to be kept as a favourite."""

    name: Name


class Rename(Asked):
    name: Name
