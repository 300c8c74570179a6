"""Samples by number, file or condition, as the command line and others name them."""

import pytest
import torch

from figment import codes
from figment.common.progress import Silent
from figment.errors import InputError
from figment.explore.group_texts import choose_groups, group_of, is_conditions, sample_numbers, sample_pairs

STAGE = Silent().stage


def test_numbers_and_pairs() -> None:
    assert sample_numbers("3,17, 40-43", "--a") == [3, 17, 40, 41, 42, 43]
    assert sample_pairs("3-17,8-40", "--between") == [(3, 17), (8, 40)]
    for text in ("", "3,", "4-3", "-1", "²"):
        with pytest.raises(InputError, match="--a"):
            sample_numbers(text, "--a")
    with pytest.raises(InputError, match="at most 10,000 samples"):
        sample_numbers("0-10001", "--a")
    for text in ("3", "3-17-8", "3-x", "3-17,8"):
        with pytest.raises(InputError, match="--between"):
            sample_pairs(text, "--between")


def test_what_is_no_number_and_no_file_is_conditions() -> None:
    assert [is_conditions(text) for text in ("3,17-20", "a.txt", "b.SAFETENSORS")] == [False] * 3
    assert [is_conditions(text) for text in ("glasses", "smile>0.4, no beard", "class=9")] == [True] * 3


def test_groups_are_of_one_class_that_of_the_leader_s_first_sample(world, tmp_path) -> None:
    generator, predictor = world(classes=("cat", "dog"))
    (tmp_path / "numbers.txt").write_text("5 6\n7")
    texts = {"--a": "3,4", "--b": str(tmp_path / "numbers.txt"), "--c": "left>0.5"}
    groups, label = choose_groups(generator, predictor, texts, "--a", 0, None, 4, STAGE)
    assert label == generator.classes[int(generator.labels(1, 0, 3))]
    assert [group.numbers[:3] for group in groups[:2]] == [(3, 4), (5, 6, 7)]
    assert torch.equal(groups[1].codes, generator.codes(3, 0, 5))
    assert len(groups[2]) == 4
    assert choose_groups(generator, predictor, texts, "--a", 0, "dog", 4, STAGE)[1] == "dog"
    kept = tmp_path / "kept.safetensors"
    kept.write_bytes(codes.packed(generator.codes(3), torch.tensor([1, 0, 0])))
    groups, label = choose_groups(generator, None, {"--from": str(kept), "--to": "3,4"}, "--from", 0, None, 4, STAGE)
    assert (label, groups[0].numbers) == ("dog", ())
    assert torch.equal(groups[0].codes, generator.codes(3))


def test_conditions_need_something_that_reads_them(world) -> None:
    generator, _ = world()
    assert choose_groups(generator, None, {"--a": "1,2"}, "--a", 0, None, 3, STAGE)[1] is None
    with pytest.raises(InputError, match=r"--a left>0: nothing reads attributes.*give --labels"):
        group_of(generator, None, "left>0", "--a", 0, None, 3, STAGE)
