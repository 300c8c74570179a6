"""Films as they are read: which frame is shown when, the right way up, of the right shape and colours."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from figment.data.decoding.film_chunks import FilmChunk, FilmPiece, give_up, look_through
from figment.data.decoding.films import open_film, turned
from figment.data.decoding.fit import Target
from figment.errors import Unreadable
from figtest.films import (
    FFMPEG,
    needs_ffmpeg,
    number_of,
    numbered,
    probed,
    with_display_matrix,
    write_animation,
    write_film,
)

VARIABLE = np.cumsum([0.0, *(0.01 + 0.02 * (k % 5) for k in range(29))]).round(4).tolist()


def times_of(film: Path, since: float | None = None) -> list[float]:
    with open_film(str(film)) as opened:
        return [frame.seconds for frame in opened.frames(since)]


def first_pixels(film: Path) -> np.ndarray:
    with open_film(str(film)) as opened:
        return next(iter(opened.frames())).pixels()


def prepared(film: Path, frames: list[int], fps: float, start: float = 0.0) -> list[int | str | None]:
    """The numbers of the frames that are shown, or why there is none; in the order of the slots."""
    chunk = FilmChunk(list(range(len(frames))), frames, str(film), fps, start)
    found = sorted(chunk.prepare(Target(16, 24)), key=lambda picture: picture.slot)
    return [picture.reason if picture.pixels is None else number_of(picture.pixels) for picture in found]


@needs_ffmpeg
@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm", ".avi"])
def test_frame_times_are_ffprobes(tmp_path, suffix):
    film = write_film(tmp_path / f"a{suffix}", numbered(30), 24)
    assert np.allclose(times_of(film), probed(film), atol=1e-4)
    assert len(times_of(film)) == 30


@needs_ffmpeg
@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm"])
def test_frame_times_of_variable_rates_are_ffprobes(tmp_path, suffix):
    film = write_film(tmp_path / f"a{suffix}", numbered(30), times=VARIABLE)
    assert np.allclose(times_of(film), probed(film), atol=1e-4)
    assert np.allclose(times_of(film), VARIABLE, atol=0.001)


@pytest.mark.parametrize("suffix", [".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi"])
def test_the_frame_that_is_shown_at_each_time(tmp_path, suffix):
    film = write_film(tmp_path / f"a{suffix}", numbered(30), 24)
    for fps in (12, 24, 30, 7.5):
        wanted = list(range(int(30 / 24 * fps)))
        assert prepared(film, wanted, fps) == [int(k / fps * 24 + 0.024) for k in wanted]
    assert prepared(film, [3, 9, 14], 12) == [6, 18, 28]


def test_the_frame_that_is_shown_at_each_time_of_variable_rates(tmp_path):
    film = write_film(tmp_path / "a.mp4", numbered(30), times=VARIABLE)
    wanted = list(range(int(VARIABLE[-1] * 60)))
    shown = [int(np.searchsorted(VARIABLE, k / 60 + 0.001, "right")) - 1 for k in wanted]
    assert prepared(film, wanted, 60) == shown


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png"])
def test_animations_go_by_their_durations(tmp_path, suffix):
    frames = numbered(12)
    frames[5] = frames[4]  # which Pillow merges when it writes
    lasting = [40, 40, 80, 40, 40, 40, 120, 40, 40, 40, 40, 40]
    film = write_animation(tmp_path / f"a{suffix}", frames, lasting)
    starts = np.cumsum([0, *lasting[:-1]]) / 1000
    shown = [int(np.searchsorted(starts, k / 25 + 1e-6, "right")) - 1 for k in range(sum(lasting) // 40)]
    shown = [4 if number == 5 else number for number in shown]
    assert prepared(film, list(range(len(shown))), 25) == shown
    assert prepared(film, [8, 9, 12], 25) == [shown[8], shown[9], shown[12]]


def test_an_animation_without_durations_is_shown_as_browsers_do(tmp_path):
    film = write_animation(tmp_path / "a.gif", numbered(4), 0)
    assert np.allclose(times_of(film), [0, 0.1, 0.2, 0.3])


@needs_ffmpeg
@pytest.mark.parametrize("matrix", [(0, 1, -1, 0), (0, -1, 1, 0), (-1, 0, 0, -1), (-1, 0, 0, 1), (0, 1, 1, 0)])
def test_films_are_turned_as_ffmpeg_turns_them(tmp_path, matrix):
    film = write_film(tmp_path / "a.mp4", numbered(2, 40, 64))
    with_display_matrix(film, *matrix)
    import subprocess

    subprocess.run([str(FFMPEG), "-v", "error", "-i", film, "-frames:v", "1", tmp_path / "a.png"], check=True)
    expected = np.asarray(Image.open(tmp_path / "a.png").convert("RGB")).astype(int)
    found = first_pixels(film)
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= 2


def test_turning_by_the_plain_rule():
    pixels = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    assert np.array_equal(turned(pixels, (1, 0, 0, 1)), pixels)
    assert np.array_equal(turned(pixels, (0, 1, -1, 0)), np.rot90(pixels, -1))
    assert np.array_equal(turned(pixels, (0, -1, 1, 0)), np.rot90(pixels))
    assert np.array_equal(turned(pixels, (-1, 0, 0, -1)), np.rot90(pixels, 2))
    assert np.array_equal(turned(pixels, (-1, 0, 0, 1)), pixels[:, ::-1])


def test_pixels_that_arent_square_odd_sizes_and_ten_bits(tmp_path):
    assert first_pixels(write_film(tmp_path / "a.mp4", numbered(2, 40, 64), aspect=Fraction(2, 1))).shape == (
        40,
        128,
        3,
    )
    odd = first_pixels(write_film(tmp_path / "b.mp4", numbered(2, 33, 49), pix_fmt="yuv444p"))
    assert odd.shape == (33, 49, 3)
    assert number_of(odd) == 0
    assert prepared(write_film(tmp_path / "d.webm", numbered(6, 33, 49)), [0, 3, 5], 24) == [0, 3, 5]
    deep = write_film(tmp_path / "c.mp4", numbered(8, 32, 32), pix_fmt="yuv420p10le")
    assert prepared(deep, [0, 3, 7], 24) == [0, 3, 7]


@pytest.mark.parametrize(("height", "space"), [(64, "bt709"), (64, "smpte170m"), (64, None), (720, None)])
def test_colours_by_the_matrix_that_a_film_means(tmp_path, height, space):

    red = np.zeros((height, height, 3), np.uint8)
    red[:] = (200, 40, 30)
    meant = space or ("bt709" if height >= 720 else "smpte170m")
    number = {"bt709": 1, "smpte170m": 5}[meant]
    with av.open(str(tmp_path / "a.mp4"), "w") as out:
        stream = out.add_stream("libx264", rate=24, options={"crf": "1", "preset": "ultrafast"})
        assert isinstance(stream, av.VideoStream)
        stream.height = stream.width = height
        stream.pix_fmt = "yuv420p"
        if space:
            stream.codec_context.colorspace = number
        frame = av.VideoFrame.from_ndarray(red, "rgb24")
        frame = frame.reformat(format="yuv420p", dst_colorspace=number)
        frame.pts, frame.time_base, frame.colorspace = 0, Fraction(1, 24), number if space else 2
        out.mux(stream.encode(frame))
        out.mux(stream.encode())
    assert np.abs(first_pixels(tmp_path / "a.mp4")[20, 20].astype(int) - (200, 40, 30)).max() <= 4


def test_what_is_no_film_is_told_in_a_sentence(tmp_path):
    whole = write_film(tmp_path / "whole.mp4", numbered(20))
    (tmp_path / "cut.mp4").write_bytes(whole.read_bytes()[:-2000])
    (tmp_path / "empty.mp4").write_bytes(b"")
    (tmp_path / "list.mp4").write_text(f"#EXTM3U\n#EXTINF:1,\n{whole}\n#EXT-X-ENDLIST\n")
    (tmp_path / "concat.mp4").write_text(f"ffconcat version 1.0\nfile {whole.name}\n")
    (tmp_path / "still.gif").write_bytes(b"")
    Image.new("RGB", (20, 20)).save(tmp_path / "still.gif")
    write_animation(tmp_path / "tiny.gif", numbered(4, 4, 4))
    reasons = {
        "cut.mp4": "cut short or broken",
        "empty.mp4": "an empty file",
        "list.mp4": "not a film that we can read",
        "concat.mp4": "not a film that we can read",
        "still.gif": "a still picture",
        "tiny.gif": "frames of 4×4 pixels, which show nothing",
        "gone.mp4": "the file is gone",
    }
    for name, reason in reasons.items():
        looked = look_through(FilmPiece(0, str(tmp_path / name)))
        assert (looked.reason or "").startswith(reason), name


def test_sound_alone_and_encrypted_films(tmp_path):
    with av.open(str(tmp_path / "sound.m4a"), "w") as out:
        stream = out.add_stream("aac", rate=8000)
        assert isinstance(stream, av.AudioStream)
        for block in range(4):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
            frame.rate, frame.pts = 8000, block * 1024
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    (tmp_path / "sound.m4a").rename(tmp_path / "sound.mp4")
    key = dict.fromkeys(("encryption_key", "encryption_kid"), "00112233445566778899aabbccddeeff")
    write_film(tmp_path / "locked.mp4", numbered(8), container={"encryption_scheme": "cenc-aes-ctr", **key})
    assert look_through(FilmPiece(0, str(tmp_path / "sound.mp4"))).reason == "only sound, and no pictures"
    assert look_through(FilmPiece(0, str(tmp_path / "locked.mp4"))).reason == "encrypted"


def test_a_broken_end_leaves_what_is_before_it(tmp_path):
    whole = write_film(tmp_path / "a.webm", numbered(40), 24, g="5")
    content = whole.read_bytes()
    whole.write_bytes(content[: len(content) // 2])
    looked = look_through(FilmPiece(0, str(whole)))
    assert looked.reason is None
    assert 5 < len(looked.times) < 35
    assert looked.declared == pytest.approx(40 / 24, abs=0.05)
    beyond = int(looked.end * 24) + 2
    found = prepared(whole, [0, 2, beyond], 24)
    assert found[:2] == [0, 2]
    assert "no frame at this time" in str(found[2])


def test_a_broken_middle_costs_itself(tmp_path):
    film = write_film(tmp_path / "a.mp4", numbered(40), 24, g="5")
    content = bytearray(film.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 100] = bytes(100)
    film.write_bytes(content)
    looked = look_through(FilmPiece(0, str(film)))
    assert looked.reason is None
    assert looked.times[0] == 0
    assert looked.times[-1] > 1.5
    assert 15 <= len(looked.times) < 40


def test_pieces_of_a_film_see_what_one_look_sees(tmp_path, monkeypatch):
    frames = numbered(40)
    frames[21:] = 255 - frames[21:]
    for suffix in (".mp4", ".webm", ".avi", ".gif"):
        film = tmp_path / f"a{suffix}"
        if suffix == ".gif":
            write_animation(film, frames, 40)
        else:
            write_film(film, frames, 24, g="7")
        whole = look_through(FilmPiece(0, str(film)))
        assert whole.rest is None
        monkeypatch.setattr("figment.data.decoding.film_chunks.CHUNK_FRAMES", 16)
        pieces = [look_through(FilmPiece(0, str(film)))]
        while (rest := pieces[-1].rest) is not None:
            pieces.append(look_through(rest))
        monkeypatch.undo()
        assert len(pieces) == 3
        assert np.array_equal(np.concatenate([piece.times for piece in pieces]), whole.times)
        assert np.array_equal(np.concatenate([piece.jumps for piece in pieces]), whole.jumps)
        assert pieces[-1].end == whole.end


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm", ".avi"])
def test_seeking_gives_the_same_frames(tmp_path, suffix):
    film = write_film(tmp_path / f"a{suffix}", numbered(50, 16, 16), 12, g="10")
    assert times_of(film, 3.5)[0] <= 3.5
    if suffix != ".avi":  # whose index isn't always used
        assert times_of(film, 3.5)[0] > 0
    assert prepared(film, [42, 43, 49], 12) == [42, 43, 49]


def test_a_lost_worker_costs_the_film(tmp_path):
    film = write_film(tmp_path / "a.mp4", numbered(4))
    again = FilmChunk([3, 4], [0, 1], str(film), 24, 0.0).given_up("takes too long")
    assert [picture.reason for picture in again.prepare(Target(8, 8))] == ["takes too long"] * 2
    [piece] = give_up(FilmPiece(7, str(film)), "takes too long")
    assert look_through(piece).reason == "takes too long"
    with pytest.raises(RuntimeError):
        give_up(piece, "again")


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".webm", ".avi", ".gif", ".webp", ".png"])
def test_spoilt_films_are_told_or_read_and_nothing_else(tmp_path, suffix):
    make = write_animation if suffix in (".gif", ".webp", ".png") else write_film
    content = make(tmp_path / f"whole{suffix}", numbered(12, 16, 16)).read_bytes()
    random = np.random.default_rng(0)
    for _ in range(20):
        spoilt = bytearray(content)
        for place in random.integers(0, [min(len(spoilt), 800), len(spoilt)], (4, 2)).ravel():
            spoilt[place] = random.integers(0, 256)
        film = tmp_path / f"spoilt{suffix}"
        film.write_bytes(spoilt)
        looked = look_through(FilmPiece(0, str(film)))
        assert looked.reason or len(looked.times)
        start = float(looked.times[0]) if len(looked.times) else 0.0
        assert len(list(FilmChunk([0, 1, 2], [0, 3, 7], str(film), 12, start).prepare(Target(8, 8)))) == 3


def test_frames_that_grow_beyond_memory_are_left_out(tmp_path):
    """A film tells a size of its frames, and each frame one of its own."""
    small, large = (
        write_film(tmp_path / f"{n}.avi", numbered(3, n, n), codec="mjpeg", pix_fmt="yuvj420p") for n in (64, 6000)
    )
    film = tmp_path / "a.mkv"
    with av.open(str(small)) as first, av.open(str(large)) as second, av.open(str(film), "w") as out:
        stream = out.add_stream_from_template(first.streams.video[0])
        packets = [packet for part in (first, second) for packet in part.demux(part.streams.video[0]) if packet.size]
        for number, packet in enumerate(packets):
            packet.stream, packet.time_base = stream, Fraction(1, 24)
            packet.pts = packet.dts = number
            out.mux(packet)
    assert len(packets) == 6
    assert len(times_of(film)) == 3
    assert "more" in str(look_through(FilmPiece(0, str(large))).reason)


def test_a_folder_whose_name_looks_like_a_protocol(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_film(tmp_path / "2024:holiday" / "a.mp4", numbered(3))
    assert len(times_of(Path("2024:holiday/a.mp4"))) == 3


def test_huge_frames_are_refused_before_they_are_decoded():
    from figment.data.decoding.film_frames import check_size

    check_size(4320, 7680)
    with pytest.raises(Unreadable, match="more than we decode"):
        check_size(8000, 8000)
