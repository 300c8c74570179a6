"""What an experiment found, as files."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from figment import codes
from figment.errors import InputError
from figment.finding import Finding, Sheet, read_findings
from figment.media.provenance import source_of

GREY = np.full((4, 6, 3), 128, np.uint8)


def finding(**changes):
    usual = dict(kind="interpolate", sentence="It changes.", sheets={"": Sheet(GREY, "a row")}, codes=torch.ones(2, 3))
    return Finding(**usual | changes)


def test_a_finding_is_kept_whole(tmp_path: Path) -> None:
    sheets = {
        "": Sheet(GREY, "a row"),
        "beside": Sheet(GREY, "reals too", "compositeWithTrainedAlgorithmicMedia"),
        "reals": Sheet(GREY, "reals alone", None),
    }
    files = finding(sheets=sheets, numbers={"seed": 3}, columns=("a", "b"), rows=(("x", "1"),)).save(
        tmp_path / "findings", 640, ["figment", "explore"]
    )
    assert [path.name for path in files] == [
        "interpolate.png", "interpolate.beside.png", "interpolate.reals.png", "interpolate.safetensors", "interpolate.json"
    ]  # fmt: skip
    assert [source_of(path) for path in files[:3]] == [
        "trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia", None
    ]  # fmt: skip
    (record,) = read_findings(tmp_path / "findings")
    assert record["sentence"] == "It changes."
    assert record["numbers"] == {"seed": 3}
    assert record["images"] == 640
    assert record["command"] == ["figment", "explore"]
    assert [sheet["caption"] for sheet in record["sheets"]] == ["a row", "reals too", "reals alone"]
    assert torch.equal(codes.read(files[3], 3)[0], torch.ones(2, 3))


def test_the_same_finding_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = (finding().save(tmp_path / name) for name in ("a", "b"))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_a_finding_replaces_the_last_of_its_kind_and_name_with_all_its_files(tmp_path: Path) -> None:
    finding(sheets={"": Sheet(GREY, "a"), "singles": Sheet(GREY, "b")}).save(tmp_path)
    finding(name="other one").save(tmp_path)
    (tmp_path / "mine.png").write_bytes(b"mine")
    finding(codes=None).save(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {
        "interpolate.png", "interpolate.json", "mine.png",
        "interpolate-other-one.png", "interpolate-other-one.json", "interpolate-other-one.safetensors",
    }  # fmt: skip
    assert [record["name"] for record in read_findings(tmp_path)] == ["other one", ""]


def test_damaged_and_foreign_records_are_left_out(tmp_path: Path) -> None:
    finding().save(tmp_path)
    record = json.loads((tmp_path / "interpolate.json").read_text())
    (tmp_path / "damaged.json").write_text("{")
    (tmp_path / "list.json").write_text("[1]")
    (tmp_path / "newer.json").write_text(json.dumps(record | {"format": 2}))
    (tmp_path / "elsewhere.json").write_text(json.dumps(record | {"sheets": [{"file": "../x.png", "caption": ""}]}))
    assert len(read_findings(tmp_path)) == 1


def test_a_record_that_was_changed_by_hand_deletes_nothing_elsewhere(tmp_path: Path) -> None:
    folder = tmp_path / "findings"
    finding().save(folder)
    (tmp_path / "kept.png").write_bytes(b"kept")
    record = json.loads((folder / "interpolate.json").read_text())
    (folder / "interpolate.json").write_text(json.dumps(record | {"codes": "../kept.png"}))
    finding().save(folder)
    assert (tmp_path / "kept.png").exists()


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="can't be written"):
        finding().save(tmp_path / "file" / "findings")
