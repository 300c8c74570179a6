"""What the environment tells of several processes: as torchrun has it, left over, or nonsense."""

from pathlib import Path

import pytest

from figment.common.launch import Launch, launched, leads
from figment.errors import InputError
from figtest.command import command

NAMES = (
    "WORLD_SIZE", "RANK", "LOCAL_RANK", "GROUP_RANK", "MASTER_ADDR", "MASTER_PORT", "GROUP_WORLD_SIZE", "LOCAL_WORLD_SIZE",
)  # fmt: skip
WHOLE = {
    "WORLD_SIZE": "4", "RANK": "2", "LOCAL_RANK": "0", "GROUP_RANK": "1", "MASTER_ADDR": "node0", "MASTER_PORT": "29500",
}  # fmt: skip


@pytest.fixture(autouse=True)
def nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)


def set_all(monkeypatch: pytest.MonkeyPatch, values: dict[str, str]) -> None:
    for name, value in values.items():
        monkeypatch.setenv(name, value)


def test_what_torchrun_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch, WHOLE)
    assert launched() == Launch(4, 2, 0, 1, "node0", 29500)
    assert not leads()
    monkeypatch.setenv("RANK", "0")
    assert leads()


@pytest.mark.parametrize(
    ("told", "nodes"),
    [
        ({"GROUP_WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2"}, 2),
        ({"GROUP_WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "1"}, 1),
        ({}, 1),
    ],
)
def test_machines_count_where_each_has_as_many_processes(
    monkeypatch: pytest.MonkeyPatch, told: dict[str, str], nodes: int
) -> None:
    set_all(monkeypatch, WHOLE | told)
    assert launched() == Launch(4, 2, 0, 1, "node0", 29500, nodes)


@pytest.mark.parametrize(
    "values", [{}, {"WORLD_SIZE": ""}, {"WORLD_SIZE": "1"}, {"WORLD_SIZE": "1", "RANK": "0"}, {"RANK": "3"}, {"RANK": "sergeant"}]
)  # fmt: skip
def test_one_process_is_by_itself(monkeypatch: pytest.MonkeyPatch, values: dict[str, str]) -> None:
    set_all(monkeypatch, values)
    assert launched() is None
    assert leads()


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"WORLD_SIZE": "2"}, "RANK is missing"),
        ({"WORLD_SIZE": "abc"}, "WORLD_SIZE is abc, which is no number"),
        ({"WORLD_SIZE": "²"}, "WORLD_SIZE is ², which is no number"),
        ({"WORLD_SIZE": "9" * 5000}, "WORLD_SIZE is 9999"),
        ({"WORLD_SIZE": "0"}, "WORLD_SIZE is 0, which is no number of processes"),
        ({"WORLD_SIZE": "-2"}, "WORLD_SIZE is -2, which is no number"),
        ({"WORLD_SIZE": "1", "RANK": "1"}, "RANK is 1, which must be less than WORLD_SIZE=1"),
        (WHOLE | {"RANK": "4"}, "RANK is 4, which must be less than WORLD_SIZE=4"),
        (WHOLE | {"RANK": "x"}, "RANK is x, which is no number"),
        (WHOLE | {"LOCAL_RANK": ""}, "LOCAL_RANK is missing"),
        (WHOLE | {"LOCAL_RANK": "7"}, "LOCAL_RANK is 7, which must be less"),
        (WHOLE | {"GROUP_RANK": "first"}, "GROUP_RANK is first, which is no number"),
        (WHOLE | {"MASTER_ADDR": ""}, "MASTER_ADDR is missing"),
        (WHOLE | {"MASTER_PORT": ""}, "MASTER_PORT is missing"),
        (WHOLE | {"MASTER_PORT": "70000"}, "MASTER_PORT is 70000, which must be from 1 to 65535"),
    ],
)  # fmt: skip
def test_nonsense_is_refused_at_once_with_what_mends_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture, tmp_path: Path, values: dict[str, str],
    complaint: str,
) -> None:  # fmt: skip
    set_all(monkeypatch, values)
    with pytest.raises(
        InputError, match=f"^.*{complaint}.*: if that was left over, unset WORLD_SIZE RANK; else .*torchrun"
    ):
        launched()
    assert leads()
    for name in ("recipe.json", "run.json"):
        (tmp_path / name).write_text("{}")
    for asked in (["train", "--images", "1k"], ["resume", tmp_path]):
        assert command(*asked) == 2
        said = capsys.readouterr().err
        assert complaint in said
        assert len(said) < 300
