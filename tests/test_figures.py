"""docs/figures.py: what makes the pictures and numbers of the pages; and that the pages show what it made last."""

import hashlib
import json
import re
import shlex
import sys
from pathlib import Path
from types import ModuleType

import click
import pytest

from figment import presets
from figment.cli.app import whole_commands
from figtest.pictures import draw_faces

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *DOCS.glob("*.md")]
# Of benchmarks/quality_per_minute.py; and a film of the first stage of `benchmarks/start_nets.py portraits`.
BY_BENCHMARK = {
    "quality-1m.png",
    "quality-3m.png",
    "quality-5m.png",
    "quality-10m.png",
    "quality-30m.png",
    "learning.webp",
}
BY_HAND = {
    "celeba-64.webp",
    "celeba-128.webp",
    "celeba-256.webp",
    "study-article.webp",
    "study-article-samples.webp",
    "clips-30m.webp",
    "h100-dcgan-40s.png",
}  # by the commands beside them, on machines and in times that the pages tell, and parts of a study's page (docs/article.md)
BY_STUDIO = {picture.name for picture in (DOCS / "images").glob("studio*.webp")}  # by docs/studio_pictures.py
BY_PAGE = {"export-page-dark.webp", "export-page-phone.webp"}  # by docs/page_pictures.py
BY_FAKES = {picture.name for picture in (DOCS / "images").glob("fakes-*.webp")}  # by docs/fakes_pictures.py
RECORD = json.loads((DOCS / "figures.json").read_text())
VALUES = [
    pytest.param(value, id=f"{name} {key}") for name, its in RECORD.items() for key, value in its["values"].items()
]


@pytest.fixture(scope="module")
def script() -> ModuleType:
    pytest.importorskip("cv2")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [str(DOCS), *sys.path])
        import figures
    return figures


@pytest.mark.parametrize("value", VALUES)
def test_a_page_has_the_number_that_was_made_last(value: dict) -> None:
    page = " ".join((ROOT / value["page"]).read_text().replace("\n> ", " ").split())
    assert " ".join(value["text"].split()) in page, f"{value['page']} doesn't say “{value['text']}” any more"


def test_every_picture_on_a_page_is_the_one_that_was_made_last(script: ModuleType) -> None:
    shown = {name for page in PAGES for name in re.findall(r"images/([\w-]+\.(?:png|webp))\)", page.read_text())}
    made = {picture: digest for figure in RECORD.values() for picture, digest in figure["pictures"].items()}
    assert (
        shown - BY_BENCHMARK - BY_HAND - BY_STUDIO - BY_PAGE - BY_FAKES
        == set(made)
        == {picture for figure in script.FIGURES for picture in figure.pictures}
    )
    for picture, digest in made.items():
        assert hashlib.sha256((DOCS / "images" / picture).read_bytes()).hexdigest() == digest, picture


def test_the_record_is_of_the_figures_that_there_are(script: ModuleType) -> None:
    assert set(RECORD) <= {figure.name for figure in script.FIGURES}
    for made in RECORD.values():
        assert re.fullmatch(r"20\d\d-\d\d-\d\d", made["made"])
        assert made["commands"]
        assert made["machine"]


def test_what_is_trained_and_run_can_be(script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command's options are figment's, every recipe's choices too; what a figure needs is trained."""
    for training in script.TRAININGS.values():
        words = shlex.split(training.options)
        options = dict(zip(words[::2], words[1::2], strict=True))
        choices = dict(words[i + 1].split("=") for i, word in enumerate(words) if word == "--set")
        recipe = presets.make(options["--recipe"], **choices)
        assert recipe.name == options["--recipe"]
        assert training.data in {"portraits", "celeba", "congress"}
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("figment.cli.options.leads", lambda: False)  # whose runs needn't be there
    for run, command, _ in script.EXPERIMENTS.values():
        Path(run).mkdir(exist_ok=True)
        room, kind, *rest = shlex.split(command)
        group = whole_commands()[room]
        assert isinstance(group, click.Group)
        group.commands[kind].make_context(kind, [run, *rest])  # refuses an unknown option or a bad value
    assert {name for figure in script.FIGURES for name in figure.trainings} <= script.TRAININGS.keys()


def test_a_number_is_put_in_the_place_of_the_last_one(script: ModuleType) -> None:
    put = sys.modules["workshop"].put
    page = "A face in 93 %\nof samples, and 95 % of reals.\n| KID | 12 ± 3 |\n"
    assert put(page, "in 93 % of samples", "in 88 % of samples") == page.replace("in 93 %\nof", "in 88 % of")
    assert put(page, "| KID | 12 ± 3 |", "| KID | 9 ± 1 |") == page.replace("12 ± 3", "9 ± 1")
    assert put(page, "in 90 % of samples", "in 93 % of samples") == page  # it stands there already
    assert put(page, "in 90 % of samples", "in 91 % of samples") is None
    assert put("> A face in 93 %\n> of samples.\n", "in 93 % of", "in 8 % of") == "> A face in 8 % of samples.\n"
    assert put(page + page, "in 93 % of samples", "in 91 % of samples") is None


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (421.31, 2.2, "421.3 ± 2.2"),
        (1423.4, 16.2, "1,423 ± 16"),
        (0.5934, 0.0071, "0.593 ± 0.007"),
        (0.0, 0.0, "0.000 ± 0.000"),
    ],
)
def test_numbers_have_the_places_that_their_error_leaves(
    script: ModuleType, value: float, error: float, text: str
) -> None:
    assert sys.modules["workshop"].number(value, error) == text


def test_what_lacks_its_pictures_is_left_out_and_what_is_trained_isn_t_again(
    script: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    assert script.main(["--plan", "--work", str(tmp_path)]) == 0
    planned = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert planned["measured"] == "left out: give --celeba FOLDER"
    assert planned["project"] == "3 min"  # the run is trained for the figures before it
    assert planned["arithmetic"].endswith("of which training portraits-600k")
    assert script.main(["--plan", "--only", "project", "--celeba", str(tmp_path), "--work", str(tmp_path)]) == 0
    assert "training portraits-600k" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []
    assert script.main(["--list"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [f.name for f in script.FIGURES]
    with pytest.raises(SystemExit, match="2"):
        script.main(["--only", "no-such-figure"])


@pytest.mark.slow
def test_a_figure_is_made_put_on_its_page_and_recorded_and_its_training_used_again(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_cache: Path
) -> None:
    """With a training of seconds in place of minutes, and a page of its own."""
    workshop, faces = sys.modules["workshop"], draw_faces(tmp_path / "faces")
    page, record = tmp_path / "docs" / "article.md", tmp_path / "docs" / "figures.json"
    (tmp_path / "docs" / "images").mkdir(parents=True)
    page.write_text("With a\nHaar face in 99.4 %\nof 500 samples.\n")
    record.write_text(json.dumps({"congress": {"values": {"faces": RECORD["congress"]["values"]["faces"]}}}))
    for module, name, place in (
        (workshop, "ROOT", tmp_path), (workshop, "IMAGES", tmp_path / "docs" / "images"),
        (workshop, "RECORD", record), (script, "RECORD", record),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, place)
    tiny = "--images 64 --size 16 --recipe dcgan-r1 --set width=4 --set batch=16"
    monkeypatch.setitem(script.TRAININGS, "congress", workshop.Training("congress", tiny, 1))
    wanted = ["--only", "congress", "--congress", str(faces), "--work", str(tmp_path / "work")]
    assert script.main(wanted) == 0
    (told,) = json.loads(record.read_text())["congress"]["values"].values()
    assert page.read_text() == f"With a\n{told['text']}.\n"
    trained = (tmp_path / "work" / "congress" / "run.json").read_bytes()
    made = json.loads(record.read_text())["congress"]
    assert made["commands"] == [f"figment train congress {tiny} --out congress"]
    assert (tmp_path / "docs" / "images" / "congress.png").exists()
    assert script.main(wanted) == 0
    assert (tmp_path / "work" / "congress" / "run.json").read_bytes() == trained
