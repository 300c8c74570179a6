import os
import subprocess
import sys

import av
import numpy as np
import pytest
import torch

from figment.errors import InputError
from figment.media import provenance, video

# BT.709, limited range: Kr, Kg, Kb of ITU-R BT.709-6, section 3
LUMA = np.array([0.2126, 0.7152, 0.0722])


def moving(count=6, height=48, width=64):
    """A bright square that moves to the right over a ramp."""
    frames = np.zeros((count, height, width, 3), np.uint8)
    frames[:] = np.linspace(0, 200, width).astype(np.uint8)[:, None]
    for i, frame in enumerate(frames):
        frame[8:24, 8 * i : 8 * i + 12] = 255
    return frames


def read(path):
    container = av.open(str(path))  # open as long as the stream is looked at
    stream = container.streams.video[0]
    frames = [f.to_ndarray(format="rgb24") for f in container.decode(stream)]
    return frames, stream, container.duration / 1e6


def boxes(content):
    """Kind and content of each top-level box, by ISO 14496-12."""
    at, found = 0, []
    while at < len(content):
        size = int.from_bytes(content[at : at + 4], "big")
        found.append((content[at + 4 : at + 8], content[at + 8 : at + size]))
        at += size
    assert at == len(content)
    return found


def test_frames_come_back_in_order_and_at_their_rate(tmp_path):
    video.write_video(tmp_path / "a.mp4", moving(), fps=12)
    frames, stream, seconds = read(tmp_path / "a.mp4")
    assert len(frames) == 6
    assert np.abs(np.stack(frames).astype(int) - moving()).mean() < 3
    assert stream.average_rate == 12
    assert stream.codec_context.name == "h264"
    assert stream.codec_context.pix_fmt == "yuv420p"
    assert seconds == 0.5


@pytest.mark.parametrize("colour", [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (12, 12, 12)])
def test_colours_are_written_by_the_standard_that_is_named(tmp_path, colour):
    video.write_video(tmp_path / "a.mp4", [np.full((32, 32, 3), colour, np.uint8)] * 2)
    with av.open(str(tmp_path / "a.mp4")) as container:
        frame = next(container.decode(video=0))
        context = container.streams.video[0].codec_context
        assert (context.colorspace, context.color_primaries, context.color_trc, context.color_range) == (1, 1, 1, 1)
        planes = frame.to_ndarray()  # 32 rows of luma, then 8 rows of each of the colours, which are halved
        y, cb, cr = (plane.mean() for plane in np.split(planes, [32, 40]))
    rgb = np.array(colour) / 255
    luma = LUMA @ rgb
    assert y == pytest.approx(16 + 219 * luma, abs=2.5)
    assert cb == pytest.approx(128 + 224 * (rgb[2] - luma) / 1.8556, abs=2.5)
    assert cr == pytest.approx(128 + 224 * (rgb[0] - luma) / 1.5748, abs=2.5)


def test_odd_sizes_are_padded_by_their_last_pixels(tmp_path):
    video.write_video(tmp_path / "a.mp4", moving(height=47, width=63))
    frames, _, _ = read(tmp_path / "a.mp4")
    assert frames[0].shape == (48, 64, 3)
    assert np.abs(frames[0][47].astype(int) - frames[0][46]).mean() < 6


def test_same_frames_same_bytes(tmp_path):
    """Two of three: on a busy virtual machine one encoding in some hundreds came out a few bits different (LOG 82)."""
    for name in "abc":
        video.write_video(tmp_path / f"{name}.mp4", moving(12, 96, 400))
    contents = [(tmp_path / f"{name}.mp4").read_bytes() for name in "abc"]
    assert len(set(contents)) < 3
    assert b" threads=1 " in contents[0]  # x264's own note; with more, bytes differ now and then only


def test_no_time_is_written(tmp_path):
    video.write_video(tmp_path / "a.mp4", moving())
    moov = dict(boxes((tmp_path / "a.mp4").read_bytes()))[b"moov"]
    for kind in (b"mvhd", b"tkhd", b"mdhd"):
        at = moov.index(kind) + 8  # after kind, version and flags: creation and modification time
        assert moov[at : at + 8] == bytes(8)


def test_the_mark_is_a_box_of_its_own_at_the_end(tmp_path):
    video.write_video(tmp_path / "a.mp4", moving())
    found = boxes((tmp_path / "a.mp4").read_bytes())
    assert [kind for kind, _ in found][:2] == [b"ftyp", b"moov"]  # the index first, so that playing can begin at once
    kind, content = found[-1]
    assert kind == b"uuid"
    assert content[:16].hex() == "be7acfcb97a942e89c71999491e3afac"
    assert b"digitalsourcetype/trainedAlgorithmicMedia<" in content[16:]
    assert provenance.source_of(tmp_path / "a.mp4") == "trainedAlgorithmicMedia"


def test_another_mark_and_none(tmp_path):
    video.write_video(tmp_path / "a.mp4", moving(), source="compositeWithTrainedAlgorithmicMedia")
    assert provenance.source_of(tmp_path / "a.mp4") == "compositeWithTrainedAlgorithmicMedia"
    video.write_video(tmp_path / "b.mp4", moving(), source=None)
    assert provenance.source_of(tmp_path / "b.mp4") is None
    assert b"uuid" not in [kind for kind, _ in boxes((tmp_path / "b.mp4").read_bytes())]


def test_damaged_boxes_are_no_mark(tmp_path):
    video.write_video(tmp_path / "a.mp4", moving())
    content = (tmp_path / "a.mp4").read_bytes()
    for i, damaged in enumerate(
        [content[:40], content[:32] + bytes(40), content[:32] + b"\0\0\0\3moov" + content[40:]]
    ):
        path = tmp_path / f"{i}.mp4"
        path.write_bytes(damaged)
        assert provenance.source_of(path) is None


@pytest.mark.parametrize("name", ["a.avi", "a", "a.mov"])
def test_other_endings_are_refused_before_a_frame_is_drawn(tmp_path, name):
    def frames():
        raise AssertionError("a frame was drawn")
        yield

    with pytest.raises(InputError, match=rf"--out .*{name}.*\.mp4"):
        video.write_video(tmp_path / name, frames())


def test_a_colon_in_its_name_is_no_protocol(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    video.write_video("2024:a.mp4", moving(), fps=12)
    video.write_video("b.mp4", moving(), fps=12)
    assert (tmp_path / "2024:a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_a_fault_half_way_leaves_what_was_there(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"old")

    def frames():
        yield from moving()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        video.write_video(tmp_path / "a.mp4", frames())
    assert [p.name for p in tmp_path.iterdir()] == ["a.mp4"]
    assert (tmp_path / "a.mp4").read_bytes() == b"old"


def test_frames_of_two_sizes_and_no_frames(tmp_path):
    with pytest.raises(ValueError, match="among frames of"):
        video.write_video(tmp_path / "a.mp4", [*moving(), moving(height=50)[0]])
    with pytest.raises(ValueError, match="at least one"):
        video.write_video(tmp_path / "a.mp4", [])
    assert not any(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match=r"file/a\.mp4: .*file is a file: name another place"):
        video.write_video(tmp_path / "file" / "a.mp4", moving())


def test_a_full_disk_is_a_sentence_and_leaves_nothing(tmp_path):
    """A limit on the size of files stands in for a disk that fills up while frames are written."""
    code = f"""
import numpy as np, resource, sys
sys.dont_write_bytecode = True  # or what it imports would be kept as cut short as all it writes, for whoever imports it next
from figment.errors import InputError
from figment.media.video import write_video
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
noise = np.random.default_rng(0).integers(0, 256, (8, 256, 256, 3), dtype=np.uint8)
try:
    write_video({str(tmp_path / "a.mp4")!r}, noise)
except InputError as error:
    print(error)
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "a.mp4 can't be written (File too large): its disk" in result.stdout, result.stdout + result.stderr
    assert os.listdir(tmp_path) == []


# ---- sheet -------------------------------------------------------------------------------------------------------


def test_sheet_enlarges_by_a_whole_factor():
    tiles = torch.arange(9, dtype=torch.uint8).mul(20).reshape(9, 1, 1, 1).expand(9, 3, 64, 64)
    sheet = video.sheet(tiles)
    assert sheet.shape == (3 * 128 + 8, 3 * 128 + 8, 3)
    for i in range(9):  # flat tiles stay flat to their edges: none bleeds into the next
        assert (sheet[i // 3 * 132 :, i % 3 * 132 :][:128, :128] == 20 * i).all()


def test_sheet_leaves_large_pictures_alone():
    large = torch.randint(0, 256, (1, 3, 400, 500), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    assert np.array_equal(video.sheet(large), large[0].permute(1, 2, 0).numpy())


@pytest.mark.parametrize(("shape", "columns"), [((1, 1, 16, 16), None), ((5, 3, 16, 16), 5), ((2, 3, 32, 32), 1)])
def test_sheet_is_never_small(shape, columns):
    sheet = video.sheet(torch.zeros(shape, dtype=torch.uint8), columns)
    assert min(sheet.shape[:2]) >= 384
    assert sheet.shape[2] == 3


@pytest.mark.parametrize("shape", [(64, 64), (512, 512), (512, 128), (96, 64)])
@pytest.mark.parametrize("fps", [30, 120])
def test_no_more_tiles_than_players_take(shape, fps):
    """Level 5.1 of H.264: 36,864 blocks a frame, 983,040 a second, 543 a side."""

    fitting = video.fitting_tiles(256, shape, fps)
    height, width, _ = video.sheet(torch.zeros(fitting, 1, *shape, dtype=torch.uint8)).shape
    assert -(-height // 16) * -(-width // 16) <= min(36_864, 983_040 // fps)
    assert max(height, width) <= 543 * 16
    assert fitting == 256 or 1 < fitting < 200
    assert video.fitting_tiles(9, (64, 64), fps) == 9


def test_what_comes_below_counts():
    assert video.fitting_tiles(256, (512, 512), 30, below=lambda width: width) < video.fitting_tiles(
        256, (512, 512), 30
    )
