"""Moving portraits as a source of clips: named by a text, drawn frame by frame, whole in a bank."""

import numpy as np
import pytest

from figment.common.video_shape import VideoShape
from figment.data.bank.prepare import prepare
from figment.data.decoding.fit import Target
from figment.data.portraits.moving import moving_portraits, moving_table
from figment.data.sources.names import MOVING_SHAPE, DrawnRequest, drawn_request, drawn_text
from figment.data.sources.open import MovingPortraits, holds_drawn, open_source
from figment.errors import InputError
from figment.reals import absolute_data, are_portraits


def test_it_is_asked_for_by_name_count_and_seed():
    assert drawn_request("portraits-moving") == DrawnRequest("portraits-moving", 1000, 0)
    assert drawn_request("portraits-moving:60:3") == DrawnRequest("portraits-moving", 60, 3)
    assert drawn_text("portraits-moving", 1000, 0) == "portraits-moving"
    assert drawn_text("portraits-moving", 10_000, 0) == "portraits-moving:10000"
    source = open_source("portraits-moving:60:3", video=MOVING_SHAPE)
    assert isinstance(source, MovingPortraits)
    assert absolute_data(source) == "portraits-moving:60:3"
    assert source.display == "portraits-moving"
    assert holds_drawn(source)
    assert source.is_drawn
    assert not are_portraits(source)  # who reads those reads stills


def test_its_slots_are_the_frames_of_clips():
    source = open_source("portraits-moving", video=MOVING_SHAPE)
    assert source.video == MOVING_SHAPE == VideoShape(16, 12)
    listing = source.listing
    assert len(listing.names) == 36_000
    assert listing.names[35:37] == ["clip-000000#035", "clip-000001#000"]
    assert listing.clip_lengths == [36] * 1000
    assert listing.films is not None
    assert listing.films[35:37] == ["clip-000000", "clip-000001"]
    long = open_source("portraits-moving:3", video=VideoShape(64, 12))
    assert long.listing.clip_lengths == [64] * 3  # a clip holds what is asked for, if 3 seconds don't
    marks = [
        open_source(text, video=shape).fingerprint()
        for text in ("portraits-moving:5", "portraits-moving:5:1", "portraits-moving:6")
        for shape in (VideoShape(16, 12), VideoShape(16, 24), VideoShape(64, 12))
    ]
    assert len(set(marks)) == 9


def test_frames_are_drawn_whatever_is_asked_for():
    source = MovingPortraits(4, 7, VideoShape(4, 4))  # 12 frames a clip
    whole = {one.slot: one for chunk in source.chunks() for one in chunk.prepare(Target(16, 16))}
    assert sorted(whole) == list(range(48))
    drawn = moving_portraits(48, 7, 16, frames=12, fps=4.0)
    for slot, one in whole.items():
        np.testing.assert_array_equal(one.pixels, drawn[slot])
    some = [one for chunk in source.chunks({9, 37}) for one in chunk.prepare(Target(16, 16))]
    assert [one.slot for one in some] == [9, 37]
    assert [one.digest for one in some] == [whole[9].digest, whole[37].digest]
    assert len({one.digest for one in whole.values()}) == 48
    double = MovingPortraits(4, 7, VideoShape(4, 8))  # what is shown at a time is the same picture
    faster = [one for chunk in double.chunks({0, 2, 25}) for one in chunk.prepare(Target(16, 16))]
    assert [one.digest == whole[slot].digest for one, slot in zip(faster, (0, 1, 13), strict=True)] == [
        True,
        True,
        False,
    ]


def test_its_bank_has_the_clips_and_their_truth():
    shape = VideoShape(4, 4)
    bank = prepare("portraits-moving:20:5", 16, video=shape)
    assert bank.clips is not None
    assert bank.drawn
    assert bank.pictures.shape == (240, 3, 16, 16)
    np.testing.assert_array_equal(bank.clips.ranges(), [[12 * clip, 12] for clip in range(20)])
    np.testing.assert_array_equal(bank.clips.seconds[:13], [*(np.arange(12) / 4), 0])
    assert bank.names[13] == "clip-000001#001"
    assert not set(bank.clips.of(bank.train)) & set(bank.clips.of(bank.held_out))
    assert len(bank.held_out) in range(12, 100, 12)
    number = int(bank.clips.names[13].split("#")[0].removeprefix("clip-"))
    assert number == 13
    truth = moving_table(1, 12, 4.0, 5, number)
    assert truth["turn"].shape == (1, 12)
    drawn = moving_portraits(12, 5, 16, number * 12, frames=12, fps=4.0)
    np.testing.assert_array_equal(bank.pictures[13 * 12 : 14 * 12], drawn)
    again = prepare(open_source("portraits-moving:20:5", video=shape), 16, video=shape)
    assert again.folder == bank.folder


def test_without_a_shape_it_is_refused_and_so_is_too_much():
    with pytest.raises(InputError, match=r"^portraits-moving is clips, not pictures: add --video 16x12 "):
        open_source("portraits-moving")
    with pytest.raises(InputError, match=r"add --video 16x12"):
        prepare("portraits-moving", 16)
    with pytest.raises(InputError, match="ask for 932,067 clips or fewer"):
        open_source("portraits-moving:2000000", video=MOVING_SHAPE)
    with pytest.raises(InputError, match=r"^seed of portraits-moving is -1: give 0 to"):
        MovingPortraits(5, -1, MOVING_SHAPE)
