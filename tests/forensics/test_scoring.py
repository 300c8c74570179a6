import io

import numpy as np
import pytest
from PIL import Image

from figment.forensics.scoring import Answer, answers, heat_map, where_is
from figment.forensics.views import boxes, spread_out
from figment.media.images import write
from figtest.detectors import doubled, textures
from figtest.pictures import noise


def scored(detector, file, picture, **options):
    """What is said of a picture (3, H, W) that is saved first."""
    Image.fromarray(picture.transpose(1, 2, 0)).save(file, **options)
    return next(answers(detector, [file]))


@pytest.fixture
def real(detector, tmp_path):
    """A picture that it knows."""
    return next(one for one in textures(20, 70) if scored(detector, tmp_path / "x.png", one).p_fake is not None)


def test_it_says_how_sure_it_is_and_why(detector, tmp_path):
    found = [scored(detector, tmp_path / "a.png", one) for one in doubled(textures(10, 60))]
    told = next(one for one in found if one.verdict == "fake")
    assert told.interval[0] <= told.p_fake <= told.interval[1]
    assert told.interval[0] > 0.5
    assert 0 < told.false_alarms <= 1
    sentence = told.sentence()
    assert sentence.startswith("fake: P(fake) >0.99 (" if told.p_fake > 0.99 else f"fake: P(fake) {told.p_fake:.2f} (")
    assert "of real pictures score as high" in sentence
    assert "In the spectrum most hangs on" in sentence
    assert "views speak for fake, most " in sentence


def test_noise_is_nothing_that_it_knows(detector, tmp_path):
    found = scored(detector, tmp_path / "a.png", noise(24, 24).transpose(2, 0, 1))
    assert (found.verdict, found.p_fake, found.interval, found.by) == ("don't know", None, None, {})
    assert "its sharpness, noise or compression is unlike all that the detector knows" in found.sentence()


def test_a_flat_picture_neither(detector, tmp_path):
    assert scored(detector, tmp_path / "a.png", np.full((3, 24, 24), 200, np.uint8)).p_fake is None


@pytest.mark.parametrize(("side", "way"), [(200, "larger"), (17, None)])
def test_sizes_that_it_doesnt_know_are_told(detector, tmp_path, side, way):
    found = scored(detector, tmp_path / "a.png", textures(1, 0, side)[0])
    assert detector.sides == (16, 48)
    assert any(f"its {side}×{side} pixels are {way} than" in why for why in found.unlike) == (way is not None)


def test_hard_compression_is_told(detector, tmp_path, real):
    found = scored(detector, tmp_path / "a.jpg", real, quality=10)
    assert any("a JPEG of quality 1" in why and "from 30 on" in why for why in found.unlike)
    assert not any("quality" in why for why in scored(detector, tmp_path / "b.jpg", real, quality=60).unlike)


def test_what_cant_be_read_costs_itself_alone(detector, tmp_path, real):
    files = [tmp_path / name for name in ("a.png", "text.png", "gone.png", "tiny.png", "b.png")]
    for file in (files[0], files[4]):
        write(file, real.transpose(1, 2, 0), None)
    files[1].write_text("words")
    write(files[3], np.zeros((8, 8, 3), np.uint8), None)
    found = list(answers(detector, [*files, tmp_path]))
    assert [one.file for one in found] == [*map(str, files), str(tmp_path)]
    assert [one.error is None for one in found] == [True, False, False, False, True, False]
    assert all("\n" not in one.error for one in found if one.error)
    assert found[0].p_fake == found[4].p_fake is not None


def test_an_interval_that_holds_both_is_no_verdict():
    found = Answer("a", "don't know", 0.55, (0.3, 0.8), 0.2)
    assert found.sentence().startswith("don't know, as its interval holds both: P(fake) 0.55")


@pytest.mark.parametrize(
    ("verdict", "p", "told"),
    [
        ("fake", 0.95, "fake: "),
        ("fake", 0.8, "rather fake: "),
        ("real", 0.3, "rather real: "),
        ("real", 0.004, "real: "),
    ],
)
def test_a_verdict_that_isnt_sure_says_so(verdict, p, told):
    assert Answer("a", verdict, p, (p, p), 0.2).sentence().startswith(f"{told}P(fake) {p:.2f}".replace("0.00", "<0.01"))


def test_the_map_has_the_fake_half_red(detector, real):
    both = np.tile(real, (1, 1, 2))
    both[:, :, 24:] = doubled(both[None, :, :, 24:])[0]
    found = heat_map(detector, both).astype(int)
    redness = (found[..., 0] - found[..., 2]).mean(0)
    assert found.shape == (24, 48, 3)
    assert redness[-10:].mean() > redness[:10].mean() + 10


def test_views_are_squares_inside_and_cover_all():
    for height, width in ((64, 64), (40, 100), (16, 16), (33, 20)):
        found = boxes(height, width)
        assert len(found) == 5
        assert all(
            b.top >= 0 and b.top + b.height <= height and b.left >= 0 and b.left + b.width <= width for b in found
        )
        assert all(b.height == b.width >= 16 for b in found)
        assert found[0].height == min(height, width)
        assert (found[1].top, found[1].left) == (0, 0)
        assert (found[-1].top + found[-1].height, found[-1].left + found[-1].width) == (height, width)
    assert (spread_out(boxes(64, 64)[1:], np.ones(4), 64, 64) == 1).all()
    assert boxes(40, 80, square=False)[0][2:] == (40, 80)


def test_places_have_words():
    assert where_is(1, 1, 30, 30) == "at the upper left"
    assert where_is(15, 15, 30, 30) == "in the middle"
    assert where_is(30, 30, 30, 30) == "at the lower right"


def test_grey_files_and_transparent_ones_are_pictures_too(detector, tmp_path, real):
    for mode in ("L", "RGBA", "P"):
        buffer = io.BytesIO()
        Image.fromarray(real.transpose(1, 2, 0)).convert(mode).save(buffer, "PNG")
        (tmp_path / f"{mode}.png").write_bytes(buffer.getvalue())
        assert next(answers(detector, [tmp_path / f"{mode}.png"])).error is None
