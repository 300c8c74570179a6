"""The command line as a person uses it: what it prints, what it makes, and one sentence for what it can't use."""

import io
import json
import re
import shutil
import tarfile
import zipfile
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from figment.common.assignments import value
from figment.media import provenance
from figment.presets import PRESETS
from figtest.command import command
from figtest.pictures import draw_faces


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A run, and what its training printed."""
    folder = tmp_path_factory.mktemp("trained")
    small = ["--size", 16, "--set", "width=4", "--set", "batch=16", "--recipe", "dcgan"]
    with redirect_stdout(io.StringIO()) as said:
        assert command("train", draw_faces(folder / "faces"), "--images", 640, "--out", folder / "a", *small) == 0
    return folder / "a", said.getvalue()


@pytest.fixture
def run(trained: tuple[Path, str], tmp_path: Path) -> Path:
    """A run of the test's own."""
    return Path(shutil.copytree(trained[0], tmp_path / "runs" / "a"))


def size_of(path: Path) -> tuple[int, int]:
    with Image.open(path) as picture:
        return picture.size


def refused(capsys: pytest.CaptureFixture, *words: object, says: list[str]) -> None:
    assert command(*words) == 2
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    assert len(err.strip().splitlines()) <= 3
    for text in says:
        assert text in err, err


def test_train_ends_with_grid_report_and_next_steps(trained: tuple[Path, str]) -> None:
    run, said = trained
    assert "80 pictures from faces" in said
    grid = run / "pictures" / "000000640.png"
    assert f"pictures   {grid}" in said
    assert f"report     {run / 'report.html'}" in said
    assert f"figment sample {run}" in said
    assert size_of(grid) == (8 * 16 + 7 * 2,) * 2
    assert provenance.source_of(grid) == "trainedAlgorithmicMedia"
    assert (run / "report.html").read_text().startswith("<!DOCTYPE html>")
    events = [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]
    assert all(isinstance(e["images"], int) for e in events)


def test_last_grid_is_sample_of_the_run_s_seed(run: Path, tmp_path: Path) -> None:
    assert command("sample", run, "--scale", 1, "--out", tmp_path / "s.png") == 0
    assert (tmp_path / "s.png").read_bytes() == (run / "pictures" / "000000640.png").read_bytes()


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp"])
def test_sample_files_are_marked_and_numbered(run: Path, tmp_path: Path, suffix: str) -> None:
    assert command("sample", run, "-n", 5, "--files", "--format", suffix, "--out", tmp_path / "s", "--seed", 3) == 0
    files = sorted((tmp_path / "s").iterdir())
    assert [p.name for p in files] == [f"3-{i:06d}.{suffix}" for i in range(5)]
    assert {provenance.source_of(p) for p in files} == {"trainedAlgorithmicMedia"}
    assert {size_of(p) for p in files} == {(16, 16)}


def test_generator_file_alone_is_enough(run: Path, tmp_path: Path) -> None:
    alone = tmp_path / "alone.safetensors"
    (run / "generator.safetensors").rename(alone)
    assert command("sample", alone, "--out", tmp_path / "s.png") == 0
    assert command("walk", alone, "--seconds", 0.5, "--tiles", 1, "--out", tmp_path / "w.mp4") == 0
    assert provenance.source_of(tmp_path / "w.mp4") == "trainedAlgorithmicMedia"


@pytest.mark.slow
def test_walk_timelapse_and_report_go_into_the_run(run: Path, capsys: pytest.CaptureFixture) -> None:
    (run / "report.html").unlink()
    assert command("walk", run, "--seconds", 0.5) == 0
    assert command("timelapse", run) == 0
    assert command("report", run) == 0
    assert all((run / name).is_file() for name in ("walk.mp4", "timelapse.mp4", "report.html"))


@pytest.fixture
def pets(faces: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> Path:
    """A run of 16×24 pictures of two classes."""
    for i, file in enumerate(sorted(faces.iterdir())):
        (faces / ("ant", "sea lion")[i % 2]).mkdir(exist_ok=True)
        file.rename(faces / ("ant", "sea lion")[i % 2] / file.name)
    out = tmp_path / "runs" / "pets"
    small = ["--size", "16x24", "--set", "width=4", "--set", "batch=16", "--recipe", "dcgan"]
    assert command("train", faces, "--labels", "--images", 64, "--out", out, *small) == 0
    return out


def test_labels_and_other_shapes_from_training_to_film(
    pets: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    recipe = json.loads((pets / "recipe.json").read_text())
    assert (recipe["size"], recipe["classes"]) == ([16, 24], ["ant", "sea lion"])
    capsys.readouterr()
    assert command("sample", pets) == 0
    others = f"Seed 0; others: figment sample {pets} --seed 1\n"
    assert capsys.readouterr().out == f"16 samples in {pets / 'samples-0.png'}\n{others}"
    width, height = size_of(pets / "samples-0.png")
    assert height == 2 * 3 * 16 + 3  # gaps of the rows, each with its class's name on the left
    assert 512 <= width < 8 * 3 * 24 + 7 * 3 + 100
    assert command("sample", pets, "--label", "sea lion", "-n", 1, "--out", tmp_path / "s.png") == 0
    others = (
        f"Seed 0; others: figment sample {pets} -n 1 --label 'sea lion' --seed 1\n"  # as asked, in a place of their own
    )
    assert capsys.readouterr().out == f"1 sample in {tmp_path / 's.png'}\n{others}"
    assert size_of(tmp_path / "s.png") == (22 * 24, 22 * 16)  # enlarged to 512 pixels
    both = ["--label", "sea lion", "--label", "ant", "--label", "ant"]
    assert command("sample", pets, "--files", *both, "-n", 2, "--out", tmp_path / "s") == 0
    names = [f"0-00000{i}-{name}.png" for i in range(2) for name in ("ant", "sea-lion")]
    assert sorted(p.name for p in (tmp_path / "s").iterdir()) == names
    assert command("walk", pets, "--label", "ant", "--seconds", 0.5, "--tiles", 1) == 0
    assert command("timelapse", pets, "--label", "ant", "--tiles", 1, "--seconds", 2) == 0
    assert command("report", pets) == 0
    assert "2 classes: ant, sea lion" in (pets / "report.html").read_text()
    for name in ("sample", "walk", "timelapse"):
        refused(capsys, name, pets, "--label", "sea lino", says=["--label sea lino", "did you mean sea lion?"])


def test_foreign_text_never_reaches_the_terminal_raw(make_run, capsys: pytest.CaptureFixture) -> None:
    hostile = ("a\x1b[31m\x07b", "x" * 900)
    run = make_run(choices={"labels": True, "classes": hostile}, snapshots=(640,))
    shutil.copy(run.snapshot_file(640), run.generator_file)
    assert command("sample", run.folder, "-n", 1, *(word for name in hostile for word in ("--label", name))) == 0
    said = capsys.readouterr().out
    assert f"2 samples in {run.folder / 'samples-0-a-31m-b-x'}" in said
    assert (
        size_of(next(run.folder.glob("samples-*")))[0] < 1024
    )  # of the long name only the beginning stands beside its row
    assert "\x1b" not in said
    refused(capsys, "sample", run.folder, "--label", "\x1b" + "y" * 100_000, says=[r"--label \x1by", "there are a"])
    for words in (
        ["\x1b[31m"],
        ["sample", "--\x1b[31m"],
        ["recipes", "\x1b" * 100_000],
        ["train", "--for", "z" * 100_000],
    ):
        assert command(*words) == 2
        err = capsys.readouterr().err
        assert "\x1b" not in err
        assert len(err) < 1500


@pytest.mark.usefixtures("without_report")
def test_hints_can_be_typed(faces: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    run = tmp_path / "my run & co"
    small = ["--size", 16, "--set", "width=2", "--set", "batch=16", "--recipe", "dcgan"]
    assert command("train", faces, "--images", 32, "--out", run, *small) == 0
    told = capsys.readouterr()
    assert (
        f"Next:\n  figment sample '{run}'\n  figment measure '{run}'\n  figment resume '{run}' --images 50k\n"
        in told.out
    )
    assert (told.out + told.err).count("P(fake) isn't shown: it is fitted to 30 held-out pictures or more") == 1
    assert command("resume", run) == 0
    assert f"figment resume '{run}' --images 50k" in capsys.readouterr().out
    assert command("train", faces, "--out", run) == 2
    assert f"go on with figment resume '{run}'." in capsys.readouterr().err


def test_labels_are_told_where_they_cannot_be_used(faces: Path, run: Path, tmp_path: Path, capsys) -> None:
    refused(capsys, "sample", run, "--label", "ant", says=["--label ant", "without labels", "--labels"])
    small = ["--images", 64, "--size", 16, "--recipe", "dcgan", "--set", "width=2", "--set", "batch=16"]
    refused(
        capsys, "train", faces, "--labels", *small, "--out", tmp_path / "x", says=["--labels", "faces has no labels"]
    )
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("size", ["abc", "64x", "x64", "64x64x3", "64.5", "", "1e3", "-64"])
def test_a_size_that_is_none_is_told_both_forms(size: str, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    says = [f"--size {size}: ", "such as 64,", "height x width", "such as 64x96"]
    refused(capsys, "train", f"--size={size}", "--out", tmp_path / "out", says=says)


@pytest.mark.parametrize("size", ["32x48", "32×48", "32X48"])
def test_a_size_is_height_by_width(size: str, faces: Path, capsys: pytest.CaptureFixture) -> None:
    assert (
        command("train", faces, "--size", size, "--recipe", "dcgan", "--set", "width=2", "--images", "1k", "--dry-run")
        == 0
    )
    assert "32×48" in capsys.readouterr().out


def test_values_of_fields() -> None:
    given = ["7", "0.5", "1e-3", "true", "hinge", "64x96", "500k", "768,768,384", "pad:#aabbcc"]
    expected = [7, 0.5, 1e-3, True, "hinge", "64x96", "500k", [768, 768, 384], "pad:#aabbcc"]
    assert [value(text) for text in given] == expected


def test_help_of_train_names_recipes_shapes_labels_and_processes(capsys: pytest.CaptureFixture) -> None:
    assert command("train", "--help") == 0
    said = "".join(capsys.readouterr().out.split())  # lines are broken at hyphens too
    for words in (*PRESETS, "figment recipes", "64x96", "--labels", "torchrun --nproc-per-node=K", "docs/scale.md"):
        assert words.replace(" ", "") in said


def test_resume_of_a_finished_run_says_so(run: Path, capsys: pytest.CaptureFixture) -> None:
    assert command("resume", run) == 0
    assert "is finished" in capsys.readouterr().out


def test_dry_run_prints_the_plan_and_makes_nothing(faces: Path, capsys: pytest.CaptureFixture, monkeypatch) -> None:
    monkeypatch.chdir(faces.parent)
    monkeypatch.setattr("figment.start.speed_here", lambda *asked: 50.0)
    assert command("train", faces, "--dry-run", "--recipe", "dcgan", "--images", "1M") == 0
    said = capsys.readouterr().out
    assert "80 pictures from faces" in said
    assert "3,576,704 parameters" in said
    assert "2,765,568 parameters" in said
    assert "100 → 512 → 256 → 128 → 64 → 3" in said
    assert "32, at 0, 4,992, 6,016, 7,168, …, 1,000,064 images seen" in said
    assert re.search(r"^budget +1.00 Mimg seen, in about 5 h 33 min here$", said, re.M)
    assert list(faces.parent.iterdir()) == [faces]


def test_dry_run_goes_by_the_pictures(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    for i, label in enumerate(["cat", "dog", "cow"] * 20):
        (tmp_path / label).mkdir(exist_ok=True)
        grey = np.random.default_rng(i).integers(0, 256, (16, 16), np.uint8)
        Image.fromarray(grey).save(tmp_path / label / f"{i}.png")
    small = ["--size", 16, "--set", "augment_p=0.4", "--set", "width=4", "--set", "batch=8"]
    assert command("train", tmp_path, "--dry-run", "--labels", *small, "--for", "5s") == 0
    said = capsys.readouterr().out
    assert "16×16, grey, 3 classes" in said
    assert "full, fixed, p 0.4" in said
    assert "measured, in " in said
    assert command("train", tmp_path, "--dry-run", "--labels", *small, "--images", "100k") == 0
    assert re.search(r"^budget +100.0 kimg seen, in about .* here$", capsys.readouterr().out, re.M)
    assert "→ 1\n" in said


def test_the_same_set_by_two_options_is_refused(faces: Path, capsys: pytest.CaptureFixture) -> None:
    refused(capsys, "train", faces, "--set", "size=32", "--size", 64, says=["--set size", "--size", "one of them"])


@pytest.mark.usefixtures("without_report")
def test_tenth_of_broken_pictures_is_skipped_and_said_also_the_second_time(tmp_path: Path, capsys) -> None:
    folder = tmp_path / "mixed"
    folder.mkdir()
    random = np.random.default_rng(0)
    for i in range(1000):
        file = folder / f"{i:04d}.png"
        Image.fromarray(random.integers(0, 256, (16, 16, 3), np.uint8)).save(file)
        if i % 10 == 3:
            file.write_bytes(file.read_bytes()[:200])
    for out in ("first", "second"):
        small = ["--size", 16, "--recipe", "dcgan", "--set", "width=2", "--set", "batch=16", "--set", "scores=none"]
        assert command("train", folder, "--images", 32, "--out", tmp_path / out, *small) == 0
        said = capsys.readouterr().out
        assert "900 pictures from mixed" in said
        assert "100 skipped" in said
        facts = json.loads((tmp_path / out / "run.json").read_text())
        assert facts["trained_on"] + facts["held_out"] == 900
        assert 60 <= facts["held_out"] <= 120  # 90 expected, sd 9
        assert len(facts["skipped"]) == 100
        assert "0003.png" in [s["name"] for s in facts["skipped"]]


BAD = [
    "--size=63",
    "--set=width=0",
    "--for=soon",
    "--images=many",
    "--recipe=dcgam",
    "--set=widht=3",
    "--device=tpu",
    "--set=images=5",
    "--set=name=x",
    "--set=width",
    "--seed=x",
]


@pytest.mark.parametrize("option", BAD)
def test_bad_options(option: str, faces: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    name = option.split("=")[0]
    refused(capsys, "train", faces, option, "--out", tmp_path / "out", says=[name])
    assert not (tmp_path / "out").exists()


def test_bad_data(faces: Path, tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    empty, texts, few, cut, notes = (tmp_path / n for n in ("empty", "texts", "few", "cut.zip", "notes.txt"))
    for folder in (empty, texts, few):
        folder.mkdir()
    notes.write_text("hello")
    (texts / "a.txt").write_text("hello")
    for i, file in enumerate(sorted(faces.iterdir())[:20]):
        (few / f"{i}.png").write_bytes(file.read_bytes())
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for file in sorted(faces.iterdir()):
            archive.write(file, file.name)
    cut.write_bytes(packed.getvalue()[:-500])
    for data, says in [
        ("missing", ["missing"]),
        (empty, ["empty"]),
        (texts, ["texts"]),
        (few, ["few", "20", "32"]),
        (cut, ["cut.zip"]),
        (notes, ["notes.txt"]),
    ]:
        refused(capsys, "train", data, "--images", "1k", says=says)
    tar = tmp_path / "cut.tar.gz"
    with tarfile.open(tar, "w:gz") as archive:
        archive.add(faces, "faces")
    tar.write_bytes(tar.read_bytes()[:-3000])
    refused(capsys, "train", tar, "--images", "1k", says=["cut.tar.gz"])
    refused(capsys, "train", "", "--images", "1k", says=["DATA", "empty"])
    refused(capsys, "train", "missing", "--dry-run", says=["missing"])
    assert not list((tmp_path / "runs").glob("*"))


def test_bad_runs(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    for name in ("sample", "walk", "timelapse", "report", "resume"):
        refused(capsys, name, tmp_path / "missing", says=["missing", "doesn't exist"])
        refused(capsys, name, tmp_path, says=[str(tmp_path)])
    refused(capsys, "train", "--out", run, says=[str(run), "isn't empty", "figment resume"])
    refused(capsys, "sample", run, "--out", tmp_path / "x.bmp", says=["--out", "x.bmp", ".png"])
    refused(capsys, "sample", run, "--files", "--out", run / "run.json", says=["--out", "run.json", "is a file"])
    (run / "generator.safetensors").write_bytes((run / "generator.safetensors").read_bytes()[:-10])
    refused(capsys, "sample", run, says=["generator.safetensors"])
    refused(capsys, "sample", run, "-n", "0", says=["-n"])
    refused(capsys, "frobnicate", says=["frobnicate"])
    state = run / "state" / "state.safetensors"
    state.write_bytes(state.read_bytes()[:-10])
    refused(capsys, "resume", run, "--images", "100", says=["state.safetensors", "damaged"])
    state.unlink()
    refused(capsys, "resume", run, "--images", "100", says=["state.safetensors", "missing"])
    (run / "recipe.json").write_text("{")
    refused(capsys, "resume", run, says=["recipe.json"])


@pytest.mark.parametrize("name", ["train", "resume", "sample", "walk", "timelapse", "report", "recipes"])
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture) -> None:
    assert command(name, "--help") == 0
    assert "figment " + name in capsys.readouterr().out


def test_public_names() -> None:
    import figment as package

    rooms = {"explain", "explore"}
    assert all(callable(getattr(package, name)) for name in set(package.__all__) - rooms)
    assert all(
        callable(getattr(getattr(package, room), name)) for room in rooms for name in getattr(package, room).__all__
    )
    with pytest.raises(AttributeError):
        package.nothing  # noqa: B018
