"""figment measure of several: each kept as it comes, one table, one file."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from figment.data.portraits.table import portraits
from figtest.command import command


@pytest.fixture(scope="module")
def sets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders of 16 px portraits: reals, ours, theirs."""
    base = tmp_path_factory.mktemp("sets")
    for seed, (name, count) in enumerate((("reals", 160), ("ours", 70), ("theirs", 70))):
        (base / name).mkdir()
        for i, picture in enumerate(portraits(count, seed, 16)[0]):
            faded = picture // 2 if name == "theirs" else picture
            Image.fromarray(faded.transpose(1, 2, 0)).save(base / name / f"{i}.png")
    return base


@pytest.mark.parametrize("suffix", [".csv", pytest.param(".json", marks=pytest.mark.slow)])
def test_several_in_one_file_and_one_table(
    sets: Path, tmp_path: Path, capsys: pytest.CaptureFixture, suffix: str
) -> None:
    out = tmp_path / f"scores{suffix}"
    both = [sets / "ours", sets / "theirs"]
    assert command("measure", *both, "--against", sets / "reals", "--features", "random", "--out", out) == 0
    said = capsys.readouterr().out
    assert f"{both[1]} (2 of 2)" in said
    head, *rows = said.strip().splitlines()[-6:]
    if suffix == ".csv":
        table = list(csv.DictReader(out.read_text().splitlines()))
        kids = {row["what"]: float(row["value"]) for row in table if row["score"] == "kid"}
        assert {row["n"] for row in table} <= {"70", "60", "80"}
    else:
        content = json.loads(out.read_text())
        assert content["what"] == list(map(str, both))
        kids = {one["what"]: one["scores"]["kid"]["value"] for one in content["measurements"]}
    assert list(kids) == list(map(str, both))
    assert kids[str(both[1])] > kids[str(both[0])]
    assert any(line.startswith("KID") for line in [head, *rows]), said
    assert sorted(path.name.rsplit("-")[-1] for path in tmp_path.glob("*.nearest.png")) in (
        ["ours.nearest.png", "theirs.nearest.png"], []
    )  # fmt: skip
    assert (
        command("measure", both[0], "--against", sets / "reals", "--features", "gradients", "--out", out) == 0
    )  # its own


def test_what_cant_be_measured_is_told_before_any_work(
    sets: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    (tmp_path / "mine.csv").write_text("name,grade\n")
    ours = sets / "ours"
    for words, says in (
        ([ours, ours], "is named twice"),
        ([ours, tmp_path / "nowhere"], "nowhere"),
        ([ours, "--out", tmp_path / "x.txt"], "let it end in .json or .csv"),
        ([ours, "--out", tmp_path / "mine.csv"], "isn't a page or list that figment wrote"),
    ):
        assert command("measure", *words, "--against", sets / "reals") == 2
        out, err = capsys.readouterr()
        assert says in err
        assert "samples" not in out
    assert (tmp_path / "mine.csv").read_text() == "name,grade\n"


def test_a_column_for_each(sets: Path) -> None:
    from figment.metrics.measurement import measure
    from figment.metrics.table import as_csv, beside

    found = {name: measure(sets / name, sets / "reals", features="gradients") for name in ("ours", "theirs")}
    lines = beside({name: its.scores for name, its in found.items()})
    assert lines[0].split() == ["score", "ours", "theirs", "reals"]
    rows = list(csv.DictReader(as_csv([(n, its.scores, its.facts) for n, its in found.items()]).splitlines()))
    assert np.allclose(
        [float(row["value"]) for row in rows], [s.value.value for its in found.values() for s in its.scores]
    )


def test_of_a_folder_it_is_said_how_the_pairs_are_had(
    sets: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    words = ["measure", sets / "ours", "--against", sets / "reals", "--only", "copying"]
    for more, told in (([], True), (["--out", tmp_path / "scores.json"], False)):
        assert command(*words, *more) == 0
        assert ("--out FILE.json has them by name" in capsys.readouterr().err) is told
    assert (tmp_path / "scores.nearest.png").is_file()
