"""How the last discriminator takes training reals, held-out reals and what a generator of any moment draws: a histogram.

A run keeps generators of many moments, but one discriminator: so this isn't what the two saw of each other then, but what the
last discriminator makes of it all, by one scale.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pydantic import Field
from starlette.responses import Response

from figment.common.progress import Preparing
from figment.errors import InputError
from figment.run import Run
from figment.run_files import MAX_COUNT
from figment.studio.operation import Asked, Operation
from figment.studio.recent import Recent
from figment.studio.run_parts import discriminator_of, generator_after, reals_of
from figment.studio.studio import Studio
from figment.studio.work import answered

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

FAKES, REALS = 128, 256
BARS = 20


class When(Asked):
    images: int = Field(ge=0, le=MAX_COUNT)


def outputs(studio: Studio, id: str, query: When) -> Response:
    run = studio.run(id)
    return answered(studio, lambda display: histogram(run, query.images, display))


REAL_LOGITS: "Recent[dict[str, Tensor]]" = Recent(4)
FAKE_LOGITS: "Recent[Tensor]" = Recent(256)


def histogram(run: Run, images: int, display: Preparing) -> dict[str, Any]:
    """Shares of each kind by bars. unit: P(fake), or logit where nothing tells how to read it; why: no reals could be had."""
    discriminator = discriminator_of(run)
    version = run.discriminator_file.stat().st_mtime_ns
    generator, seen = generator_after(run, images)
    display.stage("asking the discriminator")
    logits = {"fakes": FAKE_LOGITS.get((run.folder, version, seen), lambda: _of_fakes(run, generator, discriminator))}
    why = None
    try:
        logits |= REAL_LOGITS.get((run.folder, version), lambda: _of_reals(run, discriminator, display))
    except InputError as error:
        why = str(error)
    told = {name: discriminator.p_fake(its) for name, its in logits.items()}
    is_calibrated = discriminator.calibration is not None
    values = {name: (its if its is not None else logits[name]).double().numpy() for name, its in told.items()}
    edges = _edges(list(values.values()), is_calibrated)
    return {
        "unit": "P(fake)" if is_calibrated else "logit", "images": seen, "why": why, "edges": edges,
        "shares": {name: _shares(its, edges) for name, its in values.items()},
        "counts": {name: len(its) for name, its in values.items()},
    }  # fmt: skip


def _of_fakes(run: Run, generator: Any, discriminator: Any) -> "Tensor":
    seed = run.recipe.seed
    found: Tensor = discriminator.logits(generator.sample(FAKES, seed), generator.labels(FAKES, seed))
    return found


def _of_reals(run: Run, discriminator: Any, display: Preparing) -> "dict[str, Tensor]":
    import numpy as np
    import torch

    from figment.reals import sample_rows

    bank = reals_of(run, display)
    found = {}
    for place, (name, rows) in enumerate((("training", bank.train), ("held_out", bank.held_out))):
        chosen = sample_rows(rows, REALS, 0, place)
        if len(chosen):
            classes = torch.from_numpy(bank.classes.numbers[chosen]) if run.recipe.classes else None
            found[name] = discriminator.logits(torch.from_numpy(np.asarray(bank.pictures[chosen])), classes)
    return found


def _edges(values: "Sequence[np.ndarray]", is_calibrated: bool) -> list[float]:
    import numpy as np

    if is_calibrated:
        return [float(it) for it in np.linspace(0, 1, BARS + 1)]
    low, high = min(float(its.min()) for its in values), max(float(its.max()) for its in values)
    return [float(it) for it in np.linspace(low, max(high, low + 1e-6), BARS + 1)]


def _shares(values: "np.ndarray", edges: list[float]) -> list[float]:
    import numpy as np

    counts, _ = np.histogram(values.clip(edges[0], edges[-1]), edges)
    return [float(it) for it in counts / max(len(values), 1)]


OPERATIONS = (
    Operation(
        "GET", "/api/runs/{id}/outputs", outputs, "The last discriminator's outputs as a histogram (server-sent)", When,
        gives="text/event-stream",
    ),
)  # fmt: skip
