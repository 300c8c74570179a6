"""The invisible mark is put in as the papers have it, changes little, and stays away from where it would be seen."""

import numpy as np
import pytest
from scipy.fft import dctn

from figment.media.watermark import (
    BITS,
    FREQUENCIES,
    LEAST,
    PERIOD,
    STEP,
    Mark,
    bit_groups,
    in_blocks,
    luma,
    marked,
    phases_of,
    waves,
)
from figtest.pictures import natural

MARK = Mark(b"a run")


def psnr(one: np.ndarray, other: np.ndarray) -> float:
    return float(10 * np.log10(255**2 / np.mean((one.astype(float) - other) ** 2)))


def test_the_waves_are_those_of_the_cosine_transform():
    block = np.random.default_rng(0).normal(size=(8, 8))
    whole = dctn(block, norm="ortho")
    assert waves() @ block.ravel() == pytest.approx([whole[place] for place in FREQUENCIES])


def test_waves_lie_where_the_key_wants_them_but_for_rounding():
    """In blocks with much in them, all the way; a rounded pixel moves a wave by about a third of a grey level."""
    picture = natural(128, 96)
    found = in_blocks(luma(marked(picture, MARK))) @ waves().T
    rows, columns = np.arange(16)[:, None] % PERIOD, np.arange(12) % PERIOD
    away = np.abs((found - MARK.phases[rows, columns] * STEP / (2 * np.pi) + STEP / 2) % STEP - STEP / 2)
    full = in_blocks(luma(picture)).std(-1) >= 20
    inside = in_blocks(luma(picture)).min(-1) > 30  # where nothing is cut off at black or white
    inside &= in_blocks(luma(picture)).max(-1) < 225
    assert (full & inside).sum() > 5
    assert np.median(away[full & inside]) < 0.5
    unmarked = in_blocks(luma(picture)) @ waves().T
    before = np.abs((unmarked - MARK.phases[rows, columns] * STEP / (2 * np.pi) + STEP / 2) % STEP - STEP / 2)
    assert before[full & inside].mean() == pytest.approx(STEP / 4, rel=0.3)  # spread evenly


@pytest.mark.parametrize("shape", [(64, 64, 3), (64, 64, 1), (64, 64), (70, 131, 3)])
def test_a_marked_picture_looks_the_same(shape):
    picture = natural(*shape[:2])
    picture = picture if len(shape) == 3 and shape[2] == 3 else picture[..., :1].reshape(shape)
    found = marked(picture, MARK)
    assert found.shape == picture.shape
    assert found.dtype == np.uint8
    assert 38 <= psnr(picture, found) < 45
    assert np.array_equal(found, marked(picture, MARK))
    assert not np.array_equal(found, marked(picture, Mark(b"another")))


def test_even_blocks_are_left_alone_and_nearly_even_ones_nearly():
    paper = np.full((64, 64, 3), 250, np.uint8)
    assert np.array_equal(marked(paper, MARK), paper)
    soft = np.clip(128 + np.random.default_rng(0).normal(0, 1, (64, 64)), 0, 255).astype(np.uint8)
    full = natural(64, 64)[..., 0]
    change = [np.abs(marked(it, MARK).astype(int) - it).mean() for it in (soft, full)]
    assert change[0] < 2.5 * LEAST * change[1]


def test_small_pictures_are_left_as_they_are():
    picture = natural(64, 63)
    assert marked(picture, MARK) is picture


def test_a_runs_number():
    numbers = {Mark(bytes([i])).number for i in range(200)}
    assert len(numbers) > 195
    assert min(numbers) > 0
    assert max(numbers) < 2**BITS
    assert Mark().number == 0


def test_the_pattern_is_half_the_runs_and_every_bit_has_its_places():
    groups = bit_groups()
    assert (groups < 0).mean() == 0.5
    assert np.array_equal(np.bincount(groups[groups >= 0], minlength=BITS), np.full(BITS, groups.size // 2 // BITS))


def test_phases_are_the_same_everywhere_and_spread_evenly():
    phases = phases_of(b"a key")
    assert phases[0, 0, 0] == pytest.approx(5.318886634394975)  # of SHAKE-256, which no version changes
    assert np.abs(np.exp(1j * phases).mean()) < 3 / np.sqrt(phases.size)
