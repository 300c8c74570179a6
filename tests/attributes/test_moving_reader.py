"""What is read of moving portraits: the parts of their reader, and, slowly, the reader in full."""

import numpy as np
import pytest
import torch

from figment.attributes import moving_reader, portrait_reader
from figment.attributes.moving_reader import draw_frames
from figment.attributes.portrait_reader import CATEGORIES, CONTINUOUS, READ_ATTRIBUTES
from figment.data.portraits.moving import MOVING, frame_table, moving_portraits
from figment.data.portraits.table import MOVES


def test_targets_are_what_to_table_undoes_and_the_loss_of_right_answers_is_0():
    table = frame_table(np.arange(60), 3, 12.0, 2)
    wanted = moving_reader.targets(table)
    answers = torch.zeros(60, moving_reader.ANSWERS)
    answers[:, : len(CONTINUOUS)] = wanted[:, : len(CONTINUOUS)]
    at = len(CONTINUOUS)
    for number, a in enumerate(CATEGORIES):
        answers[torch.arange(60), at + wanted[:, len(CONTINUOUS) + number].long()] = 100
        at += len(a.names)
    answers[:, at:] = wanted[:, len(READ_ATTRIBUTES) :]
    assert at == portrait_reader.ANSWERS == moving_reader.ANSWERS - len(MOVES)
    told = moving_reader.to_table(answers)
    for a in moving_reader.READ:
        assert told[a.name].dtype == a.dtype
        assert np.allclose(told[a.name], table[a.name], atol=1e-5)
    assert float(moving_reader.loss(answers, wanted)) == pytest.approx(0, abs=1e-6)
    answers[:, at] += 2  # tilt two deviations off
    assert float(moving_reader.loss(answers, wanted)) == pytest.approx(4, rel=1e-5)


def test_tilt_and_lids_explain_their_frame():
    pictures, table = draw_frames(40, 5, 64)
    table["lids"][::2] = 1.0
    pictures = portrait_reader.render(table, 64)
    own = portrait_reader.misfit(pictures, table)
    upright = portrait_reader.misfit(pictures, {k: v for k, v in table.items() if k not in ("tilt", "lids")})
    assert np.median(own) < 6
    assert np.median(own) < np.median(upright) - 2


def test_what_is_learnt_from_has_lids_at_any_place():
    pictures, table = draw_frames(30, 5, 16, blinking=True)
    assert np.ptp(table["lids"][::3]) > 0.6
    plain, usual = draw_frames(30, 5, 16)
    rest = np.arange(30) % 3 > 0
    np.testing.assert_array_equal(pictures[rest], plain[rest])
    np.testing.assert_array_equal(table["lids"][rest], usual["lids"][rest])
    assert moving_reader.moving_plan(64).file != portrait_reader.training_plan(64).file


@pytest.mark.slow
def test_the_full_reader_reads_frames_and_sees_that_people_stay_themselves():
    reader = moving_reader.moving_reader(64)
    clips, frames = 40, 36
    pictures = moving_portraits(clips * frames, 77, 64, frames=frames, fps=12.0)
    truth, found = frame_table(np.arange(clips * frames), frames, 12.0, 77), reader.predict(pictures)
    for name in MOVING:
        assert portrait_reader.r_squared(found.table[name], truth[name]) > 0.8, name
    for a in CATEGORIES:
        assert (found.table[a.name] == truth[a.name]).mean() > 0.97
    assert reader.invalid(found).mean() < 0.03
