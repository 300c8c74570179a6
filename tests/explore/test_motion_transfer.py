"""Motion transfer: contents and motions are those of the samples named, and the shares are an analysis of variance."""

import json
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import torch

from figment import codes, motion
from figment.errors import InputError
from figment.explore import motion as transfer
from figment.explore.motion_transfer import MotionTransfer, Shares, sentence, shares
from figment.generator import Generator
from figment.media.provenance import source_of
from figment.nets.serialization import packed
from figment.reporting.findings import contents
from figment.run import Run
from figtest.clip_nets import clip_generator
from figtest.command import command
from figtest.runs import build


@pytest.fixture(scope="module")
def generator() -> Generator:
    return clip_generator()


@pytest.fixture(scope="module")
def found(generator: Generator) -> MotionTransfer:
    return transfer(generator, (1, 2, 3), (4, 2), seed=5)


def test_contents_and_motions_are_those_of_the_samples(generator: Generator, found: MotionTransfer) -> None:
    assert found.clips.shape == (3, 2, 64, 3, 16, 16)
    own = generator.clips(1, 5, start=2, loop=True)[0]
    assert (found.clips[1, 1].int() - own.int()).abs().max() <= 1  # content 2 with motion 2 is clip 2
    paths = motion.numbered_paths(generator.recipe, 5, 4, 1, torch.tensor(found.moments) / 12, loop=64 / 12)
    z = motion.with_motion(generator.codes(1, 5, 3), paths)[0]
    assert torch.equal(found.codes.unflatten(0, (3, 2, 8))[2, 0], z)
    assert (generator.decode(z).int() - found.clips[2, 0, list(found.moments)].int()).abs().max() <= 1


def test_shares_are_those_that_clips_are_made_with() -> None:
    """By sums of parts without means, whose squares are known: of 32 pixels, each a mean of four."""
    random = torch.Generator().manual_seed(0)
    content, moving, both = (
        torch.randn(*shape, 1, 32, 32, generator=random) for shape in ((6, 1, 1), (1, 5, 9), (6, 5, 9))
    )
    content, moving = content - content.mean(0), moving - moving.mean((1, 2), keepdim=True)
    both = both - both.mean(0) - both.mean((1, 2), keepdim=True) + both.mean((0, 1, 2))
    parts = [part.expand_as(both) for part in (3 * content, 2 * moving, both)]
    clips = (128 + 12 * sum(parts)).round().clamp(0, 255).byte()
    clips = clips.repeat_interleave(2, 4).repeat_interleave(2, 5)
    sizes = torch.tensor([float(part.square().sum()) for part in parts])
    its = shares(clips)
    assert its is not None
    assert np.allclose((its.content, its.motion, its.together), sizes / sizes.sum(), atol=0.01)


def test_clips_that_stand_still_are_called_so() -> None:
    still = torch.randint(0, 256, (3, 1, 1, 3, 16, 16), dtype=torch.uint8).expand(3, 2, 4, -1, -1, -1)
    assert sentence(shares(still)) == "Motion's numbers move nothing: all clips stand still."
    assert shares(still[:1]) is None
    assert shares(still[:1].expand(3, -1, -1, -1, -1, -1)) is None  # all are one picture
    assert "13 % goes with the content" in sentence(Shares(0.13, 0.6, 0.27))


def test_the_command_keeps_a_film_and_strips(generator: Generator, tmp_path: Path, capsys: Any) -> None:
    run = build(tmp_path, ticks=0, snapshots=())
    run.recipe = generator.recipe
    run.generator_file.write_bytes(packed(generator.net, generator.recipe, "generator"))
    assert command("explore", "motion", run.folder, "--content", "1,2", "--motion", "4-6", "--name", "a") == 0
    said = capsys.readouterr().out
    assert "Of all that pixels differ by, " in said
    film = run.findings / "motion-a.mp4"
    assert f"film     {film}\n" in said
    record = json.loads((run.findings / "motion-a.json").read_text())
    assert record["film"] == {
        "file": "motion-a.mp4",
        "caption": "Rows are contents, columns motions, of samples of seed 0.",
    }
    assert record["numbers"]["contents"] == [1, 2]
    assert sum(record["numbers"]["shares"].values()) == pytest.approx(1)
    assert len(record["sheets"][0]["labels"]["rows"]) == 6
    with av.open(str(film)) as opened:
        assert sum(1 for _ in opened.decode(video=0)) == 64
    for file in (film, run.findings / "motion-a.png"):
        assert source_of(file) == "trainedAlgorithmicMedia"
    assert len(codes.read(run.findings / "motion-a.safetensors", 10)[0]) == 6 * 8
    assert "The motion of one with the content of another: a" in run.report_file.read_text()
    assert run.report_file.read_text().count("data:video/mp4") == 1
    found = contents(Run(run.folder), room=100_000)[0]["film"]
    assert found["src"] is None  # where there is no room it is named
    assert command("explore", "motion", run.folder, "--name", "a", "--content", "x") == 2
    assert "--content x: give numbers of samples" in capsys.readouterr().err


def test_what_cannot_be_is_refused(generator: Generator) -> None:
    with pytest.raises(InputError, match="figment explore motion is for runs of clips"):
        transfer(clip_generator(frames=0, motion_size=0))
    with pytest.raises(InputError, match="9 × 9 clips: give 1 to 64 in all"):
        transfer(generator, range(9), range(9))
    with pytest.raises(InputError, match="trained without labels"):
        transfer(generator, label="x")


def test_classes_are_the_contents() -> None:
    generator = clip_generator(classes=("ant", "bee"))
    found = transfer(generator, (0, 1, 2), (3,))
    assert found.labels is not None
    assert found.labels.unflatten(0, (3, 8))[:, 0].tolist() == generator.labels(3).tolist()
    own = generator.decode(found.codes, found.labels).unflatten(0, (3, 8))
    assert (own.int() - found.clips[:, 0, list(found.moments)].int()).abs().max() <= 1
