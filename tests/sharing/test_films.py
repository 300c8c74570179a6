"""Clips as films: their frames are the generator's, other programs play them, and they say that they are synthetic."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
import torch
from PIL import Image, ImageSequence

from figment.errors import InputError
from figment.generator import Generator
from figment.media.provenance import source_of
from figment.media.video import sheet, write_video
from figment.media.watermark_search import FALSE_ALARM, find_own
from figment.nets.serialization import packed
from figment.run import Run
from figment.sharing.films import FilmStyle, tiles_shown, write_film, write_films
from figment.sharing.samples import SheetStyle
from figtest.chromium import opened
from figtest.clip_nets import clip_generator
from figtest.command import command
from figtest.runs import build

PLAIN = SheetStyle(1, is_marked=False)


@pytest.fixture(scope="module")
def generator() -> Generator:
    return clip_generator(size=32)


def shown(path: Path) -> np.ndarray:
    """A film's frames, uint8 (T, H, W, 3)."""
    if path.suffix == ".mp4":
        with av.open(str(path)) as film:
            return np.stack([frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)])
    with Image.open(path) as film:
        return np.stack([np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(film)])


def expected(clips: torch.Tensor, columns: int | None = None) -> np.ndarray:
    return np.stack([sheet(moment, columns, 1) for moment in clips.unbind(1)])


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[np.ndarray]:
    """Films as they were before they were encoded, uint8 (T, H, W, 3); they are encoded, too."""
    films: list[np.ndarray] = []

    def kept(path: Path, frames: Any, *given: Any, **named: Any) -> None:
        films.append(np.stack(list(frames)))
        write_video(path, films[-1], *given, **named)

    monkeypatch.setattr("figment.sharing.films.write_video", kept)
    return films


@pytest.mark.parametrize("suffix", [".mp4", ".webp", ".gif"])
def test_a_film_shows_the_clips_side_by_side(generator: Generator, tmp_path: Path, drawn: Any, suffix: str) -> None:
    path, told = tmp_path / f"a{suffix}", []
    style = FilmStyle(20, sheet=PLAIN)
    assert write_film(generator, path, 4, 3, 0.8, style=style, progress=lambda *step: told.append(step)) == 4
    assert np.array_equal(drawn[0], expected(generator.clips(4, 3, 20, truncation=0.8)))
    assert shown(path).shape == drawn[0].shape
    assert told[-1] == (20, 20)
    assert source_of(path) == "trainedAlgorithmicMedia"


def test_a_film_of_classes_has_a_row_for_each(tmp_path: Path, drawn: Any) -> None:
    generator = clip_generator(size=32, classes=("ant", "bee"))
    assert write_film(generator, tmp_path / "a.webp", 3, 0, 1.0, ("bee", "ant"), style=FilmStyle(sheet=PLAIN)) == 6
    clips = torch.cat([generator.clips(3, label=name) for name in ("bee", "ant")])
    assert np.array_equal(drawn[0], expected(clips, 3))


def test_no_more_clips_than_players_take(generator: Generator) -> None:
    said: list[str] = []
    assert tiles_shown(generator, None, (), FilmStyle()) == 16
    assert tiles_shown(generator, None, ("a", "b", "c"), FilmStyle()) == 5
    big = FilmStyle(fps=60, sheet=SheetStyle(8))
    assert 1 < tiles_shown(generator, 1000, (), big, said.append) < 1000
    assert said[0].startswith("-n 1000: more than a film that every player shows has room for")


@pytest.mark.parametrize("suffix", ["mp4", "webp", "gif"])
def test_a_film_a_clip(generator: Generator, tmp_path: Path, drawn: Any, suffix: str) -> None:
    style = FilmStyle(8, 24, True, PLAIN)
    for _ in range(2):  # the same again stays
        write_films(generator, tmp_path, 2, 3, 1.0, suffix, style=style)
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"3-{i:06d}.{suffix}" for i in range(2)]
    clips = generator.clips(2, 3, 8, 24, loop=True)
    for i, clip in enumerate(clips):
        assert np.array_equal(drawn[i], expected(clip[None]))
        assert shown(tmp_path / f"3-{i:06d}.{suffix}").shape == (8, 32, 32, 3)
    with pytest.raises(InputError, match=rf"3-000000\.{suffix} exists and holds another film: name another folder"):
        write_films(generator, tmp_path, 2, 3, 0.5, suffix, style=style)


def test_a_folder_of_frames_a_clip(tmp_path: Path) -> None:
    generator, told = clip_generator(size=32, classes=("ant", "sea lion")), []
    style = FilmStyle(5, sheet=PLAIN)
    write_films(generator, tmp_path, 2, 3, 1.0, "png", ["sea lion"], None, style, lambda *step: told.append(step))
    assert told[-1] == (10, 10)
    for i, clip in enumerate(generator.clips(2, 3, 5, label="sea lion")):
        files = sorted((tmp_path / f"3-{i:06d}-sea-lion").iterdir())
        assert [file.name for file in files] == [f"{t:03d}.png" for t in range(5)]
        for file, frame in zip(files, clip, strict=True):
            assert np.array_equal(np.asarray(Image.open(file)), frame.permute(1, 2, 0).numpy())
            assert source_of(file) == "trainedAlgorithmicMedia"


def test_every_frame_bears_the_mark(tmp_path: Path) -> None:
    generator = clip_generator(size=128)
    write_films(generator, tmp_path, 1, 0, 1.0, "png", style=FilmStyle(3))
    write_films(generator, tmp_path, 1, 0, 1.0, "mp4", style=FilmStyle(3))
    frames = [np.asarray(Image.open(file)) for file in sorted((tmp_path / "0-000000").iterdir())]
    for frame in [*frames, *shown(tmp_path / "0-000000.mp4")]:
        assert find_own(frame, generator.mark) < FALSE_ALARM


# ---- players -----------------------------------------------------------------------------------------------------


@pytest.mark.skipif(shutil.which("ffprobe") is None, reason="needs ffprobe, of Debian's ffmpeg")
def test_ffprobe_finds_nothing_wrong(generator: Generator, tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    write_film(generator, path, 3, 0, 1.0, style=FilmStyle(20, 12.5, sheet=SheetStyle(1)))
    asked = ["ffprobe", "-v", "warning", "-count_frames", "-show_streams", "-show_format", "-of", "json", str(path)]
    result = subprocess.run(asked, capture_output=True, text=True, check=True)
    assert result.stderr == ""
    found = json.loads(result.stdout)
    (stream,) = found["streams"]
    assert (stream["codec_name"], stream["pix_fmt"]) == ("h264", "yuv420p")
    assert stream["width"] % 2 == stream["height"] % 2 == 0
    assert (stream["avg_frame_rate"], stream["nb_read_frames"]) == ("25/2", "20")
    assert float(found["format"]["duration"]) == pytest.approx(1.6, abs=0.01)
    content = path.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")  # it plays before all of it is there


def test_animated_pictures_go_round(generator: Generator, tmp_path: Path) -> None:
    for suffix in ("gif", "webp"):
        write_film(generator, tmp_path / f"a.{suffix}", 1, 0, 1.0, style=FilmStyle(6, sheet=PLAIN))
    gif, webp = ((tmp_path / f"a.{suffix}").read_bytes() for suffix in ("gif", "webp"))
    at = gif.index(b"NETSCAPE2.0") + 11
    assert gif[at : at + 4] == b"\x03\x01\x00\x00"  # the loop's block: for ever (GIF89a, Netscape's extension)
    at = webp.index(b"ANIM") + 12  # behind its size and the ground's colour
    assert webp[at : at + 2] == b"\x00\x00"


PLAYED = """
const [source, done] = arguments, kind = source.endsWith("mp4") ? "video" : "img";
const it = document.body.appendChild(document.createElement(kind));
it.addEventListener("error", () => done("error"));
it.addEventListener(kind == "video" ? "ended" : "load", () => done([it.videoWidth || it.naturalWidth]));
it.muted = true;
it.src = source;
it.play?.().catch(error => done(`${error}`));
"""


def test_films_open_in_chromium(generator: Generator, tmp_path: Path, browser: Any) -> None:
    (tmp_path / "page.html").write_text("<!DOCTYPE html><title>films</title>")
    opened(browser, tmp_path / "page.html")
    browser.set_script_timeout(30)
    for suffix in ("mp4", "gif", "webp"):
        path = tmp_path / f"a.{suffix}"
        write_film(generator, path, 2, 0, 1.0, style=FilmStyle(4, 30, sheet=PLAIN))
        assert browser.execute_async_script(PLAYED, path.as_uri()) == [68]


# ---- the command -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    made = build(tmp_path_factory.mktemp("clips"), ticks=0, snapshots=(), choices={"frames": 16, "motion_size": 2})
    generator = clip_generator()
    made.recipe = generator.recipe
    made.generator_file.write_bytes(packed(generator.net, generator.recipe, "generator"))
    return made


def test_the_command_makes_strips_films_and_folders(run: Run, capsys: Any) -> None:
    assert command("sample", run.folder) == 0
    assert command("sample", run.folder, "--video", "-n", 2) == 0
    assert (
        command("sample", run.folder, "--video", "--loop", "--frames", 6, "--fps", 24, "--out", run.folder / "a.gif")
        == 0
    )
    assert command("sample", run.folder, "--video", "--files", "-n", 2, "--format", "jpg", "--frames", 3) == 0
    said = capsys.readouterr().out.splitlines()
    assert [line for line in said if not line.startswith("Seed")] == [
        f"8 samples in {run.folder / 'samples-0.png'}",
        f"2 clips of 16 frames, 12 a second, in {run.folder / 'samples-0-n2.mp4'}",
        f"16 clips of 6 frames, 24 a second, in {run.folder / 'a.gif'}",
        f"2 clips of 3 frames, 12 a second, in {run.folder / 'samples-0-n2-frames-3-films'}",
    ]
    assert "--video --frames 6 --fps 24.0 --loop --seed 1" in said[5]
    assert len(shown(run.folder / "a.gif")) == 6
    assert len(list((run.folder / "samples-0-n2-frames-3-films" / "0-000001").iterdir())) == 3


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--frames", 3], "--frames is for films of clips: give --video with it."),
        (["--loop"], "--loop is for films of clips"),
        (["--files", "--format", "gif"], "--format gif is for films of clips"),
        (["--video", "--format", "gif"], "--format gif is for --files: what one film is, says how --out ends"),
        (["--video", "--paper", "a4"], "--paper is for pictures, and --video makes films: leave one out."),
        (["--video", "--pick", 2], "--pick is for pictures"),
        (["--video", "--out", "a.png"], "no kind of film that figment writes"),
        (["--pick", 2], "--pick 2 chooses among pictures, not among clips"),
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_refused(run: Run, capsys: Any, options: list[Any], told: str) -> None:
    assert command("sample", run.folder, *options) == 2
    assert told in capsys.readouterr().err


def test_a_run_of_pictures_has_no_films_of_clips(tmp_path: Path, capsys: Any) -> None:
    made = build(tmp_path, ticks=0)
    made.generator_file.write_bytes(made.snapshot_file(640).read_bytes())
    assert command("sample", made.folder, "--video") == 2
    assert (
        "was trained on pictures: --video is for runs of clips; figment walk makes films of it"
        in capsys.readouterr().err
    )
    assert not list(made.folder.glob("samples*"))
