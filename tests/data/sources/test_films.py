"""Folders of films as sources: scenes, names, labels, what is skipped; looked through once."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from figment.common.video_shape import VideoShape
from figment.data.bank.prepare import prepare
from figment.data.decoding.film_chunks import LookedThrough
from figment.data.sources import films
from figment.data.sources.clip_shape import choose_shape, fps_for, frames_for
from figment.data.sources.films import Films, on_grid
from figment.data.sources.folder import Folder
from figment.data.sources.frame_folders import FrameFolders
from figment.data.sources.open import open_source
from figment.errors import InputError
from figtest.banks import files_of
from figtest.deadly import deadly_look
from figtest.films import number_of, numbered, write_animation, write_film
from figtest.reels import save_frames

SHAPE = VideoShape(4, 12)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FIGMENT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Films of two kinds; one of two scenes, one cut short, and what are none."""
    folder = tmp_path_factory.mktemp("films") / "shelf"
    frames = numbered(40)
    write_film(folder / "walk" / "a.mp4", frames, 24)
    write_film(folder / "walk" / "b.webm", frames[::-1], 24)
    cut = frames.copy()
    cut[12:] = 255 - cut[12:]
    write_film(folder / "run" / "cut.mkv", cut, 12)
    write_animation(folder / "run" / "c.gif", frames[:20], 100)
    (folder / "run" / "no.mp4").write_bytes(b"no film at all")
    Image.fromarray(frames[0]).save(folder / "run" / "poster.jpg")
    (folder / "notes.txt").write_text("x")
    return folder


def test_a_bank_of_films(shelf):
    bank = prepare(shelf, 16, 3, video=SHAPE, min_pictures=2)
    assert bank.clips is not None
    shown = {}
    for name, (first, count) in zip(bank.clips.names, bank.clips.ranges().tolist(), strict=True):
        shown[name] = [number_of(bank.pictures[row]) for row in range(first, first + count)]
        assert bank.labels[first] == name.split("/")[0]
    assert shown["walk/a.mp4#000000"] == list(range(0, 40, 2))
    assert shown["walk/b.webm#000000"] == list(range(39, 0, -2))
    assert shown["run/c.gif#000000"] == [int(k / 12 * 10 + 0.01) for k in range(24)]
    assert shown["run/cut.mkv#000000"] == list(range(12))
    assert len(shown["run/cut.mkv#000012"]) == 28
    assert [(item.name, item.reason) for item in bank.skipped] == [("run/no.mp4", "not a film that we can read")]
    assert bank.ignored == 1
    assert "1 film is cut at 1 change of scene." in bank.notes
    assert "1 picture lies beside the films, and no frames of clips." in bank.notes
    assert "5 clips (104 frames) from shelf" in bank.summary()


def test_films_are_looked_through_once(shelf, cache, monkeypatch):
    first = prepare(shelf, 16, 3, video=SHAPE, min_pictures=2)
    monkeypatch.setattr(
        films, "_look", lambda root, names: pytest.fail(f"looked again: {names}") if names else iter(())
    )
    assert prepare(shelf, 16, 3, video=SHAPE, min_pictures=2).folder == first.folder
    other = prepare(shelf, 16, 3, video=VideoShape(8, 6), min_pictures=2)
    assert other.folder != first.folder
    monkeypatch.undo()
    note = next((cache / "banks").glob("*.films"))
    assert sorted(json.loads(note.read_text())) == [
        "run/c.gif",
        "run/cut.mkv",
        "run/no.mp4",
        "walk/a.mp4",
        "walk/b.webm",
    ]
    note.write_text("{broken")
    assert Films(shelf, SHAPE).listing.names == Films(shelf, SHAPE).listing.names


def test_a_film_that_couldnt_be_read_for_the_moment_is_looked_at_again(tmp_path, monkeypatch):
    """After chmod neither its size nor its time is another."""
    write_film(tmp_path / "shelf" / "a.mp4", numbered(8), 12)
    write_film(tmp_path / "shelf" / "b.mp4", numbered(8), 12)
    with monkeypatch.context() as here:
        lost = LookedThrough(0, reason="takes longer than 120 seconds to decode", lasts=False)
        here.setattr(films, "_look", lambda root, names: ((name, films.seen_of([lost])) for name in names))
        with pytest.raises(InputError, match="takes longer"):
            _ = Films(tmp_path / "shelf", SHAPE).listing
    assert len(Films(tmp_path / "shelf", SHAPE).listing.names) == 16


def test_another_order_of_work_gives_the_same_bytes(shelf, monkeypatch, tmp_path):
    whole = files_of(prepare(shelf, 16, video=SHAPE, min_pictures=2))
    monkeypatch.setenv("FIGMENT_CACHE", str(tmp_path / "elsewhere"))
    monkeypatch.setattr("figment.data.decoding.film_chunks.CHUNK_FRAMES", 7)
    assert files_of(prepare(shelf, 16, video=SHAPE, min_pictures=2)) == whole


def test_a_changed_film_changes_the_fingerprint(tmp_path):
    film = write_film(tmp_path / "shelf" / "a.mp4", numbered(8), 12)
    before = Films(tmp_path / "shelf", SHAPE).fingerprint()
    (tmp_path / "shelf" / "readme.txt").write_text("x")
    assert Films(tmp_path / "shelf", SHAPE).fingerprint() == before
    os.utime(film, ns=(1, 1))
    assert Films(tmp_path / "shelf", SHAPE).fingerprint() != before
    assert Films(tmp_path / "shelf", VideoShape(4, 6)).fingerprint() != before


def test_groups_are_of_films(shelf):
    bank = prepare(shelf, 16, 3, video=SHAPE, group="^(.*)#", min_pictures=2)
    held = {bank.names[row].split("#")[0] for row in bank.held_out}
    assert not held & {bank.names[row].split("#")[0] for row in bank.train}


def test_labels_of_a_table(tmp_path):
    for name in "ab":
        write_film(tmp_path / "shelf" / f"{name}.mp4", numbered(8, 16 + 16 * (name == "b")), 12)
    (tmp_path / "shelf" / "labels.csv").write_text("file,label\na.mp4,sun\nb.mp4,rain\n")
    bank = prepare(tmp_path / "shelf", 16, video=SHAPE, min_pictures=2)
    assert set(bank.labels) == {"sun", "rain"}


def test_one_film_and_what_opens_as_what(shelf, tmp_path):
    assert isinstance(open_source(shelf / "walk" / "a.mp4", video=SHAPE), Films)
    assert isinstance(open_source(shelf / "run" / "c.gif", video=SHAPE), Films)
    assert open_source(shelf / "walk" / "a.mp4", video=SHAPE).listing.names[:2] == ["a.mp4#000000", "a.mp4#000001"]
    save_frames(tmp_path / "frames" / "one", numbered(8))
    assert isinstance(open_source(tmp_path / "frames", video=SHAPE), FrameFolders)
    joined = open_source([str(shelf), str(tmp_path / "frames")], video=SHAPE)
    assert joined.video == SHAPE
    assert sum(joined.listing.clip_lengths or []) == len(joined.listing.names)
    assert joined.listing.names[-1] == "frames/one#000007"


def test_without_video_films_are_told_of(shelf, tmp_path):
    listing = Folder(shelf).listing
    assert listing.ignored == 1
    assert listing.notes == ["4 films are here, too: --video 16x12 trains on clips."]
    write_film(tmp_path / "only" / "a.mp4", numbered(4), 12)
    with pytest.raises(InputError, match="1 film and no pictures: give --video 16x12"):
        prepare(tmp_path / "only", 16)
    with pytest.raises(InputError, match="it is a film: give --video 16x12"):
        prepare(tmp_path / "only" / "a.mp4", 16)


def test_films_that_are_too_short_are_told(tmp_path):
    write_film(tmp_path / "shelf" / "a.mp4", numbered(6), 24)
    with pytest.raises(InputError, match=r"no clip that can be used \(a\.mp4: 3 frames, and a clip has 4\)"):
        prepare(tmp_path / "shelf", 16, video=SHAPE)


def test_an_early_end_is_told(tmp_path):
    film = write_film(tmp_path / "shelf" / "a.webm", numbered(50), 12, g="5")
    content = film.read_bytes()
    film.write_bytes(content[: len(content) // 2])
    write_film(tmp_path / "shelf" / "b.webm", numbered(50), 12)
    notes = open_source(tmp_path / "shelf", video=SHAPE).listing.notes
    assert len(notes) == 1
    assert notes[0].startswith("1 film ends before its declared length: a.webm (after ")
    assert notes[0].endswith(" of 4.2 s).")


def test_a_film_that_kills_its_decoder_costs_itself_alone(tmp_path, monkeypatch):
    write_film(tmp_path / "shelf" / "a.mp4", numbered(40), 12)
    write_film(tmp_path / "shelf" / "deadly.mp4", numbered(8), 12)
    monkeypatch.setattr("figment.data.decoding.film_chunks.look_through", deadly_look)
    listing = Films(tmp_path / "shelf", SHAPE).listing
    assert {name.split("#")[0] for name in listing.names} == {"a.mp4"}
    assert listing.skipped[0].name == "deadly.mp4"
    assert "crashes its decoder" in listing.skipped[0].reason


def test_a_film_that_lasts_for_ages_by_its_times_is_no_bomb(tmp_path):
    times = [0, 0.1, 0.2, 0.3, 0.4, 100_000, 100_000.1, 100_000.2, 100_000.3]
    write_film(tmp_path / "shelf" / "a.mkv", numbered(9), times=times)
    times[5:] = (np.array(times[5:]) - 99_000).tolist()
    write_film(tmp_path / "shelf" / "b.mkv", numbered(9), times=times)
    seen = Films(tmp_path / "shelf", SHAPE).seen
    assert seen["a.mkv"].reason == "lasts 28 hours by its times, more than a day"
    assert len(seen["b.mkv"].scenes) == 2
    assert sum(stop - start for start, stop in seen["b.mkv"].scenes) < 1.5


def test_many_frames_of_a_pixel_are_refused_and_many_small_ones_arent(tmp_path):
    write_animation(
        tmp_path / "shelf" / "bomb.gif", np.random.default_rng(0).integers(0, 255, (50, 1, 1, 3), np.uint8), 20
    )
    write_film(tmp_path / "shelf" / "long.avi", np.tile(numbered(50, 16, 16), (20, 1, 1, 1)), 25)
    source = Films(tmp_path / "shelf", SHAPE)
    assert source.seen["bomb.gif"].reason == "frames of 1×1 pixels, which show nothing"
    assert source.seen["long.avi"].frames == 1000
    assert sum(source.listing.clip_lengths or []) >= 470


@pytest.mark.parametrize(
    ("rate", "fps"), [(24, 12), (23.976, 12), (25, 12), (30, 15), (29.97, 15), (60, 12), (10, 10), (5, 5), (0.2, 1)]
)
def test_rates_that_auto_takes(rate, fps):
    assert fps_for(rate) == fps


def test_lengths_that_auto_takes(shelf):
    assert frames_for(np.array([100, 3])) == 16
    assert frames_for(np.array([9, 9, 9])) == 8
    assert frames_for(np.array([1])) == 4
    shape, why = choose_shape(str(shelf))
    assert shape == VideoShape(16, 12)
    assert why.startswith(
        "--video auto: 16x12, since films run at 10 to 24, at the middle 18 frames a second and half of the scenes"
    )


def test_numbers_on_the_grid():
    assert list(on_grid(0, 0.5, 12)) == [0, 1, 2, 3, 4, 5]
    assert list(on_grid(0.5, 1.0, 12)) == [6, 7, 8, 9, 10, 11]
    assert list(on_grid(0.042, 0.125, 24)) == [1, 2]  # as ms have it
    assert not on_grid(0, 0.0005, 24)


@pytest.mark.parametrize("suffix", [".mp4", ".webp", ".gif"])
def test_films_that_figment_made_are_left_out_unless_they_are_wanted(tmp_path, suffix):
    from figment.media.video import write_video

    write_video(tmp_path / "shelf" / f"own{suffix}", list(numbered(12)), 12)
    for number in range(3):
        write_film(tmp_path / "shelf" / f"{number}.mp4", numbered(8 + number), 12)
    bank = prepare(tmp_path / "shelf", 16, 3, video=SHAPE, min_pictures=2)
    assert bank.clips is not None
    assert not any(name.startswith("own") for name in bank.clips.names)
    assert {item.reason for item in bank.left_out} == {"made by figment, as its mark says"}
    assert bank.marked == 1
    assert bank.skipped == []
    kept = prepare(tmp_path / "shelf", 16, 3, video=SHAPE, min_pictures=2, keep_marked=True)
    assert kept.clips is not None
    assert any(name.startswith("own") for name in kept.clips.names)
