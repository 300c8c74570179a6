"""figment measure of runs of clips and of films: real films are cut as the run's clips are, and copies of clips are told."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from figment.data.bank.prepare import prepare
from figment.data.decoding.resample import resize
from figment.generator import Generator
from figment.media.images import write
from figment.metrics import measurement
from figment.metrics.measurement import measure
from figment.nets.serialization import packed
from figment.run import Run
from figtest.clip_nets import clip_generator
from figtest.command import command
from figtest.films import write_film
from figtest.runs import build

SHAPE = {"frames": 8, "fps": 12.0}


def drifting_film(file: Path, seed: int, frames: int = 30) -> Path:
    """A random picture that drifts behind a window of 32 pixels."""
    random = np.random.default_rng(seed)
    picture = resize(random.integers(0, 256, (12, 12, 3)).astype(np.uint8), 96, 96)
    way = random.uniform(-0.5, 0.5, 2)
    places = [(32 + t * way).round().astype(int) for t in range(frames)]
    return write_film(file, np.stack([picture[y : y + 32, x : x + 32] for y, x in places]), 24)


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("films") / "drifting"
    for i in range(22):
        drifting_film(folder / f"{i:02d}.mp4", i)
    return folder


@pytest.fixture(scope="module")
def run(films: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run that learnt from the films, whose generator nobody trained."""
    generator = clip_generator(size=32, **SHAPE)
    made = build(
        tmp_path_factory.mktemp("run"), ticks=0, snapshots=(), data=str(films), choices={"frames": 8, "motion_size": 2}
    )
    made.recipe = generator.recipe
    made.note(fingerprint=None)
    made.generator_file.write_bytes(packed(generator.net, generator.recipe, "generator"))
    return made


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measurement, "MOST_CLIPS", 12)
    for place in ("metrics.clip_copying", "metrics.planted"):
        monkeypatch.setattr(f"figment.{place}.PLANTED", 4)


def test_a_run_that_replays_its_clips_is_found_out(run: Run, films: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three of its clips are training clips from their second frame on."""
    bank = prepare(films, 32, 3, video=run.recipe.video)
    drawn = Generator.clips

    def replaying(self: Generator, n: int, *given: Any, start: int = 0, **named: Any) -> torch.Tensor:
        clips = drawn(self, n, *given, start=start, **named)
        for i, (first, _) in enumerate(bank.clips.ranges()[bank.clips.of(bank.train)][:3]):
            if start <= i < start + n:
                clips[i - start] = torch.from_numpy(np.array(bank.pictures[first + 1 : first + 9]))
        return clips

    monkeypatch.setattr(Generator, "clips", replaying)
    found = measure(run.folder, only="copying", n=20, display=None)
    assert found.clip_copying is not None
    assert [pair.sample for pair in sorted(found.clip_copying.copies, key=lambda pair: pair.sample)] == [0, 1, 2]
    assert {pair.shift for pair in found.clip_copying.copies} == {1}
    assert found.verdict.sentence.startswith("3 of 12 clips are copies of training clips")
    assert "No copies: none of 20 samples is one of" in repr(found)
    (kept,) = [record for record in run.measures() if record["score"] == "clip_copying"]
    names = {bank.clips.names[clip] for clip in bank.clips.of(bank.train)[:3]}
    assert {pair["real_clip"] for pair in kept["copies"]} == names


def test_films_to_measure_against_are_cut_as_the_runs_clips(run: Run, films: Path, tmp_path: Path, capsys: Any) -> None:
    out = tmp_path / "scores.json"
    assert command("measure", run.folder, "--against", films, "--only", "copying", "-n", 20, "--out", out) == 0
    said = capsys.readouterr().out
    assert "No copies of clips: none of 12 clips is one of 22 real clips" in said
    assert "no clip is held out" in said
    assert json.loads(out.read_text())["clip_copying"]["train"] == 22


def test_pictures_in_one_folder_stay_pictures(run: Run, tmp_path: Path) -> None:
    for i, picture in enumerate(np.random.default_rng(0).integers(0, 256, (40, 32, 32, 3)).astype(np.uint8)):
        write(tmp_path / "stills" / f"{i}.png", picture, None)
    found = measure(run.folder, tmp_path / "stills", only="swd,copying", n=20, display=None)
    assert found.clip_copying is None
    assert found.copying is not None
    assert found.missing["clip_copying"].startswith("needs two real clips")


def test_films_can_be_measured_in_the_place_of_a_run(films: Path, tmp_path: Path, capsys: Any) -> None:
    """Two are others' copies, the rest are new."""
    mine = tmp_path / "mine"
    for i, seed in enumerate((3, 4, *range(100, 108))):
        drifting_film(mine / f"{i}.mp4", seed)
    words = [
        "measure",
        mine,
        "--against",
        films,
        "--only",
        "copying,clips,kid",
        "--features",
        "gradients",
        "--video",
        "8x12",
    ]
    assert command(*words) == 0
    said = capsys.readouterr().out
    assert "2 of 10 clips are copies of real clips" in said
    assert "clips of 8 frames against" in said


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["{run}", "--video", "8x12"], "--video is for films that are measured: a run's clips have its own shape"),
        (["{films}", "--against", "{films}", "--video", "8"], "--video 8: give frames x frames a second"),
        (["{films}", "--against", "{films}"], "give --video"),
    ],
)
def test_what_cannot_be_used_is_told(run: Run, films: Path, capsys: Any, words: list[str], says: str) -> None:
    assert command("measure", *(word.format(run=run.folder, films=films) for word in words)) == 2
    assert says in capsys.readouterr().err
