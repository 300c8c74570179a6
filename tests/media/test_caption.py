"""A line of words below a picture."""

import numpy as np

from figment.media.caption import with_caption


def test_the_caption_is_below_and_says_what_it_is_told():
    picture = np.full((100, 400, 3), 7, np.uint8)
    one, other = (with_caption(picture, text) for text in ("1,280 images seen", "2,560 images seen"))
    assert one.shape[0] > 100
    assert (one[:100] == 7).all()
    band = one[100:]
    assert (band == 255).all(2).mean() > 0.7  # on white
    assert 0.005 < (band.mean(2) < 128).mean() < 0.2  # in dark letters
    assert not np.array_equal(one, other)
    assert np.array_equal(one, with_caption(picture, "1,280 images seen"))


def test_long_words_are_made_to_fit():
    picture = np.zeros((50, 200, 3), np.uint8)
    band = with_caption(picture, "as many words as would never fit below so small a picture")[50:]
    assert (band[:, :2] == 255).all()
    assert (band[:, -2:] == 255).all()
    assert (band.mean(2) < 128).any()
