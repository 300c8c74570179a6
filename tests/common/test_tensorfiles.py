"""Tensors in files."""

import json
from pathlib import Path

import pytest
import torch
from safetensors import SafetensorError
from safetensors.torch import save

from figment.common import tensorfiles
from figment.common.tensorfiles import DAMAGED, opened, packed

TENSORS = {"b": torch.arange(6.0).reshape(2, 3).T, "a": torch.tensor([True, False]), "none": torch.empty(0, 4)}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "x.safetensors").write_bytes(packed(TENSORS, {"kind": "toys", "facts": [1, "ä"]}))
    return tmp_path / "x.safetensors"


def test_what_was_packed_is_read(file: Path) -> None:
    with opened(file) as content:
        assert content.header == {"kind": "toys", "facts": [1, "ä"]}
        assert content.kind == "toys"
        assert content.shapes == {"a": (2,), "b": (3, 2), "none": (0, 4)}
        found = content.tensors()
        assert torch.equal(content.tensor("a"), TENSORS["a"])
    assert found.keys() == TENSORS.keys()
    assert all(torch.equal(found[name], TENSORS[name]) for name in TENSORS)


def test_the_same_give_the_same_bytes() -> None:
    turned = dict(reversed(TENSORS.items()))
    assert packed(turned, {"kind": "toys"}) == packed(TENSORS, {"kind": "toys"})
    weight = {"w": torch.ones(2, 3, 4, 5).to(memory_format=torch.channels_last).requires_grad_()}
    assert packed(weight, {}) == packed({"w": torch.ones(2, 3, 4, 5)}, {})


def test_a_file_of_others_says_nothing_of_itself(file: Path) -> None:
    file.write_bytes(save({"a": torch.ones(1)}))
    with opened(file) as content:
        assert content.kind is None
        with pytest.raises(KeyError):
            _ = content.header
    file.write_bytes(save({"a": torch.ones(1)}, {"figment": "no JSON"}))
    with opened(file) as content, pytest.raises(json.JSONDecodeError):
        _ = content.kind


def test_a_name_that_is_no_text_is_read(file: Path) -> None:
    """safetensors takes names in UTF-8 only."""
    other = file.with_name("\udcff.safetensors")
    file.rename(other)
    with opened(other) as content:
        assert torch.equal(content.tensor("b"), TENSORS["b"])
    with pytest.raises(DAMAGED), opened(file.with_name("\udcfe")):
        pass


@pytest.mark.parametrize("left", [0, 7, 40, -1])
def test_a_file_that_was_cut_off_is_damaged(file: Path, left: int) -> None:
    file.write_bytes(file.read_bytes()[:left])
    with pytest.raises(DAMAGED), opened(file):
        pass


def test_what_is_not_there_is_damaged_too(file: Path) -> None:
    with pytest.raises(DAMAGED), opened(file.with_name("other")):
        pass
    with pytest.raises(DAMAGED), opened(file) as content:
        content.tensor("c")


def test_a_file_that_cant_be_mapped_is_read(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError("No such device (os error 19)")  # as safetensors says it

    file = tmp_path / "a.safetensors"
    file.write_bytes(tensorfiles.packed({"b": torch.ones(2, 3)}, {"kind": "x"}))
    monkeypatch.setattr(tensorfiles, "safe_open", refuse)
    with tensorfiles.opened(file) as content:
        assert content.header == {"kind": "x"}
        assert content.shapes == {"b": (2, 3)}
        assert torch.equal(content.tensor("b"), torch.ones(2, 3))
        with pytest.raises(SafetensorError):
            content.tensor("c")
    file.write_bytes(file.read_bytes()[:-3])
    with pytest.raises(SafetensorError), tensorfiles.opened(file):
        pytest.fail("half a file was read")
