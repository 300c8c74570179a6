"""What a generator of clips gives: against its own net, at other rates and lengths, and as strips."""

import itertools
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from figment import codes, motion
from figment.common.pixels import to_uint8
from figment.errors import InputError
from figment.generator import Generator, load
from figtest.clip_nets import clip_generator


@pytest.fixture(scope="module")
def generator() -> Generator:
    return clip_generator()


def test_a_clip_is_its_contents_code_along_its_path(generator: Generator) -> None:
    """By the net itself, one code at a time."""
    clips = generator.clips(3, seed=5, start=2)
    assert clips.shape == (3, 16, 3, 16, 16)
    assert clips.dtype == torch.uint8
    still = generator.codes(3, 5, 2)[:, :-4]
    paths = motion.numbered_paths(generator.recipe, 5, 2, 3, torch.arange(16) / 12)
    for clip, content, path in zip(clips, still, paths, strict=True):
        one_by_one = torch.cat([to_uint8(generator.net(torch.cat([content, place])[None])) for place in path])
        assert (clip.int() - one_by_one.int()).abs().max() <= 1
    assert (clips[:, 1:].int() - clips[:, :-1].int()).abs().max() > 2  # something moves
    assert not torch.equal(clips[0], clips[1])


def test_clips_depend_on_number_and_seed_alone(generator: Generator) -> None:
    many = generator.clips(20, seed=1, frames=20)
    for n, start, frames in ((1, 0, 16), (2, 17, 20), (5, 14, 3)):
        assert torch.equal(generator.clips(n, 1, frames, start=start), many[start : start + n, :frames])
    assert not torch.equal(generator.clips(1, 2, 20), many[:1])
    assert generator.clips(0).shape == (0, 16, 3, 16, 16)


def test_at_twice_the_rate_the_frames_between_come_in_addition(generator: Generator) -> None:
    slow, fast = generator.clips(2, frames=10), generator.clips(2, frames=20, fps=24)
    assert (fast[:, ::2].int() - slow.int()).abs().max() <= 1  # of one code, in another place of a block


def test_a_loop_comes_back_to_where_it_began(generator: Generator) -> None:
    loop = generator.clips(2, loop=True)
    assert loop.shape[1] == 64  # four training clips, whose slow numbers have a knot each
    steps = (loop.int() - loop.roll(-1, 1).int()).abs().float().mean((0, 2, 3, 4))
    assert steps[-1] <= 1.5 * steps[:-1].max()
    open_end = generator.clips(2, frames=64)
    assert (open_end[:, 0].int() - open_end[:, -1].int()).abs().float().mean() > 2 * steps[-1]


def test_frames_of_a_long_film_come_one_after_the_other(generator: Generator) -> None:
    """A long film begins at once, and holds a block of frames at a time."""
    drawn = []
    net = generator.net.forward
    generator.net.forward = lambda z: drawn.append(len(z)) or net(z)  # type: ignore[method-assign]
    try:
        first = list(itertools.islice(generator.films(2, frames=20_000), 17))
    finally:
        generator.net.forward = net  # type: ignore[method-assign]
    assert sum(drawn) == 2 * 32
    assert torch.equal(torch.stack(first, 1), generator.clips(2, frames=17))


def test_truncation_and_shift(generator: Generator) -> None:
    mean = generator.clips(2, truncation=0.0)
    assert torch.equal(mean, mean[:1, :1].expand_as(mean))
    shift = torch.zeros(10)
    shift[0] = 2.0
    paths = motion.numbered(generator.recipe, 0, range(2), 2.0)
    moved = motion.frame_codes(generator.codes(2), paths, torch.tensor([0.0, 0.5]), 0.5, shift)
    plain = motion.with_motion(generator.codes(2), paths.at(torch.tensor([0.0, 0.5]))) * 0.5
    assert torch.allclose(moved, codes.shifted(plain.flatten(0, 1), shift, "normal").unflatten(0, (2, 2)))
    assert not torch.equal(generator.clips(1, shift=shift), generator.clips(1))


def test_classes_stay_for_a_clip() -> None:
    generator = clip_generator(classes=("ant", "bee"))
    ants, bees = (generator.clips(2, label=name) for name in ("ant", "bee"))
    assert not torch.equal(ants, bees)
    drawn = generator.labels(2)
    for clip, number, *of_class in zip(generator.clips(2), drawn, ants, bees, strict=True):
        assert torch.equal(clip, of_class[number])
    assert generator.shown() == (4, ("ant", "bee"))


def test_a_sheet_has_a_row_for_each_clip(generator: Generator) -> None:
    strips = generator.strips(8)
    assert strips.shape == (8, 8, 3, 16, 16)
    places = [0, 2, 4, 6, 9, 11, 13, 15]
    assert (strips.int() - generator.clips(8)[:, places].int()).abs().max() <= 1
    sheet = np.asarray(generator.sheet())
    assert sheet.shape == (8 * 18 - 2, 8 * 18 - 2, 3)
    assert np.array_equal(sheet[18:34, 36:52], strips[1, 2].permute(1, 2, 0).numpy())
    assert generator.shown(3, ("a",)) == (3, ("a",))
    assert clip_generator(frames=5).strips(1).shape[1] == 5
    assert clip_generator(size="512x256").shown() == (4, ())


def test_a_sheet_of_classes_has_their_rows() -> None:
    generator = clip_generator(classes=("ant", "bee"))
    sheet = np.asarray(generator.sheet())
    assert sheet.shape[0] == 8 * 18 - 2
    bees = generator.strips(4, label="bee")
    assert np.array_equal(sheet[72 : 72 + 16, :16], bees[0, 0].permute(1, 2, 0).numpy())


def test_frames_are_pictures_like_any(generator: Generator, tmp_path: Path) -> None:
    """A file of it gives samples, and all that is made of samples."""
    from figment.nets.serialization import packed

    file = tmp_path / "generator.safetensors"
    file.write_bytes(packed(generator.net, generator.recipe, "generator"))
    again = load(file)
    assert torch.equal(again.sample(3), generator.sample(3))
    assert torch.equal(again.clips(1), generator.clips(1))
    assert "clips of 16 frames at 12 a second" in repr(again)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (dict(frames=0), "--frames 0: a film has 1 frame or more"),
        (dict(fps=0.0), "--fps 0: give frames a second, such as 12"),
        (dict(fps=math.inf), "--fps inf"),
    ],
)
def test_what_cannot_be_is_refused(generator: Generator, asked: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        generator.films(1, **asked)


def test_clips_of_pictures_and_picked_clips_are_refused(generator: Generator) -> None:
    pictures = clip_generator(frames=0, motion_size=0)
    for draw in (pictures.clips, pictures.films, pictures.strips):
        with pytest.raises(
            InputError, match=r"was trained on pictures: --video is for runs of clips; figment walk makes"
        ):
            draw(1)
    with pytest.raises(InputError, match="--pick 4 chooses among pictures"):
        generator.sheet(pick=4)
