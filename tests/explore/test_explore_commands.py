"""figment explore arithmetic and directions, and what they find in sample and walk: from the command line to the files."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import figment
from figment import codes, nets
from figment.common.files import write_output
from figment.data.portraits.table import portraits
from figment.display.terminal import Terminal
from figment.explore import interpolation
from figment.explore.direction_file import load_directions
from figment.generator import load
from figment.media.provenance import source_of
from figment.nets.serialization import packed
from figment.presets import make
from figment.workbench import attribute_predictor
from figtest.command import command

MARK_LEVELS = 18  # that the invisible mark may change a pixel by


def held(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.array(picture)


def shows(sheet: np.ndarray, picture: np.ndarray, factor: int = 4) -> bool:
    """Whether a sheet has a picture, (C, H, W), enlarged so many times, anywhere on it, but for the invisible mark."""
    tile = picture.transpose(1, 2, 0).repeat(factor, 0).repeat(factor, 1).astype(int)
    height, width, _ = tile.shape
    inner = sheet[: len(sheet) - height + 1, : sheet.shape[1] - width + 1]
    corners = np.argwhere((np.abs(inner - tile[0, 0]) <= MARK_LEVELS).all(2))
    return any(np.abs(sheet[y : y + height, x : x + width] - tile).max() <= MARK_LEVELS for y, x in corners)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on dark and bright pictures, in a folder each."""
    place = tmp_path_factory.mktemp("runs")
    for level, name in ((0, "dark"), (190, "bright")):
        (place / "data" / name).mkdir(parents=True)
        for i, picture in enumerate(portraits(60, level, 16)[0] // 4 + level):
            Image.fromarray(picture.astype(np.uint8).transpose(1, 2, 0)).save(place / "data" / name / f"{i}.png")
    return figment.train(
        place / "data", images=320, recipe="dcgan-r1-small", size=16, width=4, code_size=12, out=place / "run"
    ).folder


@pytest.fixture
def run(trained: Path, tmp_path: Path) -> Path:
    """A run of the test's own."""
    return Path(shutil.copytree(trained, tmp_path / "run"))


@pytest.fixture
def alone(tmp_path: Path) -> Path:
    """The file of a generator with classes, without a run."""
    recipe = make("dcgan", size=16, channels=3, width=2, code_size=5, prior="normal", classes=("cat", "dog"))
    net = nets.initialised(nets.generator(recipe), 0, "generator")
    write_output(tmp_path / "pets" / "generator.safetensors", packed(net, recipe, "generator"))
    return tmp_path / "pets" / "generator.safetensors"


def test_a_sum_of_numbers_and_its_pictures_again(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert command("explore", "arithmetic", run, "--a", "3,17,40-41", "--b", "5,9", "--c", "1,2,8", "--name", "x") == 0
    said = capsys.readouterr().out
    assert "The mean of 4 codes (3,17,40,41) less that of 2 codes (5,9) plus that of 3 codes (1,2,8)" in said
    record = json.loads((run / "findings" / "arithmetic-x.json").read_text())
    assert record["numbers"]["groups"]["A"]["samples"] == [3, 17, 40, 41]
    sheets = [run / "findings" / sheet["file"] for sheet in record["sheets"]]
    assert [source_of(sheet) for sheet in sheets] == ["trainedAlgorithmicMedia"] * 2
    assert "Arithmetic with codes" in (run / "report.html").read_text()

    kept = run / "findings" / "arithmetic-x.safetensors"
    assert command("sample", run, "--codes", kept, "--files", "--out", tmp_path / "again") == 0
    files = sorted((tmp_path / "again").iterdir())
    assert len(files) == 9 + 3 + 1 + 8 + 2
    for i, file in enumerate(files):
        assert shows(held(sheets[1] if i >= 21 else sheets[0]), held(file).transpose(2, 0, 1)), i
    assert not shows(held(sheets[0]), held(files[0]).transpose(2, 0, 1) ^ 32)

    (tmp_path / "a.txt").write_text("3 17\n40-41\n")
    assert command("explore", "arithmetic", run, "--a", tmp_path / "a.txt", "--b", "5,9", "--c", kept) == 0
    groups = json.loads((run / "findings" / "arithmetic.json").read_text())["numbers"]["groups"]
    assert groups["A"]["samples"] == [3, 17, 40, 41]
    assert groups["C"] == {"name": "arithmetic-x.safetensors", "samples": []}


def test_a_sum_by_conditions_is_read(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    pictures = sorted(Path(figment.Run(run).facts["data"]).glob("*/*.png"))
    table = tmp_path / "light.csv"
    table.write_text("name,light\n" + "".join(f"{p.parent.name}/{p.name},{held(p).mean()}\n" for p in pictures))
    generator, predictor = load(run), attribute_predictor(figment.Run(run), table, Terminal())
    low, high = np.quantile(predictor.predict(generator.sample(256).numpy())["light"], (0.3, 0.7)).round(2)
    words = ("explore", "arithmetic", run, "--labels", table)
    asked = ("--a", f"light>{high}", "--b", f"light<{low}", "--c", f"light<{low}")
    assert command(*words, *asked) == 0
    said = capsys.readouterr().out
    assert "what it should (light>" in said
    assert "of singles" in said
    numbers = json.loads((run / "findings" / "arithmetic.json").read_text())["numbers"]
    kinds = numbers["read"]
    assert kinds["mean of A"]["light"] > kinds["mean of B"]["light"]
    decoded = generator.decode(codes.read(run / "findings" / "arithmetic.safetensors", 12)[0]).numpy()
    again = predictor.predict(decoded)["light"]
    assert (again[:3] > high).all()
    assert (again[3:9] < low).all()
    assert kinds["A − B + C"]["light"] == pytest.approx(again[12], rel=1e-4)
    assert numbers["met"]["A − B + C"] == int(again[12] > (low + high) / 2)
    assert command(*words, *asked[:4], "--c", "light<-1000", "--wanted", "light>0") == 2
    assert "--c light<-1000: 0 of the 4,096 first samples meet it" in capsys.readouterr().err
    assert command(*words, "--a", "3,4", "--b", "5,6", "--c", "7,8", "--wanted", "light>0") == 0
    assert "has what it should (light>0)" in capsys.readouterr().out


def test_directions_are_found_kept_and_used(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert command("explore", "directions", run, "--samples", 200, "--count", 2) == 0
    said = capsys.readouterr().out
    for text in (
        "bright",
        "principal-2",
        "factorised-1",
        "comes along",
        f"Next: figment sample {run} --direction bright=2",
    ):
        assert text in said, said
    generator = load(run)
    names = ["bright", "dark", "principal-1", "principal-2", "factorised-1", "factorised-2"]
    found = {one.name: one for one in load_directions(run / "directions.safetensors", generator)}
    assert list(found) == names
    record = json.loads((run / "findings" / "directions.json").read_text())
    assert [one["name"] for one in record["numbers"]["directions"]] == names
    assert len(record["sheets"]) == 3
    decoded = generator.decode(codes.read(run / "findings" / "directions.safetensors", 12)[0])
    assert all(shows(held(run / "findings" / "directions.png"), picture.numpy()) for picture in decoded[:28])

    predictor = attribute_predictor(figment.Run(run), None, Terminal())
    more, less = (
        predictor.predict(generator.sample(16, shift=amount * found["bright"].vector).numpy())["bright"]
        for amount in (3, -3)
    )
    assert more.mean() > less.mean() + more.std()
    assert command("sample", run, "--scale", 1, "-n", 4, "--direction", "bright=1", "--direction", "dark=-1.5") == 0
    by_hand = found["bright"].vector.double() - 1.5 * found["dark"].vector.double()
    expected = generator.decode(codes.shifted(generator.codes(16), by_hand, "normal"))[:4]
    sheet = held(run / "samples-0-bright-1-dark--1.5-n4-x1.png")
    assert all(shows(sheet, picture.numpy(), 1) for picture in expected)
    walk = tmp_path / "walk.mp4"
    asked = ("walk", run, "--direction", "dark", "--seconds", 0.4, "--fps", 20, "--tiles", 2)
    assert command(*asked, "--out", walk) == 0
    assert source_of(walk) == "trainedAlgorithmicMedia"
    assert command("explore", "directions", run, "--from", "dark", "--to", "bright", "--exemplars", 20, "--samples", 100,
                   "--name", "lighter") == 0  # fmt: skip
    assert list({one.name: one for one in load_directions(run / "directions.safetensors", generator)}) == [
        *names,
        "lighter",
    ]
    assert "along lighter" in capsys.readouterr().out


def test_a_generator_with_classes_alone(alone: Path, capsys: pytest.CaptureFixture) -> None:
    out = alone.parent
    assert command("explore", "directions", alone, "--count", 1, "--samples", 100, "--label", "dog") == 0
    assert "draws all but one picture" in capsys.readouterr().out
    assert (codes.read(out / "findings" / "directions.safetensors", 5, 2)[1] == 1).all()
    assert command("explore", "arithmetic", alone, "--a", "1,2", "--b", "3,4", "--c", "5,6") == 0
    _, labels = codes.read(out / "findings" / "arithmetic.safetensors", 5, 2)
    assert (labels == load(alone).labels(1, start=5)).all()
    assert command("sample", alone, "--codes", out / "findings" / "arithmetic.safetensors", "--direction",
                   "principal-1=1") == 0  # fmt: skip
    assert (out / "samples-arithmetic-principal-1-1.png").is_file()
    moved = load(alone).sample(3, label="cat", shift=torch.zeros(5))
    assert torch.equal(moved, load(alone).sample(3, label="cat"))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ("explore", "arithmetic", "RUN", "--a", "3", "--b", "1,2", "--c", "4,5"),
            "--a 3: a group of a single picture",
        ),
        (("explore", "arithmetic", "RUN", "--a", "3,x4", "--b", "1,2", "--c", "4,5"), "no attribute of these pictures"),
        (("explore", "arithmetic", "RUN", "--a", "3,,4", "--b", "1,2", "--c", "4,5"), "give numbers of samples"),
        (("explore", "arithmetic", "RUN", "--a", "a.txt", "--b", "1,2", "--c", "4,5"), "--a a.txt can't be read"),
        (("explore", "directions", "RUN", "--from", "3,4"), "--from, --to and --name go together"),
        (("explore", "directions", "RUN", "--how", "labeled"), "--how labeled"),
        (("explore", "directions", "RUN", "--attributes", "brigt", "--samples", 100), "did you mean bright?"),
        (("explore", "directions", "RUN", "--out", "RUN"), "the directions themselves are kept there"),
        (("explore", "directions", "RUN", "--label", "cat"), "trained without labels"),
        (("sample", "RUN", "--direction", "smile=2"), "find directions first, with figment explore directions"),
        (("sample", "RUN", "--codes", "nothing.safetensors"), "nothing.safetensors doesn't exist"),
        (("sample", "RUN", "--codes", "x.safetensors", "-n", 4), "leave out -n, --label and --pick"),
        (("walk", "RUN", "--direction", "smile"), "find directions first"),
    ],
)
def test_what_can_not_be_used_is_told_in_a_sentence(
    words: tuple, sentence: str, trained: Path, capsys: pytest.CaptureFixture
) -> None:
    assert command(*(trained if word == "RUN" else word for word in words)) == 2
    said = capsys.readouterr().err
    assert sentence in said
    assert "Traceback" not in said
    assert not (trained / "directions.safetensors").exists()


# ---- what two commands or more share -----------------------------------------------------------------------------------


@pytest.mark.parametrize("numbers", ["³-1", "1-" + "9" * 5000, "", "0-", "-1", "1-2-3"])
def test_numbers_that_are_none_are_refused(run: Path, numbers: str, capsys: pytest.CaptureFixture) -> None:
    assert command("explore", "interpolate", run, f"--between={numbers}") == 2
    assert "--between" in capsys.readouterr().err


def test_a_place_that_cannot_be_is_told_before_any_work(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    (tmp_path / "file").write_text("mine")
    monkeypatch.setattr("figment.generator.load", lambda *_: pytest.fail("work was begun"))
    for place, told in ((tmp_path / "file", ""), (tmp_path / "file" / "findings", f": {tmp_path / 'file'}")):
        assert command("explore", "interpolate", run, "--out", place) == 2
        assert f"--out {place}{told} is a file: name a" in capsys.readouterr().err
    assert (tmp_path / "file").read_text() == "mine"


def test_another_generator_of_a_run_has_findings_of_its_own(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpolation, "MEASURED_PATHS", 2)
    shutil.copy(run / "generator.safetensors", run / "generator-best.safetensors")
    quick = ("--between", "0-1", "--steps", 2, "--name", "it")
    assert command("explore", "interpolate", run, *quick) == 0
    before = (run / "findings" / "interpolate-it.json").read_bytes()
    assert command("explore", "interpolate", run / "generator-best.safetensors", *quick) == 0
    assert (run / "findings" / "interpolate-it.json").read_bytes() == before
    assert (run / "generator-best.findings" / "interpolate-it.png").is_file()
    assert (
        command("explore", "directions", run / "generator-best.safetensors", "--how", "factorised", "--count", 1) == 0
    )
    assert (run / "generator-best.directions.safetensors").is_file()
    assert not (run / "directions.safetensors").exists()


def test_directions_of_a_generator_that_has_learnt_since_are_told_of(run: Path, capsys: pytest.CaptureFixture) -> None:
    asked = ("explore", "directions", run, "--how", "factorised", "--count", 1, "--samples", 100)
    assert command(*asked) == 0
    net = load(run)
    with torch.no_grad():
        next(net.net.parameters()).add_(0.01)
    (run / "generator.safetensors").write_bytes(packed(net.net, net.recipe, "generator"))
    capsys.readouterr()
    assert command("sample", run, "-n", 1, "--direction", "factorised-1=2") == 2
    assert "before it learnt more: find them anew" in capsys.readouterr().err
    assert command(*asked) == 0
    assert "they are replaced" in capsys.readouterr().out
    assert command("sample", run, "-n", 1, "--direction", "factorised-1=2") == 0


def test_a_class_that_is_a_number_can_be_a_condition(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    sorted_ones = tmp_path / "sorted"
    for number, name in enumerate(("dark", "bright")):
        shutil.copytree(Path(figment.Run(run).facts["data"]) / name, sorted_ones / str(number))
    groups = ("--a", "class=1", "--b", "class=0", "--c", "class=0", "--labels", sorted_ones)
    assert command("explore", "arithmetic", run, *groups) == 0
    assert "on held-out ones it is right: 0 " in capsys.readouterr().out
    assert command("explore", "arithmetic", run, "--a", "1", *groups[2:]) == 2
    assert "written as class=9" in capsys.readouterr().err
