"""A detector: what it sees by, what it says, and how sure it is; as one portable file that never runs anything."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field, ValidationError
from torch import Tensor

from figment import nets
from figment.common import tensorfiles
from figment.common.addresses import absent
from figment.common.called import mistaken
from figment.common.jsontext import fault
from figment.common.tensorfiles import DAMAGED, TensorFile, Unsound, sound
from figment.data.decoding.fit import Target
from figment.discriminator import Discriminator
from figment.errors import InputError
from figment.forensics.curves import Curves
from figment.forensics.eyes import (
    DISCRIMINATOR,
    LITE0,
    SPECTRUM,
    Eye,
    View,
    discriminator_eye,
    lite0_eye,
    seen,
    spectrum_eye,
)
from figment.forensics.novelty import Novelty
from figment.forensics.probe import Probe
from figment.forensics.views import CROP_SHARE, Box, boxes
from figment.recipe import Recipe, from_json, to_json, without_paths
from figment.run_files import Record

FORMAT, KIND, AVERAGE = 1, "detector", "average"
MAX_CURVES, MAX_DIMENSION = 10_000, 2**20
Places = Callable[[int, int], list[Box]]


@dataclass(frozen=True, eq=False)
class Readings:
    """What a detector reads in pictures.

    views: logits of fake by what they are read by, (N, V), the whole picture first. distances: from the pictures that it knows,
    by eye, (N,). shares: of what the spectrum says of the whole picture, by each of its numbers, (N, d), where it is one of those
    read by.
    """

    views: dict[str, NDArray[np.float64]]
    distances: dict[str, NDArray[np.float64]]
    shares: NDArray[np.float64] | None = None

    def scores(self, name: str) -> NDArray[np.float64]:
        """A picture's: the mean over its views."""
        return self.views[name].mean(1)


@dataclass(frozen=True, eq=False)
class Detector:
    """What tells made pictures from real ones.

    eyes: what it sees with. probes: what it reads from some of them; curves: from these, and from the average of several, to
    P(fake); default: which of them speaks. novelties: how far from what it knows a picture is, by eye. reals: scores of real
    pictures that it was tested on, sorted, by what they are read by. sides: least and greatest shorter side of a picture
    that it knows, in pixels. least_quality: of the JPEGs that it knows. share: of a whole square's side that its crops have.
    target: to which pictures are brought first, if at all. card: what it was made of and what it is worth. discriminator: of the
    run whose features it reads, weights and recipe.
    """

    eyes: Mapping[str, Eye]
    probes: Mapping[str, Probe]
    curves: Mapping[str, Curves]
    default: str
    novelties: Mapping[str, Novelty]
    reals: Mapping[str, NDArray[np.float64]]
    sides: tuple[int, int]
    least_quality: int = 1
    share: float = CROP_SHARE
    target: Target | None = None
    card: Mapping[str, Any] = field(default_factory=dict)
    discriminator: tuple[Mapping[str, Tensor], Recipe] | None = None

    def places(self, height: int, width: int) -> list[Box]:
        """The views of a picture of this size."""
        return boxes(height, width, self.share, square=self.target is None)

    def read(self, pictures: Iterable[View], places: Places | None = None) -> Readings:
        """Read pictures, uint8 (3, H, W), of any sizes from 16 pixels on."""
        views: dict[str, list[Any]] = {name: [] for name in self.probes}
        distances: dict[str, list[Any]] = {name: [] for name in self.novelties}
        shares = []
        for chunk in seen(self.eyes, iter(pictures), places or self.places):
            for name, probe in self.probes.items():
                views[name].append(probe.logits(chunk[name]))
            for name, novelty in self.novelties.items():
                distances[name].append(novelty.distances(chunk[name][:, 0]))
            if SPECTRUM in self.probes:
                shares.append(self.probes[SPECTRUM].shares(chunk[SPECTRUM][:, 0]))
        found = {name: np.concatenate(parts) for name, parts in views.items()}
        if AVERAGE in self.curves:
            found[AVERAGE] = averaged(found, self.curves)
        return Readings(
            found,
            {name: np.concatenate(parts) for name, parts in distances.items()},
            np.concatenate(shares) if shares else None,
        )

    def unlike(self, readings: Readings) -> dict[str, NDArray[np.bool_]]:
        """Which pictures are unlike those that it knows, by eye, (N,)."""
        return {name: readings.distances[name] > its.limit for name, its in self.novelties.items()}

    def knows(self, readings: Readings) -> NDArray[np.bool_]:
        """Which pictures are like those that it knows, by all eyes, (N,)."""
        return ~np.any(list(self.unlike(readings).values()), axis=0)

    def false_alarms(self, name: str, score: float) -> float:
        """Share of real pictures with this score or a higher one, which is never told as none."""
        reals = self.reals[name]
        return float((len(reals) - np.searchsorted(reals, score) + 1) / (len(reals) + 1))

    def packed(self) -> bytes:
        """As a file; the same detector gives the same bytes."""
        tensors: dict[str, NDArray[Any]] = {}
        for name, probe in self.probes.items():
            tensors |= {f"{name}.probe.{key}": np.asarray(value) for key, value in vars(probe).items()}
        for name, novelty in self.novelties.items():
            tensors |= {f"{name}.novelty.{key}": np.asarray(value) for key, value in vars(novelty).items()}
        for name, curves in self.curves.items():
            tensors |= {f"{name}.curves": curves.numbers, f"{name}.reals": self.reals[name]}
            tensors |= {} if curves.unseen is None else {f"{name}.unseen": curves.unseen}
        header = {
            "kind": KIND, "format": FORMAT, "default": self.default, "probes": list(self.probes),
            "novelties": list(self.novelties), "curves": list(self.curves), "sides": self.sides,
            "least_quality": self.least_quality, "share": self.share,
            "eyes": {name: {"dimension": eye.dimension, "digest": eye.digest} for name, eye in self.eyes.items()},
            "card": self.card,
        }  # fmt: skip
        weights: dict[str, Tensor] = {}
        if self.discriminator is not None:
            state, recipe = self.discriminator
            weights = {f"{DISCRIMINATOR}.net.{name}": tensor for name, tensor in state.items()}
            header["recipe"] = json.loads(to_json(without_paths(recipe)))
        numbers = {name: torch.from_numpy(np.array(value)) for name, value in tensors.items()}
        return tensorfiles.packed(numbers | weights, header)


def averaged(
    views: Mapping[str, NDArray[np.float64]], curves: Mapping[str, Curves]
) -> NDArray[np.float64]:  # fmt: skip
    """The mean of what several say, as logits of P(fake), (N, V)."""
    return np.mean([curves[name].logits(found) for name, found in views.items()], axis=0)


class EyeRecord(Record):
    """What an eye was when a detector learnt by it."""

    dimension: Annotated[int, Field(ge=1, le=MAX_DIMENSION)]
    digest: str


class Header(Record):
    """What a detector's file says of itself."""

    format: int
    default: str
    probes: list[str]
    novelties: list[str]
    curves: list[str]
    eyes: dict[str, EyeRecord]
    sides: Annotated[list[int], Field(min_length=2, max_length=2)]
    least_quality: Annotated[int, Field(ge=0, le=100)]
    share: Annotated[float, Field(gt=0, le=1)]
    card: dict[str, Any]
    recipe: dict[str, Any] | None = None


def load_detector(path: str | Path, device: str = "cpu") -> Detector:
    """The detector of a file. Raises InputError where it is missing, damaged, or none of figment's detectors."""
    file = Path(path)
    mend = "name a file that figment detect train made"
    if not file.is_file():
        raise InputError(absent(file, mend) if not file.exists() else f"{file} is a folder: {mend}.")
    try:
        with tensorfiles.opened(file) as content:
            return _read(content, file, device)
    except ValidationError as error:
        raise InputError(f"{file} is a damaged detector ({fault(error)}): copy or train it again.") from None
    except Unsound as error:
        raise InputError(f"{file} is a damaged detector ({error}): copy or train it again.") from None
    except DAMAGED:
        what = mistaken(file, "detector", mend)
        raise InputError(what or f"{file} is no whole file of a detector: copy or train it again.") from None


def _read(content: TensorFile, file: Path, device: str) -> Detector:
    try:
        stored = content.header
        kind, version = stored["kind"], stored["format"]
    except (ValueError, KeyError, TypeError):
        kind, version = None, None
    if kind != KIND:
        raise InputError(f"{file} is no detector of figment's: name a file that figment detect train made.")
    if version != FORMAT:
        raise InputError(f"{file} is a detector of another figment (format {version}): train it again.")
    header = Header.model_validate(stored)
    _check_names(header)
    discriminator = _discriminator(content, header, file)
    eyes = {name: _eye(name, one, discriminator, file, device) for name, one in header.eyes.items()}
    numbers = {name: _numbers(content, name) for name in content.shapes if not name.startswith(f"{DISCRIMINATOR}.net.")}
    d = {name: eye.dimension for name, eye in eyes.items()}
    return Detector(
        eyes,
        {name: _probe(numbers, name, d[name]) for name in header.probes},
        {name: _curves(numbers, name) for name in header.curves},
        header.default,
        {name: _novelty(numbers, name, d[name]) for name in header.novelties},
        {name: np.sort(_shaped(numbers, f"{name}.reals", (None,))) for name in header.curves},
        (header.sides[0], header.sides[1]),
        header.least_quality,
        header.share,
        None,
        header.card,
        discriminator,
    )


def _check_names(header: Header) -> None:
    known = set(header.eyes)
    readers = set(header.probes)
    average = {AVERAGE} if len(readers) > 1 else set()
    if not (readers and readers | set(header.novelties) <= known and set(header.curves) == readers | average):
        raise Unsound("what it reads by doesn't fit what it sees by")
    if not 0 < header.sides[0] <= header.sides[1]:
        raise Unsound("the sizes that it knows aren't sizes")
    if header.default not in header.curves:
        raise Unsound(f"it has no {header.default}, which is to speak")


def _discriminator(
    content: TensorFile, header: Header, file: Path
) -> tuple[Mapping[str, Tensor], Recipe] | None:  # fmt: skip
    """Weights and recipe of the discriminator in the file; shapes are checked before anything is allocated."""
    if header.recipe is None:
        return None
    recipe, start = from_json(json.dumps(header.recipe), str(file)), f"{DISCRIMINATOR}.net."
    if recipe.channels == "auto":
        raise Unsound("its discriminator doesn't tell how many channels pictures have")
    wanted = nets.discriminator(recipe).state_dict()
    held = {name.removeprefix(start): shape for name, shape in content.shapes.items() if name.startswith(start)}
    if held != {name: tuple(value.shape) for name, value in wanted.items()}:
        raise Unsound("its discriminator doesn't fit its recipe")
    return {name: sound(name, content.tensor(start + name), value.dtype) for name, value in wanted.items()}, recipe


def _eye(
    name: str, known: EyeRecord, discriminator: tuple[Mapping[str, Tensor], Recipe] | None, file: Path, device: str
) -> Eye:  # fmt: skip
    if name == SPECTRUM:
        eye = spectrum_eye()
    elif name == LITE0:
        eye = lite0_eye(device)
    elif name == DISCRIMINATOR and discriminator is not None:
        eye = eye_of_net(*discriminator, known.digest, device)
    else:
        raise Unsound(f"it sees by {name}, which isn't known or isn't in it")
    if (eye.dimension, eye.digest) != (known.dimension, known.digest):
        raise InputError(f"{file} has learnt by other weights of {name} than are here: train it again.")
    return eye


def eye_of_net(state: Mapping[str, Tensor], recipe: Recipe, digest: str, device: str) -> Eye:
    """The eye of a discriminator's weights."""
    net = nets.discriminator(recipe)
    net.load_state_dict(dict(state), assign=True)
    return discriminator_eye(Discriminator(net, recipe), digest, device)


def _numbers(content: TensorFile, name: str) -> NDArray[Any]:
    tensor = content.tensor(name)
    if name.endswith("novelty.limit") and tensor.numel() == 1 and bool(tensor.isinf().all()):
        return tensor.numpy()
    return sound(name, tensor, torch.float64 if tensor.dtype == torch.float64 else torch.float32).numpy()


def _shaped(numbers: Mapping[str, NDArray[Any]], name: str, shape: Sequence[int | None]) -> NDArray[Any]:
    found = numbers.get(name)
    if found is None:
        raise Unsound(f"{name} is missing")
    fits = found.ndim == len(shape) and all(want in (None, have) for want, have in zip(shape, found.shape, strict=True))
    if not fits or (None in shape and not len(found)):
        raise Unsound(f"{name} has another shape than it should")
    return found


def _curves(numbers: Mapping[str, NDArray[Any]], name: str) -> Curves:
    unseen = _shaped(numbers, f"{name}.unseen", (2,)) if f"{name}.unseen" in numbers else None
    return Curves(_shaped(numbers, f"{name}.curves", (None, 2)), unseen)


def _probe(numbers: Mapping[str, NDArray[Any]], eye: str, d: int) -> Probe:
    mean, scale, weights = (_shaped(numbers, f"{eye}.probe.{name}", (d,)) for name in ("mean", "scale", "weights"))
    if not (scale > 0).all():
        raise Unsound(f"{eye}.probe.scale holds numbers that aren't above 0")
    return Probe(mean, scale, weights, float(_shaped(numbers, f"{eye}.probe.bias", ())))


def _novelty(numbers: Mapping[str, NDArray[Any]], eye: str, d: int) -> Novelty:
    mean = _shaped(numbers, f"{eye}.novelty.mean", (d,))
    directions = _shaped(numbers, f"{eye}.novelty.directions", (None, d))
    variances = _shaped(numbers, f"{eye}.novelty.variances", (len(directions),))
    rest, limit = (float(_shaped(numbers, f"{eye}.novelty.{name}", ())) for name in ("rest", "limit"))
    if not (rest > 0 and (variances > 0).all()):
        raise Unsound(f"{eye}.novelty holds variances that aren't above 0")
    return Novelty(mean, directions, variances, rest, limit)
