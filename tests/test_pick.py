"""Samples that the discriminator chooses: they are the ones that it finds most real, and files say so."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import figment
from figment import nets
from figment.common.marks import has_own_mark
from figment.errors import InputError
from figment.generator import load
from figment.media.caption import band_height
from figment.media.provenance import source_of
from figment.metrics.measurement import _notes_of_choice, measure
from figment.metrics.subjects import Subject
from figment.nets.serialization import packed
from figment.presets import make
from figment.reporting.scores import _about
from figtest.command import command
from figtest.pictures import draw_faces

TINY = dict(size=16, channels=3, width=4, code_size=4)
SAID = "each the one of 3 that the discriminator finds most real"


def nets_of(folder: Path, **choices) -> Path:
    """The two nets of a run, untrained, with weights large enough for samples and logits to differ."""
    recipe = make("dcgan", **TINY | choices)
    folder.mkdir()
    for role in ("generator", "discriminator"):
        net = nets.initialised(getattr(nets, role)(recipe), 1, role)
        with torch.no_grad():
            for p in net.parameters():
                p.mul_(4)
        (folder / f"{role}.safetensors").write_bytes(packed(net, recipe, role))
    return folder / "generator.safetensors"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return nets_of(tmp_path / "nets")


@pytest.mark.parametrize("label", [None, "bee"])
@pytest.mark.parametrize("classes", [(), ("ant", "bee")])
def test_of_all_candidates_the_one_with_the_highest_logit_is_taken(tmp_path, classes, label):
    generator = load(nets_of(tmp_path / "nets", classes=classes))
    label = label if classes else None
    judge, labels = generator.discriminator, generator.labels(9, 5, 20, label)
    drawn = [generator.decode(0.7 * generator.codes(9, 5, 20, candidate), labels) for candidate in range(4)]
    logits = torch.stack([judge.logits(pictures, labels) for pictures in drawn])
    best = logits.argmax(0)
    assert len(set(best.tolist())) > 1
    picked = generator.sample(9, 5, 0.7, 20, label, pick=4)
    for i, candidate in enumerate(best):
        assert (picked[i].int() - drawn[candidate][i].int()).abs().max() <= 1  # other blocks, other rounding
    assert (judge.logits(picked, labels) >= logits[0] - 1e-3).all()


def test_a_sample_is_the_same_whatever_is_asked_for_with_it(file):
    generator = load(file)
    many = generator.sample(40, 3, pick=3)
    assert torch.equal(load(file).sample(40, 3, pick=3), many)
    assert torch.equal(generator.sample(5, 3, start=33, pick=3), many[33:38])
    assert torch.equal(generator.sample(1, 3, start=7, pick=3), many[7:8])
    assert torch.equal(generator.sample(40, 3, pick=1), generator.sample(40, 3))
    assert not torch.equal(many, generator.sample(40, 3))
    assert generator.sample(0, pick=3).shape == (0, 3, 16, 16)


def test_candidates_are_other_codes_and_the_first_is_the_sample_itself(file):
    generator = load(file)
    assert torch.equal(generator.codes(6, 2, candidate=0), generator.codes(6, 2))
    rows = torch.cat([generator.codes(6, 2, candidate=candidate) for candidate in range(4)])
    assert len(rows.unique(dim=0)) == 24
    assert torch.equal(generator.codes(1, 2, 4, candidate=3), rows[22:23])


def test_only_the_run_s_own_discriminator_chooses(file, tmp_path):
    alone = tmp_path / "generator.safetensors"
    alone.write_bytes(file.read_bytes())
    with pytest.raises(InputError, match=r"none beside .*generator\.safetensors: name a run folder"):
        load(alone).sample(4, pick=2)
    other = nets_of(tmp_path / "other", size=32).with_name("discriminator.safetensors")
    alone.with_name("discriminator.safetensors").write_bytes(other.read_bytes())
    with pytest.raises(InputError, match=r"of another run than .* \(another size\)"):
        load(alone).sample(4, pick=2)
    assert len(load(alone).sample(4)) == 4
    with pytest.raises(InputError, match="--pick 0: give the number of candidates"):
        load(file).sample(4, pick=0)


def test_files_and_sheet_say_that_their_samples_were_chosen(file, tmp_path, capsys):
    assert command("sample", file, "-n", 5, "--pick", 3, "--out", tmp_path / "sheet.png") == 0
    assert f"5 samples in {tmp_path / 'sheet.png'}, {SAID}" in capsys.readouterr().out
    assert command("sample", file, "-n", 5, "--out", tmp_path / "fair.png") == 0
    with Image.open(tmp_path / "sheet.png") as picked, Image.open(tmp_path / "fair.png") as fair:
        assert picked.height == fair.height + band_height(fair.width)  # where it is said in letters, too
        words = np.asarray(picked.convert("L"))[fair.height :]
    assert words.max() == 255
    assert words.min() < 128
    for suffix in ("png", "jpg", "webp"):
        assert (
            command("sample", file, "-n", 2, "--pick", 3, "--files", "--format", suffix, "--out", tmp_path / "s") == 0
        )
    plain = tmp_path / "plain"
    assert command("sample", file, "-n", 5, "--files", "--out", plain) == 0
    for place in (tmp_path / "sheet.png", *(tmp_path / "s").iterdir()):
        content = place.read_bytes()
        assert SAID.encode() in content
        assert has_own_mark(content)
        assert source_of(place) == "trainedAlgorithmicMedia"
    assert b"description" not in (plain / "0-000000.png").read_bytes()
    assert command("sample", file, "-n", 5, "--pick", 1, "--files", "--out", tmp_path / "one") == 0
    for place in plain.iterdir():
        assert place.read_bytes() == (tmp_path / "one" / place.name).read_bytes()
    drawn = load(file).sample(2, pick=3)
    with Image.open(tmp_path / "s" / "0-000001.png") as picture:
        assert torch.equal(torch.tensor(list(picture.tobytes())).reshape(16, 16, 3), drawn[1].permute(1, 2, 0))


def test_what_has_no_choice_is_refused(file, tmp_path, capsys):
    assert command("sample", file, "--pick", 2, "--numbered") == 2
    assert "leave one out" in capsys.readouterr().err
    assert command("sample", file, "--pick", 2, "--codes", tmp_path / "c.safetensors") == 2
    assert command("measure", tmp_path, "--against", tmp_path, "--pick", 2) == 2
    assert "holds pictures: leave it out" in capsys.readouterr().err


@pytest.mark.usefixtures("without_report")
def test_a_measurement_says_how_its_samples_were_chosen(tmp_path):
    choices = dict(images=32, recipe="dcgan", batch=16, out=tmp_path / "r", scores="none") | TINY
    run = figment.train(draw_faces(tmp_path / "reals"), **choices)
    assert measure(run, features="random", n=20, pick=3).notes[0].startswith(f"Samples are chosen, {SAID}")
    assert {line["pick"] for line in run.measures()} == {3}
    assert SAID in _about(run.measures()[0])
    run.add_measures([line | {"pick": 1} for line in run.measures()[:1]])
    _, after = _notes_of_choice(Subject("", None, run, pick=3))
    assert "was with --pick 1, this one is with --pick 3" in after
    assert "was with --pick 1" in _notes_of_choice(Subject("", None, run, pick=2))[1]
    assert not _notes_of_choice(Subject("", None, run, pick=1))
