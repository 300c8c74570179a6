"""Model cards: what they say is what the run's files say, and nothing of where it lies."""

import re
from pathlib import Path

import pytest

from figment.generator import load
from figment.media.provenance import source_of
from figment.run import Run
from figment.sharing.card import card_of
from figment.sharing.cleaned import cleaned, cleaned_facts, cleaned_text
from figtest.command import command
from figtest.runs import played

yaml = pytest.importorskip("yaml")
SECTIONS = [
    "How to use it", "What it was trained on", "How it was made", "How good it is", "Whether it copies", "What it can't do",
    "How its pictures are marked", "How to repeat it",
]  # fmt: skip


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return played(tmp_path)


def score(name: str, **changes) -> dict:
    return {
        "score": name, "title": name.upper(), "value": 12.345, "error": 0.21, "floor": 1.5, "floor_error": 0.1, "n": 5000,
        "better": "lower", "meaning": "how far", "verdict": "close", "features": "lite0", "networks": {"lite0": {"resize": "64"}},
        "codec": "none", "data": "faces", "seed": 3, "images": 10240, "at": "2026-11-30",
    } | changes  # fmt: skip


def text(run: Run, **options) -> str:
    return card_of(run, load(run.folder), **options)["README.md"].decode()


def metadata(card: str) -> dict:
    return yaml.safe_load(card.split("---")[1])


def test_its_head_is_what_the_hub_reads(run):
    assert metadata(text(run)) == {
        "library_name": "figment", "pipeline_tag": "unconditional-image-generation",
        "tags": ["figment", "gan", "dcgan", "synthetic-media"],
    }  # fmt: skip
    run.note(data="hf:me/set@v1:train#50")
    told = metadata(text(run, licence="cc-by-nc-4.0"))
    assert told["license"] == "cc-by-nc-4.0"
    assert told["datasets"] == ["me/set"]


def test_it_says_what_the_files_say(run):
    run.add_measures([
        score("kid"), score("recall", better="higher"),
        score("copying", title=None, value=None, verdict="no copy was found among 5,000 samples"),
        score("summary", title=None, value=None, summary="rough: a stranger tells them"),
    ])  # fmt: skip
    card = text(run)
    assert re.findall(r"^## (.*)$", card, re.M) == SECTIONS
    for words in (
        "3,600 in all, 3,400 trained on, 200 held out", "10.2 kimg images seen in 1 min 00 s",
        "Example CPU (cpu, 2 cores, 7.8 GiB)",
        "| KID | 12.35 ± 0.21 | 1.50 ± 0.10 | lower | 5,000 |", "Rough: a stranger tells them",
        "No copy was found among 5,000 samples",
        "figment train 'my faces.zip' --for 1m", "`f00dcafe`", "not known to figment",
        "16×16 pixels", "`trainedAlgorithmicMedia`",
    ):  # fmt: skip
        assert words in card, words


def test_what_isn_t_known_is_said(run):
    card = text(run)
    assert "It wasn't measured" in card
    assert "Nobody looked whether samples copy" in card
    run.note(data="celeba")
    assert "non-commercial research only, no redistribution" in text(run)
    run.note(data=None, command=None)
    assert "figment drew the pictures itself" in text(run)
    assert "figment train --recipe dcgan --images 10240" in text(run)


def test_the_command_writes_it_where_it_is_asked_to(run, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert command("export", run.folder, "--card") == 0
    assert source_of(run.folder / "card.png") == "trainedAlgorithmicMedia"
    first = (run.folder / "README.md").read_bytes()
    assert command("export", run.folder, "--card", "given", "--licence", "apache-2.0") == 0
    assert {path.name for path in Path("given").iterdir()} == {"README.md", "card.png"}
    assert command("export", run.folder, "--card", "given/model.md") == 0
    assert Path("given/model.md").read_bytes() == first
    assert command("export", run.folder, "--card") == 0  # its own is replaced
    (run.folder / "README.md").write_bytes(first.replace(b"not known to figment", b"mine"))
    capsys.readouterr()
    for words, told in (
        (("--card",), "somebody wrote on it"), ((), "or --card"), (("--card", "x", "--licence", "Made up!"), "short names"),
    ):  # fmt: skip
        assert command("export", run.folder, *words) == 2
        assert told in capsys.readouterr().err


def test_places_are_cut_out_of_words():
    for before, after in {
        "/home/me/faces of friends.zip": "faces of friends.zip",
        "figment train /home/me/a.zip --for 1m": "figment train a.zip --for 1m",
        "https://a.b/c/d": "https://a.b/c/d", "1/2 and/or 3": "1/2 and/or 3",
        "onnx:/home/me/eye.onnx,size=3": "onnx:eye.onnx,size=3",
        "hf:me/faces": "hf:me/faces", "runs/faces-1": "runs/faces-1", "--out=/home/me/x": "--out=x", "~/x/y": "y", "../a/b": "b",
        "see /tmp/q/r: it (/a/b)": "see r: it (b)", "C:\\Users\\me\\x.png": "x.png",
        "--fit ~bob/x": "--fit x", "a 3 / 4": "a 3 / 4",
    }.items():  # fmt: skip
        assert cleaned_text(before) == after
    assert cleaned({"a": ["/x/y", 1, None], "real_file": "anna.png"}) == {"a": ["y", 1, None]}
    told = cleaned_facts(
        {"format": 1, "state": "new", "data": "/x/y", "user": "me", "machine": {"name": "CPU", "host": "mine"}}
    )
    assert told == {"format": 1, "state": "new", "machine": {"name": "CPU"}, "data": "y"}


def test_a_card_of_clips_counts_frames_and_shows_how_to_film_them(tmp_path):
    clips = played(tmp_path, frames=4, fps=8, motion_size=2, code_size=4)
    clips.note(pictures=400, trained_on=360, held_out=40)
    card = text(clips)
    assert "colour clips of 4 frames" in card
    assert "- Frames: 400 in all, 360 trained on, 40 held out" in card
    assert "figment sample generator.safetensors --video --loop" in card
