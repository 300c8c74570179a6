"""How many of a thousand modes does a generator draw? StackedMNIST's question, put with pictures that are there.

Three grey portraits of ten clearly distinct kinds, chosen independently, are stacked as the colour channels of a 32 px
picture: 10³ equally likely modes. A small net tells a channel's kind; a picture's mode is its three kinds. As in VEEGAN
(arXiv 1705.07761) and PacGAN (arXiv 1712.04086): modes that occur at all, and the Kullback-Leibler divergence of the
modes drawn from the uniform ones, in nats. Both depend on how many pictures are looked at (there: 26,000), so beside
them stands what as many real ones reach. The net tells all of 4,000 unseen channels right.
"""

from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from figment.attributes.small_nets import (
    PictureArray,
    SmallNet,
    TrainedNet,
    TrainingPlan,
    load_or_train,
)
from figment.common.pixels import to_grey
from figment.common.progress import Progress, Tally
from figment.common.seeds import seed_at
from figment.data.bank.workers import map_unordered
from figment.data.portraits.table import ATTRIBUTES, HAIR_STYLES, Table, draw_attributes, render
from figment.errors import InputError

PICTURE_SIDE = 32  # pixels
HAIR_KINDS = ("bald", "short", "curly", "long", "bun")
TURN_RANGES = ((-25.0, -12.0), (12.0, 25.0))  # degrees: to the picture's left, and to its right
KINDS = len(HAIR_KINDS) * len(TURN_RANGES)
MODES = KINDS**3
POOL_PORTRAITS = 20_000  # grey portraits of a seed, of which three make a picture
MIN_PICTURES = MODES  # fewer couldn't show every mode
TRAINING_PORTRAITS, TRAINING_STEPS, EVALUATION_PORTRAITS = 5_000, 500, 4_000
TRAINING_SEED = 1983
LAYER_CHANNELS = (24, 48, 96)  # of the net's convolutions, from the picture up
CHUNK_PORTRAITS = 512  # drawn at a time


@dataclass(frozen=True)
class Modes:
    """Modes among count pictures, and beside them (floor_…) those of as many real ones.

    found: of MODES. divergence: KL(drawn ‖ uniform) in nats.

    accuracy: share of unseen channels whose kind is told right.
    """

    count: int
    found: int
    divergence: float
    floor_found: int
    floor_divergence: float
    accuracy: float

    def as_record(self) -> dict[str, Any]:
        """All of it as JSON has it."""
        return {name: round(value, 4) for name, value in asdict(self).items()}

    def sentences(self) -> list[str]:
        """For a person."""
        return [
            f"{self.found} of {MODES} modes among {self.count:,} pictures (reals: {self.floor_found})",
            f"KL divergence from equal shares {self.divergence:.3f} (reals: {self.floor_divergence:.3f})",
        ]


def stacked(count: int, seed: int = 0, progress: Progress | None = None) -> tuple[PictureArray, NDArray[np.int64]]:
    """count stacked pictures of a seed, uint8 (count, 3, 32, 32), and their modes, int64 (count,), 0 to MODES − 1.

    A mode's digits, hundreds first, are the kinds in the red, the green and the blue channel. Each channel is one of
    POOL_PORTRAITS grey portraits of the seed, so that a long set repeats portraits, but hardly ever a picture. Picture
    i depends on (seed, i) alone. Raises InputError if count or seed is negative.
    """
    if count < 0 or seed < 0:
        raise InputError(
            "stacked pictures are numbered from 0, with seeds from 0: give a count and a seed of 0 or more."
        )
    table, kinds, where = portraits_used(count, seed)
    channels = _drawn(table, Tally(progress, len(kinds)))
    return channels[where, 0], mode_of_kinds(kinds[where])


def count_modes(pictures: PictureArray, seed: int = 0, progress: Progress | None = None) -> Modes:
    """Count the modes of generated pictures, uint8 (N, 3, S, S), which are brought to 32 px.

    At first use the net that tells kinds is trained, which takes half a minute or so; the cache keeps it. seed: which
    real pictures make the floor. Calls progress(done, of how many). Raises InputError for fewer than MIN_PICTURES
    pictures or for grey ones.
    """
    if pictures.ndim != 4 or pictures.dtype != np.uint8:
        raise ValueError(f"wanted uint8 (N, 3, S, S), got {pictures.dtype} {pictures.shape}")
    if pictures.shape[1] != 3:
        raise InputError("modes are counted in pictures of three channels, these are grey: train on the stacked set.")
    count = len(pictures)
    if count < MIN_PICTURES:
        raise InputError(f"{count} pictures are too few to count {MODES} modes: give at least {MIN_PICTURES:,}.")
    table, _, where = portraits_used(count, seed_at(seed, "floor of modes"))
    tally = Tally(progress, training_plan().remaining_work + 3 * count + 2 * len(table["detail"]))
    classifier = load_or_train(training_plan(), tally)
    drawn = predict_modes(classifier, pictures, tally)
    # A portrait is told once, in however many of the floor's pictures it is.
    real = mode_of_kinds(predict_kinds(classifier.net, _drawn(table, tally), tally)[where])
    return compare_modes(drawn, real, classifier.facts["accuracy"])


def compare_modes(drawn: NDArray[np.int64], real: NDArray[np.int64], accuracy: float) -> Modes:
    """The counts of the modes of generated pictures, beside those of as many real ones; both int64 (N,)."""
    return Modes(
        len(drawn), len(np.unique(drawn)), divergence(drawn), len(np.unique(real)), divergence(real), accuracy
    )  # fmt: skip


def divergence(modes: NDArray[np.int64]) -> float:
    """KL of the shares of modes (N,) from equal ones, Σ p ln(p · MODES): from 0, all as common, to ln MODES, one alone."""
    p = np.bincount(modes, minlength=MODES) / len(modes)
    p = p[p > 0]
    return float((p * np.log(p * MODES)).sum())


def predict_modes(classifier: TrainedNet, pictures: PictureArray, tally: Tally | None = None) -> NDArray[np.int64]:
    """The modes of stacked pictures, uint8 (N, 3, S, S) → int64 (N,)."""
    channels = pictures.reshape(-1, 1, *pictures.shape[2:])
    return mode_of_kinds(predict_kinds(classifier.net, channels, tally).reshape(-1, 3))


def predict_kinds(net: SmallNet, channels: PictureArray, tally: Tally | None = None) -> NDArray[np.int64]:
    """The kinds of grey portraits, uint8 (N, 1, S, S) → int64 (N,)."""
    kinds: NDArray[np.int64] = net.predict(channels, tally).argmax(1).numpy()
    return kinds


def mode_of_kinds(kinds: NDArray[np.int64]) -> NDArray[np.int64]:
    """Kinds of red, green and blue, (N, 3), as one number: its digits."""
    mode: NDArray[np.int64] = kinds @ np.array([KINDS**2, KINDS, 1])
    return mode


def training_plan(
    portraits: int = TRAINING_PORTRAITS, steps: int = TRAINING_STEPS, evaluation_portraits: int = EVALUATION_PORTRAITS
) -> TrainingPlan:
    """How the net that tells kinds is trained."""
    return TrainingPlan(
        name="modes",
        net=partial(SmallNet, KINDS, LAYER_CHANNELS, channels=1, hidden=128),
        draw=_training_portraits,
        pictures=portraits,
        steps=steps,
        loss=lambda answers, kinds: F.cross_entropy(answers, kinds),
        evaluate=_evaluated,
        evaluation_pictures=evaluation_portraits,
        seed=TRAINING_SEED,
    )


def kinds_table(count: int, seed: int) -> tuple[Table, NDArray[np.int64]]:
    """Attributes of grey portraits number 0 … count − 1 of a seed, and their kinds, each as likely.

    A kind is a cut of the hair and a side that the head is turned to. Hair is black or brown and skin not deep, since
    grey tells colours apart by brightness alone; all else is as in the built-in portraits.
    """
    table = draw_attributes(count, seed)
    drawn = np.random.default_rng(seed_at(seed, "kinds")).random((count, 4))
    kinds = (drawn[:, 0] * KINDS).astype(np.int64)
    low, high = np.array(TURN_RANGES)[kinds % len(TURN_RANGES)].T
    changed: dict[str, NDArray] = {
        "hair_style": np.array([HAIR_STYLES.index(name) for name in HAIR_KINDS])[kinds // len(TURN_RANGES)],
        "turn": low + (high - low) * drawn[:, 1],
        "hair_colour": drawn[:, 2] < 0.5,
        "skin": 0.5 * drawn[:, 3],
    }
    return {a.name: changed.get(a.name, table[a.name]).astype(a.dtype) for a in ATTRIBUTES}, kinds


def portraits_used(count: int, seed: int) -> tuple[Table, NDArray[np.int64], NDArray[np.int64]]:
    """The grey portraits that count stacked pictures are made of.

    Attributes, kinds (P,), and for each picture which of them are its red, green and blue channel, int64 (count, 3).
    """
    random = np.random.default_rng(seed_at(seed, "stacked"))
    which, where = np.unique(random.integers(POOL_PORTRAITS, size=(count, 3)), return_inverse=True)
    table, kinds = kinds_table(POOL_PORTRAITS, seed)
    return {name: column[which] for name, column in table.items()}, kinds[which], where.reshape(count, 3)


def _drawn(table: Table, tally: Tally) -> PictureArray:
    """Grey portraits of a table, uint8 (N, 1, 32, 32), on all cores."""
    count = len(table["detail"])
    channels = np.empty((count, 1, PICTURE_SIDE, PICTURE_SIDE), np.uint8)
    chunks = (
        (start, {n: c[start : start + CHUNK_PORTRAITS] for n, c in table.items()})
        for start in range(0, count, CHUNK_PORTRAITS)
    )
    for start, some in map_unordered(_chunk, chunks):
        channels[start : start + len(some)] = some
        tally(len(some))
    return channels


def _chunk(part: tuple[int, Table]) -> tuple[int, PictureArray]:
    start, table = part
    return start, to_grey(render({**table}, PICTURE_SIDE))


def _training_portraits(count: int, tally: Tally) -> tuple[PictureArray, Tensor]:
    table, kinds = kinds_table(count, seed_at(TRAINING_SEED, "lesson"))
    return _drawn(table, tally), torch.from_numpy(kinds)


def _evaluated(net: SmallNet, count: int, tally: Tally) -> tuple[dict[str, Tensor], dict[str, Any]]:
    table, kinds = kinds_table(count, seed_at(TRAINING_SEED, "examination"))
    right = predict_kinds(net, _drawn(table, tally)) == kinds
    return {}, {"examined": count, "accuracy": round(float(right.mean()), 5)}
