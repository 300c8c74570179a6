"""Samples read block by block are those read at once."""

import numpy as np
import pytest
import torch

from figment import nets
from figment.attributes import readings
from figment.attributes.predictor import AttributePredictor
from figment.attributes.readings import joined_scores, read_blocks, read_samples
from figment.common.progress import Tally
from figment.generator import BLOCK_SAMPLES, Generator
from figment.presets import make


def brightness(pictures: np.ndarray) -> dict[str, np.ndarray]:
    means = pictures.astype(np.float32).mean((1, 2, 3))
    return {"bright": means, "dark": -means}


PREDICTOR = AttributePredictor(("dark", "bright"), frozenset(), {}, brightness, "the mean")


@pytest.mark.parametrize("classes", [(), ("a", "b")])
def test_blocks_are_the_whole(classes: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readings, "READ_SAMPLES", 2 * BLOCK_SAMPLES)
    recipe = make("dcgan", size=16, channels=1, width=2, code_size=5, classes=classes)
    generator = Generator(nets.initialised(nets.generator(recipe), 0, "generator"), recipe)
    count, label = 5 * BLOCK_SAMPLES + 3, classes[-1] if classes else None
    told: list[tuple[int, int]] = []
    found = read_samples(generator, PREDICTOR, count, 7, label, 4, progress=lambda *at: told.append(at))
    z, labels = generator.codes(count, 7, 4), generator.labels(count, 7, 4, label)
    assert len(found) == count
    assert torch.equal(found.codes, z)
    assert list(found.scores) == ["dark", "bright"]
    assert np.array_equal(found.scores["bright"], brightness(generator.decode(z, labels).numpy())["bright"])
    assert told == [(32, count), (64, count), (count, count)]
    pictures, scores = zip(*read_blocks(generator, None, z, labels, Tally(None, count)), strict=True)
    assert np.array_equal(np.concatenate(pictures), generator.decode(z, labels).numpy())
    assert joined_scores(None, list(scores)) == {}
