import numpy as np
import pytest

from figment.data.bank.prepare import prepare
from figment.data.portraits.table import portraits
from figment.errors import InputError
from figment.features import extract
from figment.features.codec import check_codec, codec_for, through_codec
from figment.features.extract import LazyPictures, bank_rows, extract_features
from figment.features.registry import extractor


def test_what_is_seen_is_what_the_network_sees_whatever_the_blocks(monkeypatch):
    pictures = portraits(70, 0, 32)[0]
    network = extractor("random")
    monkeypatch.setattr(extract, "BATCH_PICTURES", 64)
    monkeypatch.setattr(extract, "MAX_KEPT_PICTURES", 65)
    told = []
    seen = extract_features(
        LazyPictures(70, lambda a, b: pictures[a:b]), [network], progress=lambda *done: told.append(done)
    )
    assert np.allclose(seen.features["random"], network(pictures), atol=1e-5)
    assert np.array_equal(seen.pictures, pictures[:65])
    assert seen.logits == {"random": None}
    assert told == [(64, 70), (70, 70)]


def test_features_of_a_bank_are_kept_and_damaged_ones_made_anew(faces, own_cache):
    bank = prepare(faces, 16)
    rows = np.arange(40)
    network = extractor("random")
    first = extract_features(bank_rows(bank, rows), [network]).features["random"]
    calls = []
    network.network = lambda pictures, inner=network.network: calls.append(len(pictures)) or inner(pictures)
    again = extract_features(bank_rows(bank, rows), [network])
    assert not calls
    assert np.array_equal(again.features["random"], first)
    assert len(again.pictures) == 40
    for file in (own_cache / "features").glob("*.npy"):
        file.write_bytes(file.read_bytes()[:100])
    assert np.array_equal(extract_features(bank_rows(bank, rows), [network]).features["random"], first)
    assert calls
    others = extract_features(bank_rows(bank, rows[::-1]), [network])
    assert not np.array_equal(others.features["random"], first)


def test_grey_pictures_are_seen_as_colour_ones():
    grey = portraits(8, 0, 32)[0][:, :1]
    seen = extract_features(LazyPictures(8, lambda a, b: grey[a:b]), [extractor("gradients")])
    assert seen.pictures.shape == (8, 3, 32, 32)
    assert (seen.pictures == grey).all()


def test_codecs_change_both_sides_alike():
    pictures = portraits(6, 0, 40)[0]
    assert through_codec("none", pictures) is pictures
    fine, coarse = (through_codec(f"jpeg:{quality}", pictures) for quality in (95, 20))
    error = [np.abs(x.astype(int) - pictures).mean() for x in (fine, coarse)]
    assert fine.shape == pictures.shape
    assert 0 < error[0] < 6 < error[1]
    assert codec_for(["a.png"] * 9, ["a.JPG"] * 9) == "jpeg:90"
    assert codec_for(["a.jpeg"] * 9, ["a.JPG"] * 9) == codec_for(["a.png"], ["b.webp"]) == "none"
    assert [check_codec(codec) for codec in ("none", "auto", "jpeg", "jpeg:75")] == [
        "none",
        "auto",
        "jpeg:90",
        "jpeg:75",
    ]


@pytest.mark.parametrize("codec", ["jpg", "jpeg:0", "jpeg:101", "jpeg:x", ""])
def test_other_codecs_are_refused(codec):
    with pytest.raises(InputError, match="--codec"):
        check_codec(codec)
