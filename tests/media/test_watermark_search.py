"""The invisible mark is found again, after what pictures go through, and in no others more often than is said."""

import io

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageFilter

from figment.media import watermark_search as watermark
from figment.media.images import grid
from figment.media.watermark import (
    BITS,
    FIGMENTS_KEY,
    STEP,
    Mark,
    bit_groups,
    in_blocks,
    luma,
    marked,
    phases_of,
    waves,
)
from figment.media.watermark_search import FALSE_ALARM, find, find_own
from figtest.pictures import natural

MARK = Mark(b"a run")


def jpeg(picture: np.ndarray, quality: int) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


def resized(picture: np.ndarray, share: float) -> np.ndarray:
    height, width = (round(share * side) for side in picture.shape[:2])
    return np.asarray(Image.fromarray(picture).resize((width, height), Image.Resampling.BICUBIC))


def recoloured(picture: np.ndarray) -> np.ndarray:
    image = Image.fromarray(picture)
    for kind, by in ((ImageEnhance.Brightness, 0.85), (ImageEnhance.Contrast, 1.2), (ImageEnhance.Color, 0.8)):
        image = kind(image).enhance(by)
    return np.asarray(image)


@pytest.mark.parametrize(
    ("what", "change"),
    [
        ("as it was made", lambda it: it),
        ("as it was made", lambda it: jpeg(it, 60)),
        ("as it was made", recoloured),
        ("as it was made", lambda it: resized(resized(it, 0.5), 2)),
        ("resized", lambda it: resized(it, 3)),
        ("resized", lambda it: jpeg(resized(it, 0.5), 90)),
        ("cut out", lambda it: it[5:123, 11:125]),
        ("cut out", lambda it: jpeg(it[37:110, 3:90], 75)),
        ("mirrored", lambda it: it[:, ::-1].copy()),
        ("as it was made", lambda it: np.asarray(Image.fromarray(it).filter(ImageFilter.GaussianBlur(0.7)))),
    ],
)
@pytest.mark.parametrize("grey", [False, True])
def test_found_again(what, change, grey):
    picture = natural(128, 128)
    picture = picture[..., 0] if grey else picture
    if grey and change is recoloured:
        pytest.skip("grey has no colours")
    found = find(change(marked(picture, MARK)))
    assert found.is_there
    assert (found.number, found.how) == (MARK.number, what)
    assert not find(change(picture)).is_there


def test_in_64_pixels_it_outlives_a_jpeg_of_quality_60():
    found = find(jpeg(marked(natural(64, 64), MARK), 60))
    assert found.is_there
    assert found.number == MARK.number


def test_a_picture_cut_out_of_a_sheet_is_found():
    tiles = np.stack([natural(64, 64, seed).transpose(2, 0, 1) for seed in range(6)])
    sheet = marked(grid(tiles, 3), MARK)
    cut = find(sheet[66:130, 132:196])
    assert cut.is_there
    assert cut.number == MARK.number
    assert find(sheet).is_there


def test_the_quick_look_finds_what_is_as_it_was_made():
    assert find(marked(natural(300, 200), MARK), thorough=False).is_there
    assert not find(natural(300, 200), thorough=False).is_there


def test_whose_it_is():
    picture = jpeg(marked(natural(64, 64), MARK), 75)
    assert find_own(picture, MARK) <= FALSE_ALARM
    assert find_own(picture, Mark(b"another run")) > 1e-3


def test_an_unknown_run_has_no_number():
    found = find(marked(natural(64, 64), Mark()))
    assert found.is_there
    assert found.number == 0


def test_a_number_is_told_only_where_hardly_any_is_misread():
    """Bits with noise, of half a deviation to many: as many are misread as is said, at most; where one is told, few."""
    rng = np.random.default_rng(0)
    said, wrong = [], []
    for size in np.repeat([2.0, 2.5, 3.0, 4.0, 6.0], 2000):
        sums = (rng.normal(size, 1, BITS)).astype(np.float32)
        said.append(watermark._misread(sums, 2 * BITS))
        wrong.append(int((sums < 0).sum()))
    said, wrong = np.array(said), np.array(wrong)
    assert wrong.sum() <= said.sum() <= 3 * wrong.sum()
    told = said <= watermark.MISREAD
    assert 0.2 < told.mean() < 0.8
    assert (wrong[told] > 0).mean() <= watermark.MISREAD


def test_a_faint_mark_is_found_but_its_run_isnt_told():
    picture, noise = marked(natural(64, 64), MARK), np.random.default_rng(0).normal(0, 1, (64, 64, 3))
    faint = [find((picture + deviation * noise).clip(0, 255).astype(np.uint8)) for deviation in (7, 9)]
    assert [found.is_there for found in faint] == [True, True]
    assert [found.number for found in faint] == [MARK.number, 0]


@pytest.mark.parametrize("shape", [(1, 1, 3), (7, 300, 3), (8, 8), (64, 64, 1), (3000, 65, 3)])
def test_any_shape_is_looked_at(shape):
    noise = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    assert not find(noise).is_there
    assert find(np.full(shape, 7, np.uint8)).false_alarm > FALSE_ALARM


def test_sums_are_those_of_a_plain_loop():
    """Of every bit, at a shift by whole blocks, block by block."""
    plane = luma(natural(80, 88))
    sizes = in_blocks(plane) @ waves().T
    phases, groups = phases_of(FIGMENTS_KEY), bit_groups()
    sums, turns = np.zeros(BITS), np.zeros((8, 8, 5), complex)
    for (down, across, wave), size in np.ndenumerate(sizes):
        turns[(down + 3) % 8, (across + 6) % 8, wave] += np.exp(2j * np.pi * size / STEP)
    for place, group in np.ndenumerate(groups):
        if group >= 0:
            sums[group] += (turns[place] * np.exp(-1j * phases[place])).real
    expected = np.abs(sums).sum() ** 2 / (np.abs(turns[groups >= 0]) ** 2).sum()
    columns, weights = watermark._correlators()
    pattern = watermark._patterns(plane, watermark.unblurred()[:1]).reshape(1, -1)
    shift = 3 * 8 + 6
    best = watermark._best((pattern @ columns[:, shift]).real[:, None], (np.abs(pattern) ** 2) @ weights[:, [shift]])
    assert best.exponent == pytest.approx(expected, rel=1e-3)
    assert best.number == 0  # in a picture without the mark nobody would tell one
    told = watermark._best(np.float32([[sums]]) + np.sign(np.float32([[sums]])) * 50, np.float32([[1.0]]))
    assert told.number == sum(1 << bit for bit in range(BITS) if sums[bit] < 0)


def test_the_bound_on_false_alarms_holds_for_random_keys():
    """However even a picture is, over keys; a blank one has the same turns at every place, which a test by deviations alone
    would take for a find."""
    rng = np.random.default_rng(0)
    groups = bit_groups().ravel()
    turns = {
        "blank": np.ones(320),
        "natural": watermark._patterns(luma(natural(64, 64)), watermark.unblurred()[:1]).ravel(),
    }
    for its in turns.values():
        phases = rng.uniform(0, 2 * np.pi, (20_000, 320))
        real = (its * np.exp(-1j * phases)).real
        sums = np.stack([real[:, groups == bit].sum(1) for bit in range(BITS)], 1)
        power = (np.abs(its[groups >= 0]) ** 2).sum()
        exponents = np.sort(np.abs(sums).sum(1) ** 2 / power)
        for share in (0.5, 0.1, 0.01, 0.001):
            reached = exponents[-int(share * 20_000)]
            assert share <= 2**BITS * np.exp(-reached)  # said is at least what is
