from dataclasses import replace

import numpy as np
import pytest

from figment.data.bank.prepare import prepare
from figment.data.sources.open import open_source
from figment.errors import InputError
from figment.inspection.drop import Drop


def test_words_are_parsed_in_any_order():
    assert Drop.parse("small, Near-Duplicates", 32, 64) == Drop(("near-duplicates", "small"), 32, 64)
    assert Drop.parse("small,outliers", 32, 64).key == "outliers,small,32x64,gradients"
    assert Drop.parse("outliers", 32, 64).key == Drop.parse("outliers", 8, 8).key


def test_keeping_and_dropping_what_is_marked_contradict_each_other():
    assert Drop.parse("marked,small", 64, 64).key == "small,marked,64x64"
    with pytest.raises(InputError, match="--keep-marked contradict"):
        Drop.parse("marked", 64, 64, keep_marked=True)


@pytest.mark.parametrize("text", ["", "dark", "small,blurred"])
def test_other_words_are_refused(text):
    with pytest.raises(InputError, match="--drop"):
        Drop.parse(text, 64, 64)


def test_reasons_name_what_is_meant(odd):
    reasons = Drop.parse("near-duplicates,outliers,small", 64, 64).choose(odd)
    told = {odd.names[slot]: reason for slot, reason in reasons.items()}
    assert told["mirrored.jpg"] == "near-duplicate of 004.png"
    assert told["small.png"] in ("smaller than 64×64", "outlier")
    assert told["noise.png"] == "outlier"
    assert "004.png" not in told


def test_copies_of_what_is_dropped_go_too_and_groups_keep_one(odd):
    a, b, c = odd.usable[:3].tolist()
    copy = max(odd.copies)
    changed = replace(odd, near=[[a, b, c]], found=odd.found | {"outliers": np.array([a])}, copies={copy: c})
    reasons = Drop(("near-duplicates", "outliers"), 8, 8).choose(changed)
    assert reasons == {a: "outlier", c: f"near-duplicate of {odd.names[b]}", copy: f"near-duplicate of {odd.names[b]}"}


def test_small_is_judged_on_both_sides(odd):
    small = odd.names.index("small.png")
    assert Drop(("small",), 40, 40).choose(odd) == {}
    assert Drop(("small",), 41, 40).choose(odd) == {small: "smaller than 40×41"}
    assert len(Drop(("small",), 40, 97).choose(odd)) == len(odd.usable) + len(odd.copies)


def test_a_bank_leaves_them_out(odd_folder):
    drop = Drop.parse("near-duplicates,small", 64, 64)
    reasons = drop(open_source(odd_folder))
    bank = prepare(odd_folder, 64, leave_out=drop)
    assert len(bank.pictures) == 137 - len(reasons)
    assert "mirrored.jpg" not in bank.names


def test_outliers_in_features_of_ones_own(tmp_path, monkeypatch):
    (tmp_path / "net.onnx").write_bytes(b"a network")
    monkeypatch.chdir(tmp_path)
    drop = Drop.parse("outliers:onnx:net.onnx,small", 32, 32)
    assert drop.features == f"onnx:{tmp_path / 'net.onnx'}"
    assert Drop.parse(drop.text, 32, 32) == drop
    key = drop.key
    (tmp_path / "net.onnx").write_bytes(b"another")
    assert drop.key != key
    (tmp_path / "net.onnx").unlink()
    with pytest.raises(InputError, match=r"net\.onnx can't be read"):
        drop.key  # noqa: B018
    assert Drop.parse("outliers:random", 32, 32).key == "outliers,random"
    with pytest.raises(InputError, match="--drop"):
        Drop.parse("small:random", 32, 32)
