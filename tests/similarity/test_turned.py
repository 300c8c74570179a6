"""Turned and enlarged pictures are found and aligned, as a search through all angles and scales finds them."""

import numpy as np
import pytest
import torch
from PIL import Image

from figment.data.portraits.table import portraits
from figment.similarity.frames import gauss_newton_step, sampled, standardised
from figment.similarity.thumbnails import thumbnails
from figment.similarity.turned import VIEWS, MiddleIndex, turned_back, turned_likeness

Pixels = np.ndarray


@pytest.fixture(scope="module")
def pictures() -> Pixels:
    return portraits(120, size=64)[0].transpose(0, 2, 3, 1)


def turned(picture: Pixels, degrees: float) -> Pixels:
    return np.asarray(Image.fromarray(picture).rotate(degrees, Image.Resampling.BICUBIC, fillcolor=(90, 90, 90)))


def enlarged(picture: Pixels, share: float) -> Pixels:
    edge = 64 * (1 - share) / 2
    box = (edge, edge, 64 - edge, 64 - edge)
    return np.asarray(Image.fromarray(picture).resize((64, 64), Image.Resampling.BICUBIC, box))


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize(("kind", "amount"), [("turned", d) for d in (-10, -5, 2, 7)] + [("enlarged", 0.75)])
def test_each_is_found_and_aligned(pictures: Pixels, kind: str, amount: float, flip: bool) -> None:
    change = turned if kind == "turned" else enlarged
    small, places = thumbnails(pictures), np.arange(0, 120, 3)
    copies = thumbnails(np.stack([change(picture, amount) for picture in pictures[places]]))
    copies = copies[:, :, ::-1] if flip else copies
    found = MiddleIndex(small).nearest(copies)
    right = (found.place[:, 0] == places) & (found.mirrored[:, 0] == flip)
    assert right.mean() >= 0.95
    assert {VIEWS[view].kind for view in found.view[right, 0]} == {kind}
    for number, view in enumerate(VIEWS):
        rows = np.flatnonzero(right & (found.view[:, 0] == number))
        scores = turned_likeness(view, copies[rows], small[places[rows]], np.full(len(rows), flip))
        assert (scores.min(0, initial=1) > (0.9, 0.99, 0.99)).all()


def test_alignment_is_as_good_as_a_search_through_all_angles_and_scales(pictures: Pixels) -> None:
    small, region = torch.from_numpy(thumbnails(pictures[:8]).astype(np.float32)), (slice(6, 42), slice(6, 42))
    copies = torch.from_numpy(thumbnails(np.stack([turned(p, 5.3) for p in pictures[:8]])).astype(np.float32))
    middle = standardised(copies[:, 6:42, 6:42])
    frames = torch.tensor([1, np.radians(4), 0, 0], dtype=torch.float32).repeat(8, 1)
    for _ in range(6):
        frames = gauss_newton_step(frames, middle, small, region)

    def alike(its: torch.Tensor) -> torch.Tensor:
        return (middle * standardised(sampled(small, its, region, (36, 36))[0])).mean((1, 2))

    steps = [
        torch.tensor([scale, np.radians(angle), 0, 0], dtype=torch.float32).repeat(8, 1)
        for scale in (0.97, 0.985, 1, 1.015, 1.03) for angle in np.arange(-12, 12.1, 0.5)
    ]  # fmt: skip
    every = torch.stack([alike(its) for its in steps])
    best = every.argmax(0)
    assert (alike(frames) >= every.max(0).values - 1e-3).all()
    assert np.degrees(frames[:, 1].numpy()) == pytest.approx(5.3, abs=0.5)
    assert np.degrees(torch.stack(steps)[best, torch.arange(8), 1].numpy()) == pytest.approx(5.3, abs=0.6)
    assert frames[:, 0].numpy() == pytest.approx(1, abs=0.01)


def test_turning_back_undoes_pillows_turn(pictures: Pixels) -> None:
    small = thumbnails(pictures[:4])
    copies = thumbnails(np.stack([turned(picture, 8) for picture in pictures[:4]]))
    middle = slice(10, 38)
    back = turned_back(copies, 8)[:, middle, middle]
    assert np.abs(back - small[:, middle, middle]).mean() < 0.25 * np.abs(back - copies[:, middle, middle]).mean()


def test_strangers_and_flat_pictures_are_not_alike(pictures: Pixels) -> None:
    small = thumbnails(pictures)
    scores = turned_likeness(VIEWS[0], small[:40], small[40:80], np.zeros(40, bool))
    assert scores[:, 0].max() < 0.95
    flat = np.full((2, 48, 48), 128, np.uint8)
    assert (turned_likeness(VIEWS[0], flat, flat, np.zeros(2, bool)) <= 0).all()


def test_a_picture_alone_has_no_other(pictures: Pixels) -> None:
    small = thumbnails(pictures[:1])
    assert (MiddleIndex(small).nearest(small, np.array([0])).place == -1).all()
