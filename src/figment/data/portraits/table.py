"""The built-in pictures: portraits drawn from a table of attributes, so that everything works with no download.

A portrait is a pure function of its row of attributes; a row is a pure function of (seed, index). The attributes hang
together a little, as in life:

    age      grey hair and baldness come with it, and so do glasses; stubble goes
    skin     deeper skin goes with black hair and curls, lighter skin with blond and red hair
    beard    goes with short, bald and curly hair; hardly ever with a bob, long hair or a bun
    turn     gaze turns back against the head, towards the viewer
    smile    brows rise with it

Everything else is independent.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from figment.data.portraits.renderer import HAIR_STYLES, draw
from figment.data.portraits.scene import MAX_TILT
from figment.errors import InputError

MIN_SIDE, MAX_SIDE = 16, 512  # pixels

# Stands for the pictures wherever they are known again: in banks, runs and nets that learned from them. A portrait drawn
# otherwise is another picture, so whoever changes one puts another mark here (a test holds the two together). This one
# is the fingerprint that the 10,000 of version 0.1.0 had.
DRAWING = "eff1212e50cd22c7e1dbc171a71c1b648ef1adea20f5f243b9c555e25aeb137d"

HAIR_COLOURS = ("black", "brown", "red", "blond", "grey")
GLASSES = ("none", "round", "square")
BEARDS = ("none", "stubble", "moustache", "full")

Table = dict[str, NDArray]


@dataclass(frozen=True)
class Attribute:
    """A column of the table.

    continuous: float32 from low to high; category: uint8, an index into names; seed: uint32, no meaning of its own.
    """

    name: str
    kind: Literal["continuous", "category", "seed"]
    meaning: str
    low: float = 0.0
    high: float = 1.0
    names: tuple[str, ...] = ()

    @property
    def dtype(self) -> np.dtype:
        return np.dtype({"continuous": np.float32, "category": np.uint8, "seed": np.uint32}[self.kind])

    @property
    def limits(self) -> tuple[float, float]:
        """The smallest and largest value that the column may hold."""
        ranges = {"category": (0, len(self.names) - 1), "seed": (0, 2**32 - 1)}
        return ranges.get(self.kind, (self.low, self.high))


ATTRIBUTES = (
    Attribute("skin", "continuous", "skin tone, light to deep"),
    Attribute("hair_style", "category", "cut of the hair; bald keeps a fringe at the sides", names=HAIR_STYLES),
    Attribute("hair_colour", "category", "colour of hair, brows and beard", names=HAIR_COLOURS),
    Attribute("face_width", "continuous", "narrow to wide cheeks and jaw", -1, 1),
    Attribute("face_length", "continuous", "short to long face", -1, 1),
    Attribute("turn", "continuous", "yaw of the head in degrees; above 0 to the picture's right", -25, 25),
    Attribute("gaze", "continuous", "where the eyes look within the head, the picture's left to right", -1, 1),
    Attribute("smile", "continuous", "frown to laugh; the teeth show from about 0.4", -1, 1),
    Attribute("brows", "continuous", "brows knitted to raised", -1, 1),
    Attribute("glasses", "category", "shape of the frames", names=GLASSES),
    Attribute("beard", "category", "cut of the beard", names=BEARDS),
    Attribute("age", "continuous", "lines on the forehead, under the eyes and beside the mouth"),
    Attribute("light", "continuous", "where the light comes from, the picture's left to right", -1, 1),
    Attribute("background", "continuous", "place on the background's palette, from teal through sand and rose to blue"),
    Attribute("clothes", "continuous", "place on the clothes' palette, from cream through red and blue to green"),
    Attribute("detail", "seed", "chooses parting, strands, collar, lips and the colour of the eyes"),
)

# Columns that render takes beside those, if they are there: only moving portraits have them (see moving.py). Without them
# heads are upright and eyes open.
MOVES = (
    Attribute("tilt", "continuous", "roll of the head in degrees; above 0 to the picture's right", -MAX_TILT, MAX_TILT),
    Attribute("lids", "continuous", "eyes open to closed"),
)

# Philox advances by steps of four 64-bit words; so many make a row.
_PHILOX_STEPS = 6


def names_read() -> list[str]:
    """Names of what can be read from a portrait: continuous attributes, then categories.

    Of a category each value has a name ("hair_colour=blond"), and where one of its values is none the category itself, too.
    """
    names = [a.name for a in ATTRIBUTES if a.kind == "continuous"]
    for a in ATTRIBUTES:
        if a.kind == "category":
            names += [a.name] if "none" in a.names else []
            names += [f"{a.name}={value}" for value in a.names if value != "none"]
    return names


def draw_attributes(count: int, seed: int = 0, start: int = 0) -> Table:
    """Draw rows start … start + count − 1 of the endless table that belongs to a seed.

    Returns a column of count values for each of ATTRIBUTES, by name. Row i depends on (seed, i) alone.
    Raises InputError if count, seed or start is negative.
    """
    for name, value in (("count", count), ("seed", seed), ("start", start)):
        if value < 0:
            raise InputError(f"{name} is {value}, but portraits are numbered from 0: give 0 or more.")
    u = iter(_uniforms(count, seed, start).T)

    def spread() -> NDArray:
        """From −1 to 1, the middle more often than the ends."""
        return next(u) + next(u) - 1

    age = next(u) ** 1.4
    skin = next(u)
    bearded = next(u) < 0.5
    same = np.ones(count)
    #                                  bald              short        curly              bob          long         bun
    style_odds = np.where(
        bearded[:, None],
        np.stack([0.08 + 0.35 * age, 0.55 * same, 0.12 + 0.2 * skin, 0.02 * same, 0.05 * same, 0.04 * same], 1),
        np.stack([0.01 + 0.02 * age, 0.14 * same, 0.12 + 0.2 * skin, 0.24 * same, 0.30 * same, 0.22 * same], 1),
    )
    fair, old = np.maximum(1 - 1.5 * skin, 0), np.maximum(age - 0.35, 0)
    #                        black              brown             red                 blond               grey
    colour_odds = np.stack([0.15 + 0.6 * skin, 0.3 - 0.1 * skin, 0.05 + 0.2 * fair, 0.05 + 0.4 * fair, 1.6 * old], 1)
    #                none        stubble          moustache   full
    grown = np.stack([0.3 * same, 0.3 - 0.2 * age, 0.2 * same, 0.3 * same], 1)
    beard_odds = np.where(bearded[:, None], grown, (1, 0, 0, 0))
    glasses_odds = np.stack([0.8 - 0.3 * age, 0.12 + 0.15 * age, 0.12 + 0.15 * age], 1)

    turn, smile = spread(), 2 * ((1 + spread()) / 2) ** 0.7 - 1
    columns = {
        "skin": skin,
        "hair_style": _choose(style_odds, next(u)),
        "hair_colour": _choose(colour_odds, next(u)),
        "face_width": 2 * next(u) - 1,
        "face_length": 2 * next(u) - 1,
        "turn": 25 * turn,
        "gaze": spread() - 0.4 * turn,
        "smile": smile,
        "brows": 0.9 * spread() + 0.3 * smile,
        "glasses": _choose(glasses_odds, next(u)),
        "beard": _choose(beard_odds, next(u)),
        "age": age,
        "light": 2 * next(u) - 1,
        "background": next(u),
        "clothes": next(u),
        "detail": next(u) * 2**32,
    }
    return {a.name: np.clip(columns[a.name], *a.limits).astype(a.dtype) for a in ATTRIBUTES}


def render(attributes: Mapping[str, ArrayLike], size: int = 64) -> NDArray[np.uint8]:
    """Draw one portrait a row of the table.

    attributes: a column for each of ATTRIBUTES, and of MOVES if wanted, all of one length N, values within the stated
    ranges.
    size: pixels a side, 16 to 512.
    Returns uint8, N×3×size×size, sRGB. The bytes of a portrait depend on its row and the size alone.
    Raises InputError for another size, a missing column, columns of different lengths or values out of range.
    """
    _check_size(size)
    return draw(_checked(attributes), size)


def portraits(count: int, seed: int = 0, size: int = 64, start: int = 0) -> tuple[NDArray[np.uint8], Table]:
    """Portraits start … start + count − 1 of a seed, with their attributes.

    Returns pictures, uint8, count×3×size×size, and the table that draw_attributes gives.
    Raises InputError as draw_attributes and render do.
    """
    _check_size(size)
    attributes = draw_attributes(count, seed, start)
    return draw(attributes, size), attributes


def _uniforms(count: int, seed: int, start: int) -> NDArray:
    """Row i: 4·_PHILOX_STEPS uniform numbers in [0, 1) that depend on (seed, start + i) alone; Philox is a counter."""
    philox = np.random.Philox(key=seed)
    philox.advance(start * _PHILOX_STEPS)
    words = philox.random_raw(count * 4 * _PHILOX_STEPS).reshape(count, 4 * _PHILOX_STEPS)
    return (words >> 11) * 2.0**-53


def _choose(odds: NDArray, u: NDArray) -> NDArray:
    """An index for each row of odds, N×K and not normalised, at the quantile u (N)."""
    cumulative = np.cumsum(odds, axis=1)
    return (u[:, None] * cumulative[:, -1:] >= cumulative[:, :-1]).sum(1)


def _check_size(size: int) -> None:
    if not MIN_SIDE <= size <= MAX_SIDE:
        raise InputError(f"portraits can't be drawn at size {size}: give a size from {MIN_SIDE} to {MAX_SIDE} pixels.")


def _checked(attributes: Mapping[str, ArrayLike]) -> Table:
    missing = [a.name for a in ATTRIBUTES if a.name not in attributes]
    if missing:
        raise InputError(f"the portraits' attributes lack {', '.join(missing)}: start from draw_attributes.")
    columns = (*ATTRIBUTES, *(a for a in MOVES if a.name in attributes))
    table = {a.name: np.atleast_1d(np.asarray(attributes[a.name])) for a in columns}
    lengths = {column.shape for column in table.values()}
    if len(lengths) != 1 or len(next(iter(lengths))) != 1:
        raise InputError("the portraits' attributes differ in length: give one value a portrait in each column.")
    for a in columns:
        low, high = a.limits
        if not ((table[a.name] >= low) & (table[a.name] <= high)).all():
            raise InputError(f"the attribute {a.name} must lie within {low:g} … {high:g}: mend the values outside.")
    return {a.name: table[a.name].astype(a.dtype) for a in columns}
