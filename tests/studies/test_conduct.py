"""A study from what is asked for to its results, with real runs, as small as can be."""

import json
import shutil
from dataclasses import asdict
from pathlib import Path

import pytest

import figment
from figment.common.progress import Silent
from figment.errors import InputError, Interrupted
from figment.reporting import report
from figment.studies import cell, conduct
from figment.studies.analysis import analyse
from figment.studies.cell import Trainer
from figment.studies.request import request_of
from figment.studies.results import StudyResults
from figment.studies.study import StudyFolder, from_json
from figtest.command import command
from figtest.pictures import draw_faces

SMALL = {"size": 16, "width": 2, "code_size": 4, "batch": 16, "flips": False}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_faces(tmp_path_factory.mktemp("study") / "faces", 300)


@pytest.fixture(scope="module")
def studied(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, StudyResults]:
    """A study of two settings and two seeds, stopped in its second run and gone on with."""
    folder = tmp_path_factory.mktemp("studies") / "losses"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FIGMENT_REHEARSAL", "1")
        patch.setattr(conduct, "default_network", lambda say: "random")  # in a tenth of the time
        patch.setattr(cell, "MARKS", 2)
        # Of the runs, which tests/reporting has; the study's own page is written.
        patch.setattr(report, "write_report", lambda run, *more, **told: run.report_file)
        asked = dict(
            vary={"objective": ["bce", "hinge"]}, images=320, seeds=2, settings=SMALL, recipe="dcgan", display=None
        )
        whole, begun = Trainer._trained, []

        def stopped_once(self: Trainer, one, share):  # type: ignore[no-untyped-def]
            begun.append(one)
            return whole(self, one, 0.5 if len(begun) == 2 else share)

        patch.setattr(Trainer, "_trained", stopped_once)
        with pytest.raises(Interrupted):
            figment.study(pictures, out=folder, **asked)
        return folder, figment.study(out=folder, display=None)


def test_every_cell_is_an_ordinary_run_with_its_score(studied: tuple[Path, StudyResults]) -> None:
    folder, results = studied
    assert [(one.levels["objective"], one.seed) for one in results.cells] == [
        ("bce", 0), ("bce", 1), ("hinge", 0), ("hinge", 1)
    ]  # fmt: skip
    for one in results.cells:
        run = figment.open_run(folder / one.run)
        assert (run.state, run.recipe.objective, run.recipe.seed) == ("finished", one.levels["objective"], one.seed)
        assert (one.images, run.facts["command"]) == (run.facts["images"], [])
        assert one.score is not None
        assert one.error is not None
        assert [mark.images for mark in one.marks] == sorted({mark.images for mark in one.marks})
        assert (one.marks[-1].images, one.marks[-1].score) == (one.images, one.score)
        assert (one.parameters or 0) > 100
        assert 0 <= (one.copied or 0) <= 1
    assert len({(folder / one.run / "run.json").read_text() for one in results.cells}) == 4
    prints = {figment.open_run(folder / one.run).facts["fingerprint"] for one in results.cells}
    assert prints == {StudyFolder(folder).study.fingerprint}


def test_a_run_that_was_stopped_was_gone_on_with(studied: tuple[Path, StudyResults]) -> None:
    folder, results = studied
    resumed = [one for one in results.cells if figment.open_run(folder / one.run).events("resume")]
    assert len(resumed) == 1


def test_the_same_scores_come_of_the_same_study(
    studied: tuple[Path, StudyResults], pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIGMENT_REHEARSAL", "1")
    monkeypatch.setattr(cell, "MARKS", 2)
    folder, results = studied
    study = StudyFolder(folder).study
    place = StudyFolder.create(tmp_path / "again", study)
    judge = conduct.judge_for(study, None, None, conduct.this_machine("cpu"), Silent())
    first = next(one for one in study.cells if one.number == 0)
    again = Trainer(place, study, judge, None, Silent())(first, 0, None)
    before = results.cells[0]
    assert (again.score, again.error, again.copied) == (before.score, before.error, before.copied)
    assert [mark.score for mark in again.marks] == [mark.score for mark in before.marks]


def test_the_number_of_pictures_can_be_weighed(pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIGMENT_REHEARSAL", "1")
    monkeypatch.setattr(conduct, "default_network", lambda say: "random")
    monkeypatch.setattr(cell, "MARKS", 1)
    asked = dict(images=64, seeds=1, settings=SMALL, recipe="dcgan", display=None)
    with pytest.raises(InputError, match=r"pictures=1000: .* to train on"):
        figment.study(pictures, out=tmp_path / "study", vary={"pictures": [60, 1000]}, **asked)
    request = request_of(None, {"data": str(pictures), "vary": {"pictures": [60, 120]}, "images": 64, "set": SMALL})
    planned = conduct.plan_study(request, out=tmp_path / "study", display=Silent())
    assert planned.study.trained_on == len(planned.bank.train) > 200  # copies are looked for among all of them
    run = figment.train(pictures, out=tmp_path / "run", images=32, recipe="dcgan", display=None, pictures=60, **SMALL)
    assert (run.facts["trained_on"], run.facts["held_out"]) == (60, planned.study.held_out)
    assert run.facts["fingerprint"] == planned.study.fingerprint


def test_status_and_list_and_a_resume_that_has_nothing_to_do(
    studied: tuple[Path, StudyResults], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, results = studied
    assert command("study", "status", folder) == 0
    told = capsys.readouterr().out
    assert told.splitlines()[0].split() == ["cell", "objective", "seed", "state", "KID", "time"]
    assert told.splitlines()[-1].startswith(f"{folder.name}: 4 cells, ")
    assert command("study", "resume", folder) == 0
    assert (folder / "report.html").is_file()
    assert str(analyse(results)) in capsys.readouterr().out
    assert command("study", "list") == 0
    assert "article" in capsys.readouterr().out


def test_the_page_and_the_tables(
    studied: tuple[Path, StudyResults], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder, _ = studied
    assert command("study", "report", folder) == 0
    told = capsys.readouterr().out
    assert f"page  {folder}/report.html" in told
    assert 10_000 < (folder / "report.html").stat().st_size < 5_000_000
    assert command("study", "export", folder, "--csv") == 0
    rows = capsys.readouterr().out.splitlines()
    assert (len(rows), rows[0].split(",")[:2]) == (5, ["number", "objective"])
    assert command("study", "export", folder, "--json") == 0
    assert len(json.loads(capsys.readouterr().out)["cells"]) == 4
    assert command("study", "export", folder, "--parquet", "--out", tmp_path / "runs.parquet") == 0
    assert (tmp_path / "runs.parquet").read_bytes()[:4] == b"PAR1"
    assert command("study", "export", folder, "--parquet") == 2
    assert command("study", "export", folder) == 2


def test_pictures_that_have_changed_end_the_study(
    studied: tuple[Path, StudyResults], pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _ = studied
    fewer = tmp_path / "faces"
    shutil.copytree(pictures, fewer)
    next(fewer.iterdir()).unlink()
    study = StudyFolder(folder).study
    with pytest.raises(InputError, match="has changed since the study began"):
        conduct.judge_for(study, fewer, None, conduct.this_machine("cpu"), Silent())


def test_what_was_settled_is_read_back_and_other_versions_are_refused(studied: tuple[Path, StudyResults]) -> None:
    file = StudyFolder(studied[0]).study_file
    study = from_json(file.read_bytes(), str(file))
    assert json.loads(study.to_json()) == json.loads(file.read_text())
    newer = file.read_text().replace('"format": 1', '"format": 2', 1)
    with pytest.raises(InputError, match="is of a newer figment"):
        from_json(newer, "study.json")
    with pytest.raises(InputError, match=r"study.json is damaged \(cells"):
        from_json(json.dumps({"format": 1} | asdict_without(study, "cells")), "study.json")


def asdict_without(study: conduct.Study, field: str) -> dict[str, object]:
    return {name: its for name, its in study.model_dump(by_alias=True).items() if name != field}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("--vary dropout=0,0.3", "a study needs a budget: --for 2h"),
        ("--vary dropuot=0,0.3 --images 1k", "--vary dropuot: no such factor; did you mean dropout?"),
        ("--images 1k", "nothing is varied"),
        ("--vary dropout=0,0.3 --for 1m", "--for 1m can't give each level one run with each seed"),
        ("--vary dropout=0,0.3 --images 1k --storage redis://x", "a study can be kept in sqlite, postgresql"),
        ("--vary gamma=0,0.5 --images 1k --recipe dcgan", "no combination with 0.5 is possible"),
        ("--vary gamma=0,0.5 --vary objective=bce,mse --images 1k --recipe dcgan --strict", "leave --strict out"),
        ("--study artikle --images 1k", "did you mean article?"),
    ],
)
def test_what_cant_be_studied_is_told_in_a_sentence_before_any_work(
    words: str,
    told: str,
    pictures: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert command("study", "run", pictures, *words.split()) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert told in said[-1]
    assert not (tmp_path / "studies").exists()


def test_a_folder_that_is_taken_is_refused(
    studied: tuple[Path, StudyResults], pictures: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder, _ = studied
    asked = ["study", "run", pictures, "--vary", "dropout=0,0.3", "--images", "1k"]
    assert command(*asked, "--out", folder) == 2
    assert f"is there already: go on with figment study resume {folder}" in capsys.readouterr().err
    assert command("study", "status", tmp_path) == 2
    assert "is no study (it has no study.json)" in capsys.readouterr().err


def test_a_dry_run_prints_the_plan_and_makes_nothing(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FIGMENT_REHEARSAL", "1")
    asked = ["--study", "article", "--for", "5h", "--seeds", "2", "--dry-run"]
    assert command("study", "run", pictures, *asked) == 0
    told = capsys.readouterr().out
    assert "18 settings × 2 seeds = 36 runs" in told
    assert "lite0" not in told  # this one is judged by gradients
    assert list(tmp_path.iterdir()) == []
    asked = ["--vary", "dropout=0,0.3", "--images", "1k", "--set", "size=32", "--dry-run", "--features"]
    assert command("study", "run", pictures, *asked, "lite0") == 0
    assert "note       below 64 px lite0" in capsys.readouterr().out
    assert command("study", "run", pictures, *asked, "gradients") == 0
    assert "note" not in capsys.readouterr().out


def test_too_few_held_out_pictures_are_told(faces: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("study", "run", faces, "--vary", "dropout=0,0.3", "--images", "1k") == 2
    assert "--score kid needs 50 held-out pictures, and of these 8 are held out" in capsys.readouterr().err


def test_a_result_has_plain_values(studied: tuple[Path, StudyResults]) -> None:
    json.dumps(asdict(studied[1]))
