"""Codes: each by its number, and priors by their moments."""

import math

import pytest
import torch
from safetensors.torch import save

from figment import codes
from figment.common.seeds import generator_at, seed_at
from figment.errors import InputError


@pytest.mark.parametrize("prior", ["uniform", "normal"])
def test_a_code_depends_on_its_number_and_seed_alone(prior: str) -> None:
    many = codes.numbered(3, 0, 20, 7, prior)
    assert torch.equal(codes.numbered(3, 11, 4, 7, prior), many[11:15])
    assert not torch.equal(codes.numbered(4, 11, 4, 7, prior), many[11:15])
    assert len({tuple(c.tolist()) for c in many}) == 20


def test_priors() -> None:
    uniform, normal = (codes.draw(4000, 10, p, generator_at(0)) for p in ("uniform", "normal"))
    assert uniform.min() >= -1
    assert uniform.max() < 1
    assert uniform.std().item() == pytest.approx(1 / math.sqrt(3), rel=0.02)
    assert normal.std().item() == pytest.approx(1, rel=0.02)


def test_gaussian_codes_become_uniform() -> None:
    u = codes.from_gaussian(torch.randn(50_000, generator=generator_at(1)), "uniform").sort().values
    expected = torch.linspace(-1, 1, 50_000)
    assert (u - expected).abs().max() < 0.02  # Kolmogorov: 0.02 is far beyond chance at this N
    assert codes.from_gaussian(torch.tensor([0.5]), "normal").item() == 0.5


def test_truncation() -> None:
    assert torch.equal(codes.truncated(torch.tensor([1.0, -2.0]), 0.5), torch.tensor([0.5, -1.0]))


def test_seeds_of_places_differ_and_are_fixed() -> None:
    places = [seed_at(s, p, i) for s in range(4) for p in ("a", "b") for i in range(50)]
    assert len(set(places)) == len(places)
    assert seed_at(0, "sample", 0) == seed_at(0, "sample", 0) != seed_at(0, "sample/0")
    assert all(0 <= p < 2**63 for p in places)


def test_a_class_depends_on_its_number_and_seed_alone() -> None:
    many = codes.numbered_classes(3, 0, 400, 7)
    assert many.dtype == torch.int64
    assert torch.equal(codes.numbered_classes(3, 111, 40, 7), many[111:151])
    assert not torch.equal(codes.numbered_classes(4, 111, 40, 7), many[111:151])
    assert codes.numbered_classes(3, 0, 0, 7).shape == (0,)


def test_classes_are_equally_likely() -> None:
    counts = codes.numbered_classes(0, 0, 7000, 7).bincount(minlength=7)
    chi_squared = ((counts - 1000.0) ** 2 / 1000).sum()
    assert len(counts) == 7
    assert chi_squared < 22.5  # 6 degrees of freedom: one draw in a thousand is further off


# ---- files of codes ------------------------------------------------------------------------------------------------------


def test_codes_come_back_from_their_file(tmp_path):
    z, labels = codes.numbered(0, 0, 5, 7, "normal"), torch.tensor([0, 2, 1, 1, 0])
    file = tmp_path / "codes.safetensors"
    file.write_bytes(codes.packed(z))
    found, none = codes.read(file, 7)
    assert torch.equal(found, z)
    assert none is None
    file.write_bytes(codes.packed(z, labels))
    assert torch.equal(codes.read(file, 7, 3)[1], labels)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (codes.packed(torch.zeros(2, 6)), "another generator's codes: this one takes 7 numbers each and no classes"),
        (codes.packed(torch.zeros(2, 7), torch.zeros(2, dtype=torch.int64)), "no classes"),
        (codes.packed(torch.full((2, 7), float("nan"))), "another generator's"),
        (b"nothing", "no whole file of codes"),
        (save({"codes": torch.zeros(2, 7)}), "holds no codes"),
        (save({"codes": torch.zeros(2, 7, dtype=torch.int32)}, {"figment": '{"kind": "codes"}'}), "codes is int32"),
        (
            save({"codes": torch.zeros(2, 7), "labels": torch.zeros(2)}, {"figment": '{"kind": "codes"}'}),
            "labels is float32",
        ),
        (save({"codes": torch.zeros(2, 7)}, {"figment": "[" * 200_000}), "nested too deep"),
    ],
    ids=["size", "classes", "nan", "damaged", "other", "whole numbers", "broken classes", "deep"],
)
def test_files_of_other_codes_are_refused(content, says, tmp_path):
    (tmp_path / "x.safetensors").write_bytes(content)
    with pytest.raises(InputError, match=says):
        codes.read(tmp_path / "x.safetensors", 7)


def test_classes_that_there_are_not_are_refused(tmp_path):
    (tmp_path / "x.safetensors").write_bytes(codes.packed(torch.zeros(2, 7), torch.tensor([0, 3])))
    with pytest.raises(InputError, match="one of 3 classes"):
        codes.read(tmp_path / "x.safetensors", 7, 3)
    with pytest.raises(InputError, match="doesn't exist"):
        codes.read(tmp_path / "y.safetensors", 7)


def test_a_direction_of_other_codes_is_refused():
    with pytest.raises(InputError, match="a direction of 6 numbers moves no codes of 7"):
        codes.shifted(torch.zeros(2, 7), torch.zeros(6), "normal")
