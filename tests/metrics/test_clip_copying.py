"""Copies of clips: planted ones are found wherever they begin, new clips and held-out ones aren't taken for any."""

from typing import Any

import numpy as np
import pytest

from figment.data.decoding.resample import resize
from figment.metrics.clip_copying import measure_clip_copying
from figment.metrics.clip_originality import ClipCopying, ClipPair
from figment.metrics.two_samples import fisher_exact

LENGTH, FRAMES, SIDE = 20, 12, 32  # of training clips, and of those that are generated


def drifting(count: int, seed: int, ground: np.ndarray | None = None) -> np.ndarray:
    """Clips of a random picture that drifts its way behind a window; with a ground it shows through in a circle alone."""
    random, clips = np.random.default_rng(seed), np.empty((count, LENGTH, 3, SIDE, SIDE), np.uint8)
    y, x = np.mgrid[:SIDE, :SIDE]
    for clip in clips:
        blocks = random.integers(0, 256, (12, 12, 3)).astype(np.uint8)
        picture = resize(blocks, 3 * SIDE, 3 * SIDE).transpose(2, 0, 1)
        at, way = np.array([SIDE, SIDE]), random.uniform(-1.5, 1.5, 2)
        for t, frame in enumerate(clip):
            down, right = (at + t * way).round().astype(int)
            frame[:] = picture[:, down : down + SIDE, right : right + SIDE]
            if ground is not None:
                cy, cx = SIDE / 2 + 4 * (at + t * way - at)
                frame[:, (y - cy) ** 2 + (x - cx) ** 2 > 30] = ground[:, (y - cy) ** 2 + (x - cx) ** 2 > 30]
    return clips


def looked(samples: np.ndarray, train: np.ndarray, held_out: np.ndarray, **more: Any) -> ClipCopying:
    ranges = np.stack([np.arange(len(train)) * LENGTH, np.full(len(train), LENGTH)], 1)
    return measure_clip_copying(samples, train.reshape(-1, *train.shape[2:]), ranges, held_out[:, :FRAMES], **more)


@pytest.fixture(scope="module")
def sets() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Training clips, held-out ones, and new ones of as many frames as are generated."""
    return drifting(24, 0), drifting(12, 1), drifting(10, 2)[:, :FRAMES]


@pytest.fixture(autouse=True)
def few_planted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("figment.metrics.clip_copying.PLANTED", 8)


def spoilt(clip: np.ndarray) -> np.ndarray:
    noise = np.random.default_rng(0).normal(0, 6, clip.shape)
    return (0.85 * clip + 10 + noise).round().clip(0, 255).astype(np.uint8)


def test_a_generator_that_replays_training_clips_is_found_out(sets: Any) -> None:
    """From their beginning, from elsewhere, mirrored, changed in all pixels, and standing still at the end."""
    train, held_out, new = sets
    replays = [
        train[3, :FRAMES], train[4, 6 : 6 + FRAMES], train[5, 8:][..., ::-1], spoilt(train[6, 2 : 2 + FRAMES]),
        np.concatenate([train[7, 12:], np.repeat(train[7, -1:], 4, 0)]),
    ]  # fmt: skip
    told: list[tuple[int, int]] = []
    found = looked(np.concatenate([replays, new]), train, held_out, progress=lambda *step: told.append(step))
    pairs = sorted(found.copies, key=lambda pair: pair.sample)
    assert [(pair.sample, pair.clip) for pair in pairs] == [(0, 3), (1, 4), (2, 5), (3, 6), (4, 7)]
    assert [pair.shift for pair in pairs[:4]] == [0, 6, 8, 2]
    assert [pair.mirrored for pair in pairs] == [False, False, True, False, False]
    assert found.is_suspect()
    assert found.held_out_copies == 0
    assert found.in_short() == "5 of 15 clips are copies of training clips"
    assert found.verdict().startswith("Copies of clips: 5 of 15 clips are copies of training clips, frame by frame")
    assert "among held-out clips 0 of 12." in found.verdict()
    assert told[-1][0] == told[-1][1]


def test_new_clips_are_none(sets: Any) -> None:
    train, held_out, new = sets
    found = looked(new, train, held_out)
    assert not found.copies
    assert not found.is_suspect()
    assert found.found == 1  # of those that were planted
    assert found.verdict() == (
        "No copies of clips: none of 10 clips is one of 24 training clips (at most 28 % of all are, at 95 % confidence); "
        "among held-out clips 0 of 12. Replays planted for a test, which begin elsewhere, brighter or darker, and noised, "
        "are nearly all found."
    )
    assert looked(new, train, held_out[:0], called="real clips").verdict().startswith("No copies of clips")


def test_clips_that_share_their_ground_are_told_by_what_moves() -> None:
    ground = drifting(1, 9)[0, 0]
    train, held_out, new = (drifting(count, seed, ground) for count, seed in ((24, 0), (12, 1), (6, 2)))
    found = looked(np.concatenate([train[:4, 3 : 3 + FRAMES], new[:, :FRAMES]]), train, held_out)
    assert {(pair.sample, pair.clip) for pair in found.copies} == {(i, i) for i in range(4)}


def test_the_same_clips_give_the_same(sets: Any) -> None:
    train, held_out, new = sets
    samples = np.concatenate([train[:2, :FRAMES], new[:3]])
    first, second = (looked(samples, train, held_out).as_record(["a"] * 24) for _ in range(2))
    assert first == second
    assert [pair["real_clip"] for pair in first["copies"]] == ["a", "a"]


def test_a_single_training_clip_says_that_nothing_could_be_told(sets: Any) -> None:
    train, _, new = sets
    found = looked(np.concatenate([train[:1, :FRAMES], new[:2]]), train[:1], new[:0])
    assert [(pair.sample, pair.clip) for pair in found.copies] == [(0, 0)]
    assert found.verdict().endswith("Whether copies could be told on these clips isn't known.")


def test_look_alikes_are_no_sure_sign() -> None:
    pairs = [ClipPair(0, 1, 0, False, 0.1)]
    found = ClipCopying(100, 50, 20, pairs, 1, 0.2, 40, 0.5)
    assert found.chance == fisher_exact(1, 100, 1, 20)
    assert not found.is_suspect()
    assert found.verdict() == (
        "No sure sign of copied clips: 1 of 100 clips could pass for training clips, but so could 1 of 20 held-out clips. "
        "Of replays planted for a test, which begin elsewhere, brighter or darker, and noised, 50 % are found: others would "
        "go unseen."
    )
