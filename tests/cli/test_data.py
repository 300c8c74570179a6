"""`figment data …` as a person uses it, and training on what it prepares."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from figment.cli.options import pixels
from figment.data.bank.bank import open_bank
from figment.errors import InputError
from figment.media.images import encode
from figtest.command import command
from figtest.pictures import noise, noise_folder
from figtest.reels import moving_disc, save_strip


def refused(capsys: pytest.CaptureFixture, *words: object, says: list[str]) -> None:
    assert command(*words) == 2
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    assert len(err.strip().splitlines()) == 1
    for text in says:
        assert text in err, err


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """A folder of 80 smooth pictures, and beside them a copy, a mirrored one, a small one, a broken one and a text."""
    folder = tmp_path / "faces"
    folder.mkdir()
    random = np.random.default_rng(0)
    for number in range(80):
        coarse = Image.fromarray(random.integers(0, 256, (7, 7, 3), dtype=np.uint8))
        coarse.resize((60, 72), Image.Resampling.BICUBIC).save(folder / f"{number:03d}.png")
    shutil.copy(folder / "003.png", folder / "003-copy.png")
    with Image.open(folder / "005.png") as picture:
        picture.resize((48, 58)).transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(folder / "005-mirrored.jpg")
    Image.fromarray(random.integers(0, 256, (9, 9, 3), dtype=np.uint8)).save(folder / "tiny.png")
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 and no more")
    (folder / "notes.txt").write_text("x")
    return folder


def test_prepare_says_what_there_is_and_where(mixed: Path, capsys: pytest.CaptureFixture) -> None:
    assert command("data", "prepare", mixed, "--size", "16x24", "--fit", "pad:edge") == 0
    first, second = capsys.readouterr().out.strip().splitlines()
    assert first.startswith("82 pictures from faces: ")
    assert "1 skipped (broken.jpg: " in first
    assert "1 exact duplicate, 1 other file" in first
    bank = open_bank(second.split(" in ")[1].split(",")[0])
    assert bank.pictures.shape == (82, 3, 16, 24)


def test_clips_are_prepared_and_looked_at(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    folder = tmp_path / "films"
    for number in range(4):
        save_strip(folder / f"{number}.png", moving_disc(20, 16, 16, seed=number))
    assert command("data", "prepare", folder, "--size", 16, "--video", "auto", "--fit", "strip") == 0
    why, first, second = capsys.readouterr().out.strip().splitlines()
    assert why == "--video auto: 16x12, since half of the clips have 20 frames or more"
    assert first.startswith("4 clips (80 frames) from films: ")
    assert open_bank(second.split(" in ")[1].split(",")[0]).clips is not None
    page = tmp_path / "page.html"
    assert command("data", "inspect", folder, "--size", 16, "--video", "16x12", "--strips", "--out", page) == 0
    out = capsys.readouterr().out
    assert "clips   4 from films" in out
    assert out.strip().splitlines()[-1] == f"Next: figment train {folder} --size 16 --video 16x12 --fit strip"
    assert "stand still" not in page.read_text()
    refused(capsys, "data", "prepare", folder, "--video", "16", says=["--video 16: give frames x frames a second"])
    refused(capsys, "data", "prepare", folder, "--video", "2x12", "--fit", "strip", says=["4 to 256"])
    refused(capsys, "data", "prepare", folder, "--video", "16x12", says=["say so with --fit strip"])
    refused(capsys, "data", "inspect", folder, "--strips", says=["--strips is for clips"])


def test_prepare_drops_what_it_is_told_to(mixed: Path, capsys: pytest.CaptureFixture) -> None:
    assert command("data", "prepare", mixed, "--size", 16, "--drop", "near-duplicates,small") == 0
    bank = open_bank(capsys.readouterr().out.strip().splitlines()[-1].split(" in ")[1].split(",")[0])
    reasons = {item.name: item.reason for item in bank.left_out}
    assert "smaller than 16×16" in reasons["tiny.png"]
    assert reasons["005.png"] == "near-duplicate of 005-mirrored.jpg"
    assert len(bank.pictures) == 80


def test_inspect_counts_what_prepare_keeps_and_writes_its_page_alone(
    mixed: Path, tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    before = {path: path.stat().st_mtime_ns for path in mixed.iterdir()}
    assert command("data", "inspect", mixed, "--size", 16) == 0
    said = capsys.readouterr().out.strip().splitlines()
    assert "usable 82, skipped 1, exact duplicates 1" in said
    assert said[-2].startswith(f"Next: figment train {mixed} --size 16")
    assert said[-1] == f"How long that takes: {said[-2].removeprefix('Next: ')} --dry-run"
    assert [path.name for path in Path.cwd().iterdir()] == ["faces-inspected.html"]
    page = Path("faces-inspected.html").read_text()
    for name in ("broken.jpg", "005-mirrored.jpg", "tiny.png"):
        assert name in page
    assert {path: path.stat().st_mtime_ns for path in mixed.iterdir()} == before
    again = tmp_path / "again.html"
    assert command("data", "inspect", mixed, "--size", 16, "--out", again) == 0
    assert again.read_text() == page
    assert "exact copy of 003-copy.png" in page
    assert command("data", "inspect", mixed, "--size", 16, "--out", again) == 0  # its own page may be written anew


def test_the_size_that_is_asked_for_is_one_to_train_at(
    faces: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    assert command("data", "inspect", faces, "--size", 8, "--out", tmp_path / "page.html") == 2
    assert "16 to 512" in capsys.readouterr().err
    assert not (tmp_path / "page.html").exists()


def test_inspect_shows_classes_and_what_is_left_out(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    data = tmp_path / "set"
    noise_folder(data / "train" / "cats", 20)
    noise_folder(data / "train" / "dogs", 36)  # of which 20 are copies of cats
    noise_folder(data / "@eaDir", 5)
    (data / "train" / "dogs" / "drawn.png").write_bytes(encode(noise(12, 12, seed=99)))
    page = tmp_path / "page.html"
    assert command("data", "inspect", data, "--size", 16, "--out", page) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "classes 2: cats 20, dogs 16" in out
    assert "left out 5 in @eaDir (thumbnails of a NAS)" in out
    assert "made by figment 1 (--keep-marked keeps them)" in out
    assert "usable 36, skipped 0, exact duplicates 20, made by figment 1" in out
    shown = page.read_text()
    assert "<tr><td>dogs</td><td>16</td></tr>" in shown
    assert "<tr><td>@eaDir</td><td>thumbnails of a NAS</td><td>5</td></tr>" in shown
    assert command("data", "inspect", data, "--size", 16, "--out", page, "--keep-marked") == 0
    assert "usable 37, skipped 0, exact duplicates 20" in capsys.readouterr().out


def test_out_never_destroys_what_figment_didnt_write(
    mixed: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    np.save(tmp_path / "array.npy", np.zeros((40, 16, 16, 3), np.uint8))
    (tmp_path / "mine.html").write_text("<!DOCTYPE html><title>mine</title>")
    (mixed / "dataset.json").write_text('{"labels": null}')
    (tmp_path / "folder.html").mkdir()
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    for name, out in [
        ("inspect", tmp_path / "array.npy"), ("inspect", mixed / "003.png"), ("inspect", tmp_path / "mine.html"),
        ("inspect", tmp_path / "folder.html"), ("inspect", "page.txt"), ("dedupe", mixed / "dataset.json"),
        ("dedupe", tmp_path / "array.npy"), ("dedupe", "-"),
    ]:  # fmt: skip
        refused(capsys, "data", name, mixed, "--out", out, says=["--out", str(out)])
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.slow
def test_names_that_are_no_text_stop_nothing(mixed: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    folder = tmp_path / "caf\udce9"
    mixed.rename(folder)
    (folder / "latin\udce9\x1b[31m\n.png").write_bytes(b"")
    assert command("data", "prepare", folder, "--size", 16) == 0
    assert command("data", "inspect", folder, "--size", 16, "--out", tmp_path / "page.html") == 0
    assert command("data", "dedupe", folder, "--method", "hash") == 0
    small = ["--size", 16, "--set", "width=4", "--set", "batch=16", "--recipe", "dcgan"]
    assert command("train", folder, "--images", 320, "--out", tmp_path / "run", *small) == 0
    assert command("resume", tmp_path / "run", "--images", 64) == 0
    assert command("report", tmp_path / "run") == 0
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    assert "latin\\xe9\\x1b[31m\\n.png" in out
    assert "\x1b" not in out


def test_dedupe_compares_both_ways_and_writes_groups(
    mixed: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    out = tmp_path / "copies.json"
    assert command("data", "dedupe", mixed, "--out", out) == 0
    said = capsys.readouterr().out
    assert "005-mirrored.jpg" in said
    assert "autoencoder" in said
    groups = json.loads(out.read_text())
    assert ["003-copy.png", "003.png"] in groups["exact"]
    assert {"005-mirrored.jpg", "005.png"} in [set(group) for group in groups["hash"]]


def test_list_names_sets_with_their_licences(capsys: pytest.CaptureFixture) -> None:
    assert command("data", "list") == 0
    said = capsys.readouterr().out
    for name in ("celeba", "lfw", "ffhq", "afhq", "cifar10", "fashion-mnist", "metfaces"):
        assert name in said.lower()
    assert "unverified" in said


def listed(capsys: pytest.CaptureFixture, *words: object) -> list[dict[str, Any]]:
    assert command("data", "list", "--json", *words) == 0
    return json.loads(capsys.readouterr().out)


def test_list_as_json_has_keys_that_stay(capsys: pytest.CaptureFixture) -> None:
    found = {entry["name"]: entry for entry in listed(capsys)}
    keys = [
        "name",
        "title",
        "licence",
        "licence_url",
        "home",
        "pictures",
        "width",
        "height",
        "bytes",
        "size",
        "verified",
    ]
    assert all(list(entry) == [*keys, "groups", "downloaded", "folder"] for entry in found.values())
    celeba, flowers = found["celeba"], found["flowers102"]
    assert (celeba["pictures"], celeba["width"], celeba["height"]) == (202_599, 178, 218)
    assert (celeba["bytes"], celeba["size"], celeba["verified"]) == (1_443_490_838, "1.44 GB", True)
    assert (flowers["width"], found["lfw-funneled"]["bytes"], found["metfaces"]["verified"]) == (None, None, False)


def test_list_is_filtered_by_licence_and_size(capsys: pytest.CaptureFixture) -> None:
    everything = listed(capsys)
    assert [entry["name"] for entry in listed(capsys, "--licence", "mit")] == ["fashion-mnist"]
    assert {entry["licence"] for entry in listed(capsys, "--licence", "by-sa 4.0")} >= {"CC BY-SA 4.0"}
    small, large = listed(capsys, "--max-size", "170.5 MB"), listed(capsys, "--min-size", "170.5MB")
    assert {"mnist", "cifar10"} <= {entry["name"] for entry in small}
    assert "celeba" in {entry["name"] for entry in large}
    known = [entry for entry in everything if entry["bytes"]]
    assert sorted(entry["name"] for entry in small + large) == sorted(entry["name"] for entry in known)
    assert listed(capsys, "--min-size", "1GiB", "--max-size", "1.1GB") == []
    assert command("data", "list", "--max-size", "50MB") == 0
    said = capsys.readouterr().out
    assert "Left out, since nobody tells their size: lfw-funneled." in said
    assert "celeba" not in said
    assert command("data", "list", "--licence", "WTFPL") == 0
    assert "Licences are: non-commercial research only" in capsys.readouterr().out
    refused(capsys, "data", "list", "--max-size", "big", says=["--max-size big", "500MB"])


def test_public_sets_are_not_fetched_without_agreement(
    capsys: pytest.CaptureFixture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIGMENT_MIRROR", "http://127.0.0.1:9")
    monkeypatch.setenv("FIGMENT_CACHE", str(tmp_path / "cache"))
    refused(capsys, "data", "inspect", "fashion-mnist", says=["--accept-licence", "MIT"])
    assert not list((tmp_path / "cache").rglob("*.gz"))


def test_what_cant_be_used_is_refused_in_a_sentence(faces: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    refused(capsys, "data", "prepare", faces, "--size", "0", says=["--size 0"])
    refused(capsys, "data", "prepare", faces, "--fit", "squash", says=["--fit", "pad:edge"])
    refused(capsys, "data", "prepare", faces, "--drop", "ugly", says=["--drop", "near-duplicates"])
    refused(capsys, "data", "inspect", faces, "--features", "vgg", says=["vgg", "random", "onnx:"])
    refused(capsys, "data", "inspect", tmp_path / "nowhere", says=["nowhere", "doesn't exist"])
    refused(capsys, "data", "inspect", "", says=["empty"])
    (tmp_path / "file").write_text("x")
    refused(capsys, "data", "inspect", faces, "--out", tmp_path / "file" / "page.html", says=["page.html"])
    refused(capsys, "train", faces, "--size", "64x97", "--images", 64, says=["--size 64x97", "near is 64x96"])
    refused(capsys, "train", faces, "--fit", "squash", "--images", 64, says=["--fit"])
    refused(capsys, "train", faces, "--drop", "ugly", "--images", 64, says=["--drop"])
    assert list(tmp_path.glob("runs/*")) == []


@pytest.mark.usefixtures("without_report")
def test_train_on_several_sets_with_copies_dropped_and_go_on(
    mixed: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    np.save(tmp_path / "more.npy", np.random.default_rng(0).integers(0, 256, (40, 20, 20, 3), np.uint8))
    out = tmp_path / "run"
    small = ["--size", 16, "--set", "width=4", "--set", "batch=16", "--recipe", "dcgan", "--fit", "pad:#000000"]
    data = [mixed, tmp_path / "more.npy"]
    assert command("train", *data, "--images", 320, "--out", out, *small, "--drop", "near-duplicates,small") == 0
    facts = json.loads((out / "run.json").read_text())
    assert facts["data"] == [str(mixed), str(tmp_path / "more.npy")]
    assert facts["pictures"] == 120
    assert facts["drop"] == "near-duplicates,small"
    assert {Path(item["name"]).name for item in facts["left_out"]} >= {"tiny.png"}
    assert json.loads((out / "recipe.json").read_text())["fit"] == "pad:#000000"
    capsys.readouterr()
    assert command("resume", out, "--images", 320) == 0
    said = capsys.readouterr().out
    assert "changed since" not in said
    assert json.loads((out / "run.json").read_text())["images"] == 640


@pytest.mark.parametrize(("text", "size"), [("64", (64, 64)), ("64x96", (64, 96)), (" 16×8 ", (16, 8))])
def test_pixels(text: str, size: tuple[int, int]) -> None:
    assert pixels(text) == size


@pytest.mark.parametrize("text", ["", "0", "64x", "x64", "-4", "5000", "64x64x64", "6.5"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(InputError, match="--size"):
        pixels(text)
