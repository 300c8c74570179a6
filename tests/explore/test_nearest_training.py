"""The nearest training pictures are those of brute force, and planted copies are found, mirrored ones too."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import figment
from figment.data.bank.bank import Bank
from figment.data.bank.prepare import prepare
from figment.data.portraits.table import portraits
from figment.errors import InputError
from figment.explore.nearest_training import neighbours, sentence
from figment.features.registry import extractor
from figment.generator import load
from figment.media.provenance import source_of
from figment.similarity import spaces
from figtest.command import command
from figtest.likeness import ALIKE, CAUTIONS


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "reals"
    folder.mkdir()
    for i, picture in enumerate(portraits(150, 0, 16)[0]):
        Image.fromarray(picture.transpose(1, 2, 0)).save(folder / f"{i:03d}.png")
    out = tmp_path_factory.mktemp("runs") / "run"
    return figment.train(
        folder,
        images=64,
        recipe="dcgan",
        size=16,
        width=4,
        batch=16,
        scores="none",
        compile="off",
        precision="fp32",
        out=out,
    ).folder


@pytest.fixture
def replayed(run: Path, tmp_path: Path) -> Bank:
    """A bank in which the run's samples 0 … 39 are, every second one mirrored, among portraits."""
    folder = tmp_path / "replayed"
    folder.mkdir()
    for i, picture in enumerate(load(run).sample(40).numpy()):
        turned = picture[..., ::-1] if i % 2 else picture
        Image.fromarray(turned.transpose(1, 2, 0)).save(folder / f"sample-{i:03d}.png")
    for i, picture in enumerate(portraits(40, 5, 16)[0]):
        Image.fromarray(picture.transpose(1, 2, 0)).save(folder / f"portrait-{i:03d}.png")
    return prepare(folder, 16)


@pytest.mark.parametrize("features", ["pixels", "random"])
def test_copies_in_the_training_set_are_found(run: Path, replayed: Bank, features: str) -> None:
    generator = load(run)
    trained_on = [i for i in range(40) if f"sample-{i:03d}.png" in {replayed.names[row] for row in replayed.train}]
    numbers = trained_on[:6]
    found = neighbours(generator, replayed, numbers, 3, space=spaces.named_space(features)).finding()
    for number, told in zip(numbers, found.numbers["samples"], strict=True):
        assert told["names"][0] == f"sample-{number:03d}.png"
        assert told["mirrored"][0] == bool(number % 2)
        assert told["distances"][0] == pytest.approx(0, abs=1e-3)
        assert told["distances"] == sorted(told["distances"])
    assert found.codes is not None
    assert torch.equal(generator.decode(found.codes), generator.sample(40)[numbers])
    assert [row[0] for row in found.rows] == [str(number) for number in numbers]


@pytest.mark.parametrize(
    ("ours", "says"),
    [(5.0, "samples lie nearer"), (10.0, "about as near"), (20.0, "samples lie farther")],
)
def test_the_sentence_says_what_the_distances_do(ours: float, says: str) -> None:
    noise = np.random.default_rng(0).normal(0, 1, (2, 200))
    told = sentence(ours + noise[0], 10 + noise[1], spaces.PIXELS, ALIKE)
    assert says in told
    assert ("no sign of copying" in told) == (ours >= 10)
    for alike, caution in CAUTIONS.items():
        unsure = sentence(ours + noise[0], 10 + noise[1], spaces.PIXELS, alike)
        assert says in unsure
        assert "no sign" not in unsure
        assert (caution in unsure) == (ours >= 10)
    few = sentence(ours + noise[0], 10 + noise[1][:20], spaces.PIXELS, ALIKE)
    assert ("20 held-out pictures are too few" in few) == (ours == 10)
    doubted = sentence(ours + noise[0], 10 + noise[1][:20], spaces.PIXELS, None)
    assert "about as near" not in doubted
    assert "no sign" not in doubted
    assert f"{np.median(ours + noise[0]):.3g} levels" in told
    assert "no picture is held out" in sentence(ours + noise[0], np.array([]), spaces.PIXELS)
    assert " levels" not in sentence(ours + noise[0], 10 + noise[1], spaces.network_space(extractor("gradients")))


def test_the_command_keeps_what_it_found(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    out = tmp_path / "found"
    assert command("explore", "neighbours", run, "--samples", "3,7-8", "-k", 4, "--out", out) == 0
    assert "from its nearest training picture" in capsys.readouterr().out
    record = json.loads((out / "neighbours.json").read_text())
    assert [its["number"] for its in record["numbers"]["samples"]] == [3, 7, 8]
    assert all(len(its["names"]) == 4 for its in record["numbers"]["samples"])
    assert all(0 <= its["held_out_nearer"] <= 1 for its in record["numbers"]["samples"])
    assert source_of(out / "neighbours.png") == "compositeWithTrainedAlgorithmicMedia"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--samples", "3-"], "--samples 3-"),
        (["--samples", "1", "-n", "2"], "exclude each other"),
        (["--features", "own"], "--features own"),
        (["--label", "cat"], "--label cat"),
        (["-k", "0"], "-k"),
    ],
)
def test_what_cannot_be_used_is_told_in_a_sentence(
    words: list[str], says: str, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    assert command("explore", "neighbours", run, *words, "--out", tmp_path) == 2
    told = "".join(capsys.readouterr())
    assert says in told
    assert "Traceback" not in told


def test_a_generator_alone_has_no_training_pictures(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert command("explore", "neighbours", run / "generator.safetensors", "--out", tmp_path) == 2
    assert "name its run folder" in capsys.readouterr().err


def test_no_samples_are_refused(run: Path, replayed: Bank) -> None:
    with pytest.raises(InputError, match="--samples"):
        neighbours(load(run), replayed, [])
