"""A frame: what can be seen of a match at a moment, read off it without touching it."""

from dataclasses import dataclass

import numpy as np
import torch
from scipy.special import ndtri

from figment.game.objectives import OBJECTIVES
from figment.game.separation import auc
from figment.plane import nets
from figment.plane.coverage import Coverage, coverage, has_collapsed
from figment.plane.logit_gradients import sigmoid
from figment.plane.match import OVERFLOWS, Match, push
from figment.plane.points import MIXTURES

SHOWN = 512  # generated points, of codes that stay the same; and true points beside them
FIELD_SIDE = 40  # points across the field of D's opinion
FIELD_EDGE = 1.2  # the field reaches from minus this to this, each way
MESH_SIDE = 21  # lines of the code's space each way, drawn as G bends them
CONTRAST = 2.0  # a logit one standard deviation from the middle is σ(2) in the field
CURVE = MESH_SIDE**2  # points along it where a code is one number


@dataclass(frozen=True)
class Frame:
    """points: generated, (SHOWN, 2), of the same codes in every frame; pushes: where G's loss moves each, (SHOWN, 2).

    field: D's opinion, (FIELD_SIDE, FIELD_SIDE), rows from y = -FIELD_EDGE up: above ½ where it sees true points rather, below
    where it sees generated ones, whatever the scale and zero of its logits.
    mesh: G's image of evenly spread codes, (rows, MESH_SIDE or CURVE, 2); None where codes have more than two numbers.
    loss_generator, loss_discriminator: without penalties. separation: AUC of true against generated points, ½ where D is blind.
    covered: of a mixture's modes; None for other sets. is_finite: False where numbers overflowed, and the game is over.
    """

    steps_generator: int
    steps_discriminator: int
    points: np.ndarray
    pushes: np.ndarray
    field: np.ndarray
    mesh: np.ndarray | None
    loss_generator: float
    loss_discriminator: float
    separation: float
    covered: Coverage | None
    has_collapsed: bool
    is_finite: bool


@dataclass(frozen=True)
class View:
    """What stays the same from frame to frame.

    codes: (SHOWN, code_size); true: points, (SHOWN, 2); mesh_codes: (rows, columns, code_size), None where they can't be drawn.
    """

    codes: np.ndarray
    true: np.ndarray
    mesh_codes: np.ndarray | None


def view(match: Match) -> View:
    """Of a match, by its seed."""
    codes = match.random("shown").standard_normal((SHOWN, match.settings.code_size), np.float32)
    return View(codes, match.true[:SHOWN], _mesh_codes(match.settings.code_size))


@OVERFLOWS
def frame(match: Match, seen: View) -> Frame:
    """Now."""
    points = nets.forward(match.generator, seen.codes).output
    logits = nets.forward(match.discriminator, np.concatenate([seen.true, points, FIELD])).output[:, 0]
    real, fake, field = np.split(logits, [len(seen.true), len(seen.true) + len(points)])
    objective, (reals, fakes) = OBJECTIVES[match.settings.objective], map(torch.from_numpy, (real, fake))
    mixture = MIXTURES.get(match.settings.points)
    covered = coverage(points, mixture) if mixture else None
    steps_generator, steps_discriminator = match.steps
    return Frame(
        steps_generator,
        steps_discriminator,
        points,
        pushes=-SHOWN * push(match.discriminator, seen.true, points, match.settings),
        field=_opinion(field, real, fake),
        mesh=None if seen.mesh_codes is None else _image(match.generator, seen.mesh_codes),
        loss_generator=float(objective.generator(*(fakes, reals) if objective.paired else (fakes,))),
        loss_discriminator=float(objective.discriminator(reals, fakes)),
        separation=auc(reals, fakes),
        covered=covered,
        has_collapsed=has_collapsed(points, seen.true, covered),
        is_finite=match.is_finite,
    )


def _field_points() -> np.ndarray:
    along = np.linspace(-FIELD_EDGE, FIELD_EDGE, FIELD_SIDE, dtype=np.float32)
    return np.stack(np.meshgrid(along, along), -1).reshape(-1, 2)


FIELD = _field_points()


def _mesh_codes(size: int) -> np.ndarray | None:
    """Codes at even steps of the normal distribution's quantiles, so that as many lie in each mesh."""
    if size > 2:
        return None
    count = CURVE if size == 1 else MESH_SIDE
    along = ndtri((np.arange(count) + 0.5) / count).astype(np.float32)
    return along[None, :, None] if size == 1 else np.stack(np.meshgrid(along, along), -1)


def _image(generator: nets.Net, codes: np.ndarray) -> np.ndarray:
    made = nets.forward(generator, codes.reshape(-1, codes.shape[-1])).output
    return made.reshape(-1, codes.shape[-2], 2)


def _opinion(logits: np.ndarray, real: np.ndarray, fake: np.ndarray) -> np.ndarray:
    """D's logits of the field's points as what can be coloured: how sure they are is left to separation and loss.

    The middle lies between the true points' mean logit and the generated ones', as some objectives' logits have no zero.
    """
    middle, scale = (real.mean() + fake.mean()) / 2, logits.std()
    if not (scale > 0 and np.isfinite(middle)):  # blind, or over
        return np.full((FIELD_SIDE, FIELD_SIDE), 0.5, np.float32)
    return sigmoid(CONTRAST * (logits - middle) / scale).reshape(FIELD_SIDE, FIELD_SIDE)
