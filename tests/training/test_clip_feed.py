"""Minibatches of clips, on frames that tell by their grey level whose they are and when."""

import numpy as np
import torch
from scipy.stats import chisquare

from figment import presets
from figment.training.clip_feed import ClipFeed, frame_times
from figment.training.distributed import World
from figment.training.inputs import draw_inputs

RANGES = np.array([[0, 6], [6, 4], [10, 9]])  # clips of 6, 4 and 9 frames
FRAMES = np.zeros((19, 1, 2, 2), np.uint8)
for clip, (first, count) in enumerate(RANGES):
    FRAMES[first : first + count] = (100 * clip + np.arange(count)).reshape(-1, 1, 1, 1).clip(0, 255)


def feed(part: tuple[int, int] = (0, 1), seed: int = 0, classes: np.ndarray | None = None) -> ClipFeed:
    return ClipFeed(FRAMES, RANGES, np.array([0, 1, 2]), 4, seed, False, torch.device("cpu"), part, classes)


def levels(batch: torch.Tensor) -> torch.Tensor:
    return ((batch[:, :, 0, 0] + 1) * 127.5).round().long()


def test_three_frames_of_one_clip_at_the_told_times() -> None:
    pictures, conditions = feed().batch(0, 600)
    seen, times = levels(pictures), conditions[:, 1:].long()
    assert pictures.shape == (600, 3, 2, 2)
    assert pictures.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(seen.diff(dim=1), times.diff(dim=1))
    clips, at = seen // 100, seen % 100
    assert (clips == clips[:, :1]).all()
    assert clips[:, 0].bincount().tolist() == [200] * 3
    assert (times.diff(dim=1) > 0).all()
    assert times.min() == 0
    assert times.max() == 3
    begins = (at - times)[:, 0]  # of the window: anywhere that leaves room for it
    for clip, most in enumerate((2, 0, 5)):
        assert begins[clips[:, 0] == clip].unique().tolist() == list(range(most + 1))


def test_all_triples_are_as_likely() -> None:
    times = frame_times(20_000, 5, torch.Generator().manual_seed(0))
    _, counts = torch.unique(times, dim=0, return_counts=True)
    assert len(counts) == 10
    assert chisquare(counts.numpy()).pvalue > 1e-3


def test_a_batch_depends_on_seed_and_images_alone() -> None:
    whole = feed().batch(0, 30)
    again = feed()
    again.batch(0, 7)
    assert all(torch.equal(a, b) for a, b in zip(again.batch(0, 30), whole, strict=True))
    assert not torch.equal(feed(seed=1).batch(0, 30)[0], whole[0])
    assert not torch.equal(feed().batch(30, 30)[1], whole[1])


def test_parts_make_up_the_whole() -> None:
    whole = feed().batch(12, 10)
    parts = [feed((k, 2)).batch(12, 10) for k in range(2)]
    for place in (0, 1):
        assert torch.equal(parts[0][place], whole[place][::2])
        assert torch.equal(parts[1][place], whole[place][1::2])


def test_a_clip_has_its_frames_class() -> None:
    classes = np.repeat([4, 5, 6], RANGES[:, 1])
    pictures, conditions = feed(classes=classes).batch(0, 30)
    assert torch.equal(conditions[:, 0].long() - 4, levels(pictures)[:, 0] // 100)


def test_images_first_learn_from_one_frame_of_each_clip() -> None:
    """Of a step before the share, reals are the first of the frames that the clip would have shown, codes have no time."""
    recipe = presets.make(
        "video-small", size=16, channels=1, images=100, planned_images=100, images_first=0.5, batch=10
    )
    world, random = World.alone(torch.device("cpu")), np.random.default_rng(0)
    frames = random.integers(0, 256, (19, 1, 16, 16), np.uint8)
    clips = ClipFeed(frames, RANGES, np.array([0, 2]), 4, 0, False, world.device)
    still, moving = (draw_inputs(recipe, clips, world, images) for images in (40, 50))
    assert still.real.pictures.shape == (10, 1, 16, 16)
    assert still.codes.shape == (10, recipe.code_size)
    assert still.labels is None
    assert torch.equal(still.real.pictures, clips.batch(40, 10)[0][:, :1])
    assert moving.real.pictures.shape == (10, 3, 16, 16)
    assert moving.codes.shape == (10, 3, recipe.code_size)
    content = recipe.code_size - recipe.motion_size
    assert (still.codes[:, content:] == 0).all()
    assert (still.codes[:, :content] != 0).all()
    assert (moving.codes[:, :, :content] == moving.codes[:, :1, :content]).all()
    assert not (moving.codes == moving.codes[:, :1]).all()
