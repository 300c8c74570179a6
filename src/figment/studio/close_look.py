"""A close look at one picture of a run's sheet: its code, the training pictures nearest to it, and where D looks."""

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field
from starlette.responses import Response

from figment.common.progress import Preparing, Tally
from figment.run import Run
from figment.run_files import MAX_COUNT
from figment.studio.operation import Asked, Operation
from figment.studio.run_parts import discriminator_of, generator_after, reals_of
from figment.studio.studio import Studio
from figment.studio.work import answered

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from figment.generator import Generator
    from figment.media.provenance import DigitalSourceType

NEIGHBOURS = 5


class Tile(Asked):
    """tile: a picture of the sheet, counted from 0, row by row; images: seen when the sheet was made."""

    tile: int = Field(ge=0, lt=10_000)
    images: int = Field(0, ge=0, le=MAX_COUNT)


def code_of(generator: "Generator", tile: int) -> tuple[int, str | None]:
    """The number of a picture's code, and its class, where a sheet has a row for each: see Generator.sheet."""
    columns, labels = generator.shown()
    if generator.recipe.frames:  # a row a clip, of which this shows the sample that has its content
        row = tile // len(generator.strip_seconds)
        return (row % columns, labels[min(row // columns, len(labels) - 1)]) if labels else (row, None)
    return (tile % columns, labels[min(tile // columns, len(labels) - 1)]) if labels else (tile, None)


def nearest(studio: Studio, id: str, query: Tile) -> Response:
    run = studio.run(id)
    return answered(studio, lambda display: nearest_training(run, query, display))


def looks(studio: Studio, id: str, query: Tile) -> Response:
    run = studio.run(id)
    return answered(studio, lambda display: evidence(run, query, display))


def nearest_training(run: Run, tile: Tile, display: Preparing) -> dict[str, Any]:
    """The training pictures that look most like a picture, with how far held-out pictures lie from theirs."""
    from figment.explore.nearest_training import neighbours
    from figment.media.provenance import mark_of_reals

    generator, images = generator_after(run, tile.images)
    bank = reals_of(run, display)
    number, label = code_of(generator, tile.tile)
    comparing = display.stage("comparing with training pictures")
    found = neighbours(generator, bank, [number], NEIGHBOURS, run.recipe.seed, label=label, progress=comparing)
    mark = mark_of_reals(bank.drawn)
    return {
        "number": number, "label": label, "images": images,
        "sample": source(found.samples[0], "trainedAlgorithmicMedia"),
        "nearest": [
            {"src": source(picture, mark), "distance": float(distance), "mirrored": bool(mirrored), "name": Path(name).name}
            for picture, distance, mirrored, name in zip(
                found.neighbours[0], found.distances[0], found.mirrored[0], found.names[0], strict=True
            )
        ],
        "unit": found.space.unit, "held_out_nearer": found.held_out_nearer[0],
    }  # fmt: skip


def evidence(run: Run, tile: Tile, display: Preparing) -> dict[str, Any]:
    """What the last discriminator goes by in a picture: two maps made independently, and how far they agree."""
    import torch

    from figment.common.pixels import to_input
    from figment.explain import saliency
    from figment.explain.evidence_maps import METHODS, mean_picture
    from figment.media.heatmaps import overlay

    generator, images = generator_after(run, tile.images)
    discriminator, bank = discriminator_of(run), reals_of(run, display)
    number, label = code_of(generator, tile.tile)
    seed = run.recipe.seed
    labels = generator.labels(1, seed, number, label)
    picture = generator.decode(generator.codes(1, seed, number), labels)
    x, mean = to_input(picture), mean_picture(bank, discriminator)
    squares = len(saliency.occlusion_squares(*picture.shape[2:]))
    done = Tally(display.stage("covering part after part"), squares + saliency.PATH_STEPS)
    gradients, _ = saliency.integrated_gradients(discriminator, x, labels, mean, done=done)
    maps = (
        saliency.occlusion(discriminator, x, labels, mean, done),
        saliency.gaussian_blur(gradients[:, None])[:, 0],
    )
    p_fake = discriminator.p_fake(discriminator.logits(picture, labels))
    return {
        "number": number, "label": label, "images": images,
        "sample": source(picture[0].numpy(), "trainedAlgorithmicMedia"),
        "maps": [
            {"title": method, "src": source(overlay(picture, found)[0], "trainedAlgorithmicMedia")}
            for method, found in zip(METHODS, maps, strict=True)
        ],
        "p_fake": None if p_fake is None else float(p_fake[0]),
        "agreement": float(saliency.rank_correlation(torch.as_tensor(maps[0]), torch.as_tensor(maps[1]))[0]),
    }  # fmt: skip


def source(picture: "NDArray[np.uint8]", mark: "DigitalSourceType | None") -> str:
    """A picture, uint8 (C, H, W), as an address that holds it."""
    from figment.media.images import encode

    return f"data:image/png;base64,{base64.b64encode(encode(picture.transpose(1, 2, 0), 'PNG', mark)).decode()}"


OPERATIONS = (
    Operation(
        "GET", "/api/runs/{id}/nearest", nearest, "The training pictures nearest to a picture (server-sent, with progress)", Tile,
        gives="text/event-stream",
    ),
    Operation(
        "GET", "/api/runs/{id}/evidence", looks, "What D goes by in a picture (server-sent, with progress)", Tile,
        gives="text/event-stream",
    ),
)  # fmt: skip
