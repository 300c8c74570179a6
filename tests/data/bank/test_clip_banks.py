"""Banks of clips: whole clips, in order, each once, and held out as wholes."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from figment.common.video_shape import VideoShape
from figment.data.bank.bank import open_bank
from figment.data.bank.kept import longest_run
from figment.data.bank.prepare import prepare
from figment.errors import InputError
from figtest.banks import files_of
from figtest.reels import frames_of_noise, save_frames, save_strip

SHAPE = VideoShape(4, 12)


def strips(folder: Path, lengths: list[int], side: int = 8) -> list[np.ndarray]:
    made = [frames_of_noise(length, side, seed) for seed, length in enumerate(lengths)]
    for number, frames in enumerate(made):
        save_strip(folder / f"{number % 2}" / f"{number:02d}.png", frames)
    return made


def test_strips_come_out_as_they_were_drawn(tmp_path):
    lengths = [4, 9, 32, 5, 6, 7, 8, 9, 10, 11, 12]
    made = strips(tmp_path / "data", lengths)
    bank = prepare(tmp_path / "data", 8, 3, fit="strip", video=SHAPE)
    assert bank.clips is not None
    assert sorted(bank.clips.ranges()[:, 1].tolist()) == sorted(lengths)
    for name, (first, count) in zip(bank.clips.names, bank.clips.ranges().tolist(), strict=True):
        number = int(name.split("/")[1].split(".")[0])
        assert np.array_equal(bank.pictures[first : first + count].transpose(0, 2, 3, 1), made[number])
        assert np.allclose(bank.clips.seconds[first : first + count], np.arange(count) / 12)
        assert bank.names[first] == name
        assert bank.labels[first] == name.split("/")[0]
    again = open_bank(bank.folder).clips
    assert again is not None
    assert again.numbers.tolist() == bank.clips.numbers.tolist()
    assert json.loads((bank.folder / "bank.json").read_text())["video"] == "4x12"


def test_whole_clips_are_held_out_by_their_frames_alone(tmp_path):
    made = strips(tmp_path / "data", [6] * 40)
    bank = prepare(tmp_path / "data", 8, 3, fit="strip", video=SHAPE)
    assert bank.clips is not None
    train, held_out = set(bank.clips.of(bank.train)), set(bank.clips.of(bank.held_out))
    assert len(train) + len(held_out) == 40
    assert not train & held_out
    assert 1 <= len(held_out) <= 10
    # Other names, another order, folders of frames in their place: the same clips are held out.
    for number, frames in enumerate(made):
        save_frames(tmp_path / "other" / f"{number % 2}" / f"{99 - number}", frames)
    other = prepare(tmp_path / "other", 8, 3, video=SHAPE)
    assert other.clips is not None
    first = {bank.pictures[int(bank.clips.ranges()[clip, 0])].tobytes() for clip in held_out}
    second = {other.pictures[int(other.clips.ranges()[clip, 0])].tobytes() for clip in other.clips.of(other.held_out)}
    assert first == second


def test_groups_of_clips_stay_together(tmp_path):
    for number in range(40):
        save_strip(tmp_path / "data" / f"{number // 4}_{number % 4}.png", frames_of_noise(5, seed=number))
    bank = prepare(tmp_path / "data", 8, 3, fit="strip", video=SHAPE, group="^(.*)_")
    people = [{bank.names[row].split("_")[0] for row in rows} for rows in (bank.train, bank.held_out)]
    assert people[1]
    assert not people[0] & people[1]
    (tmp_path / "who.csv").write_text("name,group\n" + "".join(f"{n // 4}_{n % 4}.png,{n % 5}\n" for n in range(40)))
    told = prepare(tmp_path / "data", 8, 3, fit="strip", video=SHAPE, group=str(tmp_path / "who.csv"))
    numbers = [{sum(map(int, told.names[row].split(".")[0].split("_"))) % 5 for row in told.held_out}]
    assert len(numbers[0]) >= 1


def test_equal_frames_stay_and_equal_clips_dont(tmp_path):
    still = np.repeat(frames_of_noise(1), 6, axis=0)
    for number in range(8):
        save_strip(tmp_path / "data" / f"{number}.png", frames_of_noise(6, seed=number + 1))
    save_strip(tmp_path / "data" / "8.png", still)
    save_strip(tmp_path / "data" / "copy.png", still)
    bank = prepare(tmp_path / "data", 8, 3, fit="strip", video=SHAPE, min_pictures=2)
    assert bank.clips is not None
    assert len(bank.clips) == 9
    assert len(bank.pictures) == 54
    assert [item.name for item in bank.copies] == ["copy.png#000000"]
    assert "1 exactly equal clip" in bank.summary()
    assert bank.summary().startswith("9 clips (54 frames) from data: ")


def test_folders_of_frames_in_the_order_of_their_numbers(tmp_path):
    made = frames_of_noise(12)
    save_frames(tmp_path / "data" / "walk" / "one", made)
    save_frames(tmp_path / "data" / "run" / "two", frames_of_noise(20, seed=1))
    save_frames(tmp_path / "data" / "run" / "short", frames_of_noise(3, seed=2))
    bank = prepare(tmp_path / "data", 12, 3, video=SHAPE)
    assert bank.clips is not None
    assert bank.clips.names == ["run/two#000000", "walk/one#000000"]
    assert np.array_equal(bank.pictures[20:].transpose(0, 2, 3, 1), made)
    assert set(bank.labels) == {"run", "walk"}
    assert [(item.name, item.reason) for item in bank.skipped] == [("run/short", "3 frames, and a clip has 4")]


def test_long_reels_are_cut_into_clips_of_about_equal_length(tmp_path):
    save_frames(tmp_path / "data", frames_of_noise(67))
    bank = prepare(tmp_path / "data", 8, 3, video=SHAPE)
    assert bank.clips is not None
    assert bank.clips.ranges().tolist() == [[0, 22], [22, 22], [44, 23]]
    assert bank.clips.names == ["data#000000", "data#000022", "data#000044"]


def test_a_broken_frame_costs_what_lies_beside_it(tmp_path):
    for number in range(3):
        save_frames(tmp_path / "data" / f"{number}", frames_of_noise(12, seed=number))
    (tmp_path / "data" / "1" / "frame4.png").write_bytes(b"no picture")
    (tmp_path / "data" / "2" / "frame3.png").write_bytes(b"")
    (tmp_path / "data" / "2" / "frame7.png").write_bytes(b"")
    (tmp_path / "data" / "2" / "frame11.png").write_bytes(b"")
    bank = prepare(tmp_path / "data", 8, 3, video=SHAPE, min_pictures=2)
    assert bank.clips is not None
    assert bank.clips.names == ["0#000000", "1#000005"]
    assert bank.clips.ranges().tolist() == [[0, 12], [12, 7]]
    assert bank.clips.seconds[12] == 0
    assert [item.name for item in bank.skipped] == ["1#000000", "2#000000"]
    assert "1 of 12 frames can't be read" in bank.skipped[0].reason
    assert "7 frames are kept" in bank.skipped[0].reason
    assert bank.skipped[1].reason.endswith("left out")


def test_thinned_takes_whole_clips(tmp_path):
    strips(tmp_path / "data", [6] * 20)
    bank = prepare(tmp_path / "data", 8, 3, fit="strip", video=SHAPE)
    assert bank.clips is not None
    thin = bank.thinned(20)
    assert thin.clips is not None
    assert len(thin.train) == 18
    assert len(thin.clips.of(thin.train)) == 3
    assert set(thin.train) <= set(bank.train)
    assert "3 of " in thin.summary()


def test_interrupted_work_goes_on_to_the_same_bytes(tmp_path, monkeypatch, cache):
    strips(tmp_path / "data", [6] * 20)
    whole = files_of(prepare(tmp_path / "data", 8, 3, fit="strip", video=SHAPE))
    monkeypatch.setenv("FIGMENT_CACHE", str(tmp_path / "elsewhere"))

    def stop(done: int, total: int) -> None:
        if done >= 30:
            raise KeyboardInterrupt

    with pytest.raises(BaseException, match="prepared and kept"):
        prepare(tmp_path / "data", 8, 3, fit="strip", video=SHAPE, progress=stop)
    assert files_of(prepare(tmp_path / "data", 8, 3, fit="strip", video=SHAPE)) == whole


@pytest.mark.parametrize(("options", "reason"), [
    ({"video": SHAPE}, "say so with --fit strip"),
    ({"fit": "strip"}, "--fit strip is for clips"),
    ({"video": VideoShape(16, 12), "fit": "strip"}, "8 frames, and a clip has 16"),
])  # fmt: skip
def test_what_cant_be_clips_is_told(tmp_path, options, reason):
    strips(tmp_path / "data", [8] * 4)
    with pytest.raises(InputError, match=reason):
        prepare(tmp_path / "data", 8, 3, **options)


def test_one_clip_and_drawn_pictures_are_refused(tmp_path):
    save_strip(tmp_path / "data" / "one.png", frames_of_noise(32))
    with pytest.raises(InputError, match="gives 1 clip of --video 4x12, and at least 2 are needed"):
        prepare(tmp_path / "data", 8, 3, fit="strip", video=SHAPE)
    with pytest.raises(InputError, match="portraits holds no clips"):
        prepare("portraits", 8, 3, video=SHAPE)


def test_pictures_that_are_no_strips_are_skipped(tmp_path):
    strips(tmp_path / "data", [6] * 6)
    Image.new("RGB", (30, 20)).save(tmp_path / "data" / "no.png")
    (tmp_path / "data" / "spoilt.png").write_bytes(b"")
    bank = prepare(tmp_path / "data", 8, 3, fit="strip", video=SHAPE)
    assert {item.name: item.reason for item in bank.skipped} == {
        "no.png": "no strip: 30×20 isn't a row of squares", "spoilt.png": "an empty file (0 bytes)",
    }  # fmt: skip


def test_runs_of_true_ones():
    assert longest_run([False]) == (0, 0)
    assert longest_run([]) == (0, 0)
    assert longest_run([True, False, True, True, False, True, True]) == (2, 2)
    assert longest_run([True, True, True]) == (0, 3)
