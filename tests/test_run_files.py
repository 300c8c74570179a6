"""Run folders of another hand: what is damaged is told in a sentence or left out and counted, and nothing else is lost."""

import json
from pathlib import Path
from typing import Any

import pytest

from figment.errors import InputError
from figment.finding import read_findings
from figment.presets import make
from figment.run import Run
from figment.run_files import events_of, measures_of
from figtest.runs import tick

DEEP = "[" * 200_000
DAMAGED = [
    b'{"event": "ti\xffck", "images": 3}',  # one byte that isn't UTF-8
    DEEP.encode(),
    b'{"event": "tick", "images": "3"}',
    b'{"event": "tick", "images": 3, "spread": "wide"}',
    b'{"event": "tick", "images": -1}',
    b'{"event": "tick", "images": 1' + b"0" * 5000 + b"}",
    b'{"event": "tick", "images": 3, "loss_generator": 1e999}',
    b'{"event": 5, "images": 3}',
    b'{"event": "tick"}',
    b"[1, 2]",
    b"\0" * 100,
]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    run = Run.create(tmp_path / "a", make("dcgan", images=100), {"data": None, "source": "x"})
    for images in (0, 50, 100):
        run.log(tick(images, 0.5))
    return run


def append(run: Run, *lines: bytes) -> None:
    with run.events_file.open("ab") as file:
        file.writelines(line + b"\n" for line in lines)


def test_damaged_events_are_left_out_and_counted(run: Run) -> None:
    before = run.events()
    append(run, *DAMAGED)
    run.log(tick(120, 0.6))
    log = events_of(run.events_file)
    assert [e["images"] for e in log.records()] == [0, 50, 100, 120]
    assert run.events()[:3] == before
    assert log.damage() == f"{len(DAMAGED)} of {len(DAMAGED) + 4} lines of events.jsonl are damaged and left out"


@pytest.mark.parametrize("line", DAMAGED)
def test_a_single_damaged_event_is_told(run: Run, line: bytes) -> None:
    append(run, line)
    log = events_of(run.events_file)
    assert len(log.records()) == 3
    assert log.damage() == "1 of 4 lines of events.jsonl is damaged and left out"


def test_an_event_without_what_its_kind_needs_is_counted(run: Run) -> None:
    whole = tick(120, 0.6)
    append(run, *(json.dumps(whole | {"spread": none}).encode() for none in (None, float("nan"))))
    append(run, json.dumps({k: v for k, v in whole.items() if k != "separation"}).encode())
    log = events_of(run.events_file)
    assert len(log.records()) == 6
    assert log.damage() is not None
    assert log.damage().startswith("3 of 6 lines")


def test_unknown_numbers_kinds_and_fields_are_no_damage(run: Run) -> None:
    append(
        run,
        b'{"event": "tick", "images": 1, "separation": 0.5, "spread": 0.5, "memorising": NaN}',
        b'{"event": "of a newer version", "images": 1, "more": [1]}',
        b'{"event": "note", "images": 1, "text": "\\udcff.png"}',  # a name whose bytes aren't text
        b"",
    )
    log = events_of(run.events_file)
    found = log.records()[3:]
    assert [found[0]["memorising"], found[1]["more"], found[2]["text"]] == [None, [1], "\udcff.png"]
    assert log.damage() is None


def test_a_line_that_never_ends_is_not_held_in_memory(run: Run) -> None:
    append(run, b"x" * (3 << 20))
    log = events_of(run.events_file)
    assert len(log.records()) == 3
    assert max(len(line) for line, _ in log) <= 1 << 20


def test_going_on_drops_what_is_newer_and_what_was_cut_and_nothing_else(run: Run) -> None:
    append(run, *DAMAGED)
    with run.events_file.open("ab") as file:
        file.write(b'{"event": "tick", "ima')  # by kill -9
    lines = run.events_file.read_bytes().splitlines()
    said = run.begin(run.recipe, {}, {"event": "resume", "images": 50, "text": "resumed"})
    kept = run.events_file.read_bytes().splitlines()
    assert kept[:-1] == [*lines[:2], *lines[3:-1]]
    assert [e["images"] for e in run.events()] == [0, 50, 50]
    assert said is not None
    assert said.startswith(f"{len(DAMAGED)} of ")


@pytest.mark.parametrize(
    "content",
    [
        "{", "[1]", "5", DEEP, '{"a":' * 200_000, '{"format": 1, "images": NaN}', '{"format": 1, "images": "3"}',
        '{"format": 1, "state": "asleep"}', '{"format": 1, "data": 3}', '{"format": 1, "asked": {"recipe": 3}}',
        '{"format": 1, "seconds": -1}', '{"format": 1, "command": "figment"}', '{"format": 1, "versions": [1]}', "\udcff",
    ],
)  # fmt: skip
def test_damaged_facts_are_one_sentence(run: Run, content: str) -> None:
    (run.folder / "run.json").write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(InputError, match=r"run.json is damaged \(.*\): restore it") as error:
        run.facts  # noqa: B018
    assert len(str(error.value)) < 400


@pytest.mark.parametrize(
    "content", [DEEP, "5", '{"format": 1, "lr": NaN}', '{"format": 1, "images": 1' + 400 * "0" + "}"]
)
def test_a_damaged_recipe_is_one_sentence(run: Run, content: str) -> None:
    (run.folder / "recipe.json").write_text(content)
    with pytest.raises(InputError, match=r"recipe.json holds no figment recipe \(.*\): restore it"):
        run.recipe  # noqa: B018
    (run.folder / "recipe.json").write_bytes(b'{"format": 1, "name": "dc\xffgan"}')
    with pytest.raises(InputError, match=r"recipe.json holds no figment recipe \(it is empty or damaged"):
        run.recipe  # noqa: B018


def test_what_run_json_lacks_is_told_where_it_is_needed(run: Run) -> None:
    (run.folder / "run.json").write_text('{"format": 1}')
    with pytest.raises(InputError, match=r"run.json doesn't tell the run's data: say so with figment resume .* --data"):
        run.data  # noqa: B018
    with pytest.raises(InputError, match=r"run.json doesn't tell the run's state: restore it"):
        run.state  # noqa: B018


def test_what_this_figment_does_not_know_stays_in_run_json(run: Run) -> None:
    run.note(of_a_newer_version={"a": [1]})
    run.note(state="training", data="\udcff.zip")
    assert run.facts["of_a_newer_version"] == {"a": [1]}
    assert run.data == "\udcff.zip"


# ---- findings and measures -----------------------------------------------------------------------------------------

FINDING: dict[str, Any] = {
    "format": 1, "kind": "interpolate", "name": "", "images": 3, "sentence": "It changes.", "numbers": {},
    "columns": ["a", "b"], "rows": [["x", "1"]], "sheets": [{"file": "x.png", "caption": ""}], "codes": None, "command": [],
}  # fmt: skip
MEASURE: dict[str, Any] = {
    "score": "kid", "at": "now", "data": "faces", "networks": {"random": {"digest": "ab", "resize": "to 64"}},
    "codec": "none", "seed": 1, "value": 1.0, "error": 0.1, "floor": 0.2, "floor_error": None, "n": 3, "reference": None,
    "title": "KID", "features": "random", "better": "lower", "meaning": "m", "verdict": "v",
}  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {"rows": 5}, {"rows": [["alone"]]}, {"rows": [[1, 2]]}, {"columns": None}, {"sheets": [{"file": "../x.png"}]},
        {"images": "3"}, {"command": "figment"}, {"codes": "../x"}, {"name": 5}, {"format": 2},
    ],
)  # fmt: skip
def test_a_damaged_finding_is_left_out_and_told(tmp_path: Path, change: dict[str, Any]) -> None:
    (tmp_path / "a.json").write_text(json.dumps(FINDING))
    said: list[str] = []
    assert len(read_findings(tmp_path, said.append)) == 1
    assert said == []
    (tmp_path / "a.json").write_text(json.dumps(FINDING | change))
    assert read_findings(tmp_path, said.append) == []
    assert [str(tmp_path / "a.json") in sentence for sentence in said] == [True]


@pytest.mark.parametrize("content", [DEEP, json.dumps({k: v for k, v in FINDING.items() if k != "rows"}), "\udcff"])
def test_a_finding_that_is_cut_or_deep_is_left_out_and_told(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.json").write_bytes(content.encode("utf-8", "surrogateescape"))
    said: list[str] = []
    assert read_findings(tmp_path, said.append) == []
    assert len(said) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"value": "much"}, {"floor": [1]}, {"networks": {"random": {}}}, {"n": "3"}, {"seed": None}, {"at": 5},
        {"marginals": [{"name": "a", "labels": ["x"], "truth": [1.0, 2.0], "found": [1.0],
                        "distance": {"value": 1.0, "floor": 1.0}}]},
    ],
)  # fmt: skip
def test_a_damaged_measure_is_left_out_and_counted(tmp_path: Path, change: dict[str, Any]) -> None:
    file = tmp_path / "measures.jsonl"
    file.write_text(json.dumps(MEASURE) + "\n" + json.dumps(MEASURE | change) + "\n")
    log = measures_of(file)
    assert log.records() == [MEASURE]
    assert log.damage() == "1 of 2 lines of measures.jsonl is damaged and left out"
