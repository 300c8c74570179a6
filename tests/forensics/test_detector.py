import dataclasses
import json
from contextlib import suppress

import numpy as np
import pytest
import torch

from figment.common import tensorfiles
from figment.errors import InputError
from figment.forensics.detector import load_detector
from figtest.detectors import textures
from figtest.runs import build


@pytest.fixture
def file(detector, tmp_path):
    file = tmp_path / "detector.safetensors"
    file.write_bytes(detector.packed())
    return file


def changed(file, header=None, **tensors):
    """The same file with some of its header, or of its tensors, changed; None takes one away."""
    with tensorfiles.opened(file) as content:
        found, told = content.tensors(), content.header
    found = {name: value for name, value in (found | tensors).items() if value is not None}
    file.write_bytes(tensorfiles.packed(found, told | (header or {})))
    return file


def refused(file):
    with pytest.raises(InputError) as error:
        load_detector(file)
    assert str(file) in str(error.value)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_it_comes_back_as_it_was(detector, file):
    again, pictures = load_detector(file), textures(8, 3)
    assert again.packed() == detector.packed()
    assert (again.read(pictures).views["spectrum"] == detector.read(pictures).views["spectrum"]).all()
    assert again.card == json.loads(json.dumps(detector.card))


def test_it_holds_no_pickle(file):
    assert b"pickle" not in file.read_bytes()
    assert tensorfiles.opened(file)


@pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.99])
def test_a_cut_off_file_is_told(file, share):
    content = file.read_bytes()
    file.write_bytes(content[: int(share * len(content))])
    assert "detector" in refused(file)


def test_what_is_none_is_told(tmp_path):
    run = build(tmp_path)
    assert "no detector of figment's" in refused(
        run.generator_file if run.generator_file.is_file() else run.snapshot_file(0)
    )
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n")
    assert "a picture (PNG), no detector" in refused(tmp_path / "picture.png")
    assert "is a folder" in refused(tmp_path)
    assert "doesn't exist" in refused(tmp_path / "none")


@pytest.mark.parametrize(
    "header",
    [
        {"kind": "generator"}, {"format": 2}, {"default": "lite0"}, {"probes": []}, {"probes": ["spectrum", "lite0"]},
        {"eyes": {}}, {"eyes": {"spectrum": {"dimension": 3, "digest": ""}}}, {"novelties": ["other"]}, {"curves": 3},
        {"eyes": {"discriminator": {"dimension": 3, "digest": ""}}, "probes": ["discriminator"]}, {"share": 0.0}, {"sides": [1]},
        {"sides": [40, 9]},
        {"recipe": {}}, {"recipe": {"nets": "none"}},
    ],
)  # fmt: skip
def test_a_header_that_doesnt_fit_is_told(file, header):
    refused(changed(file, header))


@pytest.mark.parametrize(
    "tensors",
    [
        {"spectrum.probe.weights": None}, {"spectrum.probe.weights": torch.zeros(3)}, {"spectrum.probe.scale": torch.zeros(180)},
        {"spectrum.probe.mean": torch.full((180,), torch.nan)}, {"spectrum.curves": torch.zeros(0, 2)},
        {"spectrum.curves": torch.zeros(2, 3)}, {"spectrum.novelty.rest": torch.tensor(0.0)}, {"spectrum.reals": torch.zeros(0)},
        {"spectrum.novelty.limit": torch.tensor(torch.nan)}, {"spectrum.probe.bias": torch.zeros(2, dtype=torch.int64)},
    ],
)  # fmt: skip
def test_tensors_that_dont_fit_are_told(file, tensors):
    assert "damaged" in refused(changed(file, **tensors))


def test_any_byte_may_be_spoilt(detector, tmp_path):
    """It is refused in a sentence, or loads: nothing else is raised."""
    content, random = bytearray(detector.packed()), np.random.default_rng(0)
    length = int.from_bytes(content[:8], "little")
    for place in random.integers(0, 8 + length, 60).tolist():
        spoilt = bytearray(content)
        spoilt[place] = int(random.integers(256))
        (tmp_path / "x.safetensors").write_bytes(spoilt)
        with suppress(InputError):
            load_detector(tmp_path / "x.safetensors")


def test_false_alarms_are_never_told_as_none(detector):
    own = dataclasses.replace(detector, reals={"spectrum": np.arange(99.0)})
    assert own.false_alarms("spectrum", 1000.0) == pytest.approx(0.01)
    assert own.false_alarms("spectrum", 98.0) == pytest.approx(0.02)
    assert own.false_alarms("spectrum", -1.0) == 1
