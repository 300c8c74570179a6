"""Degraded reals, whether networks tell them, and what is said of pictures whose worth is known."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from figment.data.portraits.table import portraits
from figment.features.extract import LazyPictures, SetFeatures, extract_features
from figment.features.registry import extractor
from figment.features.weights import LITE0
from figment.metrics.degrade import DEGRADATIONS, blurred, reduced
from figment.metrics.measurement import all_scores
from figment.metrics.scores import Reference
from figment.metrics.self_test import self_tests
from figment.metrics.verdicts import AS_GOOD, decide

needs_lite0 = pytest.mark.skipif(LITE0.found() is None, reason=f"{LITE0.package} isn't installed")
DOCS = Path(__file__).parents[2] / "docs"
NAMES = [degradation.name for degradation in DEGRADATIONS]


def lazy(pictures, key=""):
    return LazyPictures(len(pictures), lambda start, stop: pictures[start:stop], key)


def judge(spare: np.ndarray, compared: np.ndarray):
    """What gives verdict and scores of samples by lite0, against reals that are compared with and others for the floor."""
    networks = [extractor("lite0")]

    def seen(pictures: np.ndarray) -> SetFeatures:
        found = extract_features(lazy(pictures), networks)
        return SetFeatures(found.features, found.logits, found.pictures[:100])  # patches cost the most

    theirs, others = seen(compared), seen(spare)
    references = {"lite0": Reference(theirs.features["lite0"])}
    tests = self_tests(lazy(spare), others.features, references, networks)

    def judged(samples: np.ndarray):
        scores, _ = all_scores(seen(samples), theirs, others, networks, references, 0, lambda done, of: None)
        return decide(scores, tests)

    return judged


def test_degraded_pictures_are_what_their_names_say():
    flat = np.full((2, 3, 20, 24), 77, np.uint8)
    point = flat.copy()
    point[:, :, 10, 12] = 177
    for change in (blurred, reduced):
        assert np.array_equal(change(flat), flat)
        assert change(point).shape == point.shape
        assert change(point)[0, 0].max() < 100
    spread = blurred(point)[0, 0].astype(float) - 77
    deviation = np.sqrt((spread.sum(1) * (np.arange(20) - 10) ** 2).sum() / spread.sum())
    assert deviation == pytest.approx(1, abs=0.15)
    assert blurred(point).sum() == pytest.approx(point.sum(), rel=0.001)
    grey = lazy(point[:, :1], "set 1")
    for degradation in DEGRADATIONS:
        changed = degradation.of(grey)
        assert changed.between(0, 2).shape == (2, 3, 20, 24)
        assert changed.key != grey.key
        assert degradation.name in changed.key


def test_degraded_sets_are_seen_once_and_networks_that_know_nothing_are_not_tested(own_cache):
    pictures = portraits(60, 0, 16)[0]
    network, blind = extractor("random"), extractor("gradients")
    network.name = "taught"  # for the test
    references = {"taught": Reference(network(portraits(60, 1, 16)[0]))}
    seen = {"taught": network(pictures)}
    assert self_tests(lazy(pictures, "reals"), seen, references, [blind, extractor("random")]) == {}
    first = self_tests(lazy(pictures, "reals"), seen, references, [network])
    assert list(first) == ["taught"]
    assert list(first["taught"].off) == NAMES
    assert "fd" not in first["taught"].off["JPEG 10"]  # of 60 pictures
    blocks = []
    network.network = lambda block: blocks.append(len(block)) or np.zeros((len(block), network.dimension), np.float32)
    again = self_tests(lazy(pictures, "reals"), seen, references, [network])
    assert not blocks
    assert again == first
    blind_test = self_tests(lazy(pictures), {"taught": network(pictures)}, references, [network])[
        "taught"
    ]  # which sees nothing any more
    assert blind_test.untold == NAMES


@needs_lite0
def test_fifty_reals_are_too_few_for_praise_and_noise_is_far():
    reals = portraits(350, 0, 32)[0]
    judged = judge(reals[50:100], reals[100:])
    verdict, scores = judged(reals[:50])
    assert verdict.grade != "far"
    assert AS_GOOD not in {score.verdict for score in scores}
    noise = np.random.default_rng(0).integers(0, 256, (50, 3, 32, 32), dtype=np.uint8)
    verdict, scores = judged(noise)
    assert verdict.grade == "far"
    assert "variety can't be told" in verdict.sentence


@needs_lite0
@pytest.mark.slow
@pytest.mark.parametrize("count", [500, 1000])
def test_reals_are_as_good_as_reals_and_degraded_ones_never(count):
    pictures = portraits(3 * count + 500, 0, 64)[0]
    judged = judge(pictures[count : 2 * count], pictures[2 * count :])
    verdict, scores = judged(pictures[:count])
    assert verdict.grade == "real"
    assert [score.kind.name for score in scores if score.verdict == AS_GOOD][:2] == ["fd", "kid"]
    for degradation in DEGRADATIONS:
        verdict, scores = judged(degradation.apply(pictures[:count]))
        assert verdict.grade in ("fair", "rough"), degradation.name
        assert AS_GOOD not in {score.verdict for score in scores}, degradation.name


@needs_lite0
def test_the_first_run_of_the_readme_is_rough():
    """The 64 samples that README.md shows, of three minutes of training on the built-in portraits."""
    sheet = np.asarray(Image.open(DOCS / "images" / "portraits-3m.png").convert("RGB"))
    tiles = [sheet[top : top + 64, left : left + 64] for top in range(0, 526, 66) for left in range(0, 526, 66)]
    samples = np.stack(tiles).transpose(0, 3, 1, 2)
    reals = portraits(464, 0, 64)[0]
    verdict, scores = judge(reals[:64], reals[64:])(samples)
    assert verdict.grade == "rough"
    assert verdict.sentence.startswith("rough: a stranger tells them from real at a glance")
    assert AS_GOOD not in {score.verdict for score in scores}
    assert not any("no different" in score.verdict for score in scores if score.kind.name in ("precision", "density"))
