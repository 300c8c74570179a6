"""The shape of a clip in time."""

import pytest

from figment.common.video_shape import VideoShape


@pytest.mark.parametrize(("text", "frames", "fps", "back"), [
    ("16x12", 16, 12.0, "16x12"), (" 4X1 ", 4, 1.0, "4x1"), ("256×60", 256, 60.0, "256x60"),
    ("32x29.97", 32, 29.97, "32x29.97"), ("8x12.0", 8, 12.0, "8x12"),
])  # fmt: skip
def test_what_is_written_is_read_and_given_back(text: str, frames: int, fps: float, back: str) -> None:
    shape = VideoShape.parse(text)
    assert (shape.frames, shape.fps, str(shape)) == (frames, fps, back)
    assert VideoShape.parse(str(shape)) == shape


@pytest.mark.parametrize(("text", "reason"), [
    ("16", "such as 16x12"), ("", "such as 16x12"), ("16x", "such as 16x12"), ("-4x12", "such as 16x12"),
    ("3x12", "3 frames: a clip has 4 to 256"), ("257x12", "257 frames"), ("16x.5", "such as 16x12"),
    ("16x0.5", "0.5 frames a second: there may be 1 to 60"), ("16x61", "61 frames a second"), ("16x1e3", "such as"),
])  # fmt: skip
def test_what_is_no_shape_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        VideoShape.parse(text)


def test_not_a_number_is_no_rate() -> None:
    with pytest.raises(ValueError, match="frames a second"):
        VideoShape(16, float("nan"))


def test_frames_of_a_time() -> None:
    shape = VideoShape(16, 12)
    assert shape.seconds == 16 / 12
    assert shape.time(6) == 0.5
    # Frames at 0, 1/12, …: in a second there are twelve, in a hair more thirteen; rounding's own hairs don't count.
    assert [shape.frames_in(seconds) for seconds in (0, 1 / 24, 1.0, 1.0 + 1e-9, 1.01)] == [0, 1, 12, 12, 13]
