"""A look at clips: lengths, motion, what stands still, what is skipped; as lines and as a page."""

from pathlib import Path

import numpy as np
import pytest

from figment.common.video_shape import VideoShape
from figment.data.bank.prepare import prepare
from figment.inspection.clips import ClipSurvey, advise, facts, lines, measured, page, survey_clips
from figtest.reels import frames_of_noise, moving_disc, save_strip

SHAPE = VideoShape(4, 12)


@pytest.fixture(scope="module")
def survey(tmp_path_factory: pytest.TempPathFactory) -> ClipSurvey:
    folder = tmp_path_factory.mktemp("clips")
    for number in range(6):
        save_strip(folder / "data" / f"{number}.png", moving_disc(8 + number, 16, 16, seed=number))
    save_strip(folder / "data" / "still.png", np.repeat(frames_of_noise(1, 16), 6, axis=0))
    save_strip(folder / "data" / "short.png", frames_of_noise(2, 16))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FIGMENT_CACHE", str(folder / "cache"))
        return survey_clips(prepare(folder / "data", 16, 3, fit="strip", video=SHAPE), SHAPE)


def test_motion_is_the_mean_difference_of_neighbours():
    frames = np.zeros((3, 1, 2, 2), np.uint8)
    frames[1] = 8
    frames[2] = 8
    assert measured(frames) == (4.0, 1)
    assert measured(frames[::-1]) == (4.0, 1)
    assert measured(frames[:1]) == (0.0, 0)


def test_what_is_told(survey):
    assert survey.lengths.tolist() == [8, 9, 10, 11, 12, 13, 6]
    assert [survey.names[clip] for clip in survey.stills] == ["still.png#000000"]
    assert survey.motion[-1] == 0
    assert (survey.motion[:-1] > 1).all()
    told = dict(facts(survey))
    assert told["clips"].startswith("7 from data, ")
    assert told["length"] == "0.5 to 1.1, median 0.8 s"
    assert told["still clips"] == "1 (14.3%): still.png#000000"
    assert told["skipped"] == "1 (short.png: 2 frames, and a clip has 4)"
    assert lines(survey)[-1] == "usable 7, skipped 1"
    sentences = " ".join(advise(survey))
    assert "7 different clips of 6 seconds in all. Fewer than 500" in sentences
    assert "1 clip stands still (14%)" in sentences


def test_the_page_holds_strips_and_reasons(survey):
    text = page(survey, "figment train data --video 4x12 --fit strip")
    assert text == page(survey, "figment train data --video 4x12 --fit strip")
    assert text.count('<figure class="strip">') == 8  # all seven, and the still one again
    assert "2 frames, and a clip has 4" in text
    assert "--video 4x12" in text
    assert "http" not in text.replace("http-equiv", "").replace("http://www.w3.org", "")


def test_frames_that_are_repeated_are_advised_against(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FIGMENT_CACHE", str(tmp_path / "cache"))
    for number in range(4):
        save_strip(tmp_path / "data" / f"{number}.png", moving_disc(8, 16, 16, seed=number).repeat(2, axis=0))
    found = survey_clips(prepare(tmp_path / "data", 16, 3, fit="strip", video=SHAPE), SHAPE)
    assert 0.5 < found.repeated < 0.56
    assert "--video 4x6 fits them better" in " ".join(advise(found))
