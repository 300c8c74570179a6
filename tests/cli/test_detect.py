"""`figment detect`: made, tried and asked from the command line."""

import json

import pytest
from PIL import Image

from figment.forensics.detector import load_detector
from figtest.command import command
from figtest.detectors import doubled, small_detector, textures


def folder_of(place, pictures):
    place.mkdir()
    for i, picture in enumerate(pictures):
        Image.fromarray(picture.transpose(1, 2, 0)).save(place / f"{i:03d}.png")
    return place


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """Folders of real and of made pictures, and a detector of others like them."""
    desk = tmp_path_factory.mktemp("desk")
    folder_of(desk / "real", textures(180, 40))
    folder_of(desk / "fake", doubled(textures(180, 41)))
    (desk / "detector.safetensors").write_bytes(small_detector().packed())
    return desk


def test_it_is_trained_and_says_what_it_is_worth(desk, tmp_path, capsys):
    made = tmp_path / "made.safetensors"
    words = ("detect", "train", "--real", desk / "real", "--fake", desk / "fake", "--by", "spectrum", "--out", made)
    assert command(*words) == 0
    told = capsys.readouterr().out
    assert "real  180 pictures: real" in told
    assert "fake  180 pictures: fake" in told
    assert "AUROC" in told
    assert f"detector  {made}" in told
    assert load_detector(made).card["size"] == [24, 24]
    assert command(*words) == 2
    assert "exists: name another file" in capsys.readouterr().err


def test_it_is_tried_with_a_table_json_and_a_page(desk, tmp_path, capsys):
    words = ("detect", "test", desk / "detector.safetensors", "--real", desk / "real", "--fake", desk / "fake", "-n", 40,
             "--no-sweep", "--out", tmp_path / "page.html")  # fmt: skip
    assert command(*words) == 0
    told = capsys.readouterr().out
    assert "spectrum speaks. It answers for" in told
    assert "<svg" in (tmp_path / "page.html").read_text()
    assert command(*words[:-2], "--json") == 0
    record = json.loads(capsys.readouterr().out)
    assert record["format"] == 1
    assert record["readings"]["spectrum"]["worth"]["auroc"]["value"] > 0.9


def test_pictures_are_scored(desk, tmp_path, capsys):
    files = [desk / "real" / "000.png", desk / "fake" / "001.png", tmp_path / "none.png"]
    asked = ("--detector", desk / "detector.safetensors")
    assert command("detect", "score", *files, *asked, "--heatmap", tmp_path / "maps") == 2
    said = capsys.readouterr()
    assert said.out.count("P(fake)") + said.out.count("don't know: ") == 2
    assert "none.png can't be read as a picture" in said.err
    assert sorted(file.name for file in (tmp_path / "maps").iterdir()) == ["000.png", "001.png"]
    assert command("detect", "score", *files[:2], *asked, "--json") == 0
    record = json.loads(capsys.readouterr().out)
    assert [one["file"] for one in record["files"]] == list(map(str, files[:2]))
    assert set(record["files"][0]) >= {"verdict", "p_fake", "interval", "false_alarms", "unlike", "reasons"}


def test_one_picture_has_one_map(desk, tmp_path):
    place = tmp_path / "where.png"
    assert command(
        "detect", "score", desk / "fake" / "001.png", "--detector", desk / "detector.safetensors", "--heatmap", place
    ) == 0  # fmt: skip
    with Image.open(place) as found:
        assert found.size == (24, 24)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("score", "a.png"), "--detector FILE or --run RUN: give one of them"),
        (("score", "a.png", "--detector", "none.safetensors"), "none.safetensors doesn't exist"),
        (("score", "a.png", "--detector", "{desk}/detector.safetensors", "--by", "lite0"), "reads by spectrum"),
        (("score", "a.png", "--run", "{desk}/real"), "no run folder"),
        (("train", "--fake", "{desk}/fake"), "--real: "),
        (("train", "--real", "{desk}/real", "--fake", "{desk}/fake", "--out", "a.bin"), "let it end in .safetensors"),
        (("train", "--real", "{desk}/real", "--fake", "{desk}/fake", "--by", "ears"), "--by ears"),
        (("train", "--real", "{desk}/real", "--fake", "{desk}/fake", "--by", "discriminator"), "no --fake is one"),
        (("train", "--real", "{desk}/real", "--fake", "{desk}/fake", "--by", "spectrum", "-n", "40"), "too few pictures"),
        (("test", "{desk}/real/000.png", "--real", "{desk}/real", "--fake", "{desk}/fake"), "no detector"),
        (("test", "{desk}/detector.safetensors", "--fake", "{desk}/fake", "--out", "a.txt"), "let it end in .html"),
    ],
)  # fmt: skip
def test_what_cant_be_used_is_one_sentence(words, told, desk, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert command("detect", *(word.format(desk=desk) for word in words)) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert told in said[-1]
    assert said[-1].startswith("figment: ")
