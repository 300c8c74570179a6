from dataclasses import replace

import numpy as np
import pytest

from figment.common import sizes
from figment.data.sources.open import Skipped
from figment.inspection.advice import GROUP_PATTERN, Planned, advise, best_shape, best_size, train_options
from figment.inspection.measures import FACTS, Kind
from figment.inspection.survey import Survey


def a_set(count=20_000, width=64, height=64, names=None, labels=None, kinds=(("JPEG", "RGB"),), **changes):
    """A clean set of so many pictures, or one with the given differences."""
    facts = np.zeros(count, FACTS)
    facts["width"], facts["height"] = width, height
    facts["saturation"] = 40
    found = {kind: np.zeros(0, int) for kind in ("outliers", "small", "dark", "light", "flat", "blurred")}
    survey = Survey(
        source="x", names=names or [f"{i}" for i in range(count)], labels=labels or [None] * count, ignored=0, skipped=[],
        size=64, features="random", facts=facts, kinds=[Kind(*kind) for kind in kinds], kind=np.zeros(count, int),
        usable=np.arange(count),
        copies={}, near=[], found=found, sheet=[], pictures={},
    )  # fmt: skip
    return replace(survey, **changes)


def told(survey):
    return " | ".join(advise(survey))


def test_a_clean_set_gets_one_sentence_with_size_and_augmentation():
    [advice] = advise(a_set())
    assert advice.startswith("A clean set: 20,000 different pictures")
    assert "50,000 more" in advice
    assert "Train at 64 pixels, which is taken without --size: all of the pictures" in advice
    assert "Augmentation helps these pictures where training is long" in advice
    assert "train does none by itself here" in advice
    assert "--set augment_p=0.3 gives it" in advice


@pytest.mark.parametrize(
    ("count", "words"),
    [(500, "learn them by heart; 9,500 more"), (4000, "6,000 more"), (70_000, "as many as the published")],
)
def test_how_many_are_missing(count, words):
    assert words in advise(a_set(count))[0]


def test_augmentation_fades_between_30_000_and_100_000():
    assert "as all sets of fewer than 30,000 pictures do" in told(a_set(29_999))
    assert "about 50% of what" in told(a_set(65_000))
    assert "isn't needed" in told(a_set(100_000))


@pytest.mark.parametrize(
    ("small", "large", "count", "best"),
    [(512, 512, 0, 512), (436, 436, 0, 512), (435, 435, 0, 256), (256, 256, 0, 256), (218, 218, 0, 256),
     (217, 217, 0, 128), (10, 256, 1, 256), (16, 256, 2, 16), (28, 28, 0, 32), (5, 5, 0, 16), (4000, 4000, 0, 512)],
)  # fmt: skip
def test_best_size_nearly_fits_nine_in_ten(small, large, count, best):
    sides = np.array([small] * count + [large] * (10 - count))
    assert best_size(a_set(10, width=sides, height=sides * 2)) == best


def test_what_is_advised_is_what_is_planned_or_the_difference_is_told():
    large, small = a_set(100, 256, 256), a_set(100, 28, 28)
    assert "Without it 64 is taken, and that is the place to begin" in told(large)
    assert "takes about 6% of the time" in told(large)
    assert "Train with --size 32" in told(small)
    assert "Without it 64 is taken, and the pictures are enlarged" in told(small)
    asked = Planned((128, 128), True)
    assert "Train with --size 128, as asked for: the pictures are large enough" in " ".join(advise(large, asked))
    assert "would do for --size 256" in " ".join(advise(large, asked))
    enlarged = " ".join(advise(small, asked))
    assert "At --size 128, as asked for, 100% of the pictures would be enlarged" in enlarged
    assert "--size 32" in enlarged
    on_gpu = " ".join(advise(large, Planned(augmenting=("r3gan-hour", "r3gan"))))
    assert (
        "train does it by itself where it takes r3gan-hour or r3gan; to other recipes --set augment=full --set"
        in on_gpu
    )
    expecting = advise(a_set(), Planned(expects="pictures begin to show after about 50,000 images"))
    assert expecting[-1] == "Pictures begin to show after about 50,000 images."


def test_the_command_follows_the_advice():
    assert train_options(a_set()) == []
    assert train_options(a_set(), Planned((64, 96), True)) == ["--size", "64x96"]
    assert train_options(a_set(100, 28, 28)) == ["--size", "32"]
    assert train_options(a_set(100, 256, 256)) == []
    assert train_options(a_set(100, 2048, 64))[-2:] == ["--fit", "first"]
    assert train_options(a_set(0)) == []
    survey = a_set(2000)
    found = survey.found | {"small": np.arange(100), "outliers": np.arange(30)}
    odd = replace(survey, found=found, near=[[0, 1, 2, 3], [4, 5]])
    assert train_options(odd) == ["--drop", "near-duplicates,small"]  # outliers are to be looked at first
    names = [f"{person:03d}_{picture}.jpg" for person in range(200) for picture in range(5)]
    assert train_options(a_set(1000, names=names)) == ["--group", GROUP_PATTERN]


def test_each_fault_is_named_with_its_mend():
    survey = a_set(2000)
    found = survey.found | {"outliers": np.arange(30), "small": np.arange(100), "dark": np.arange(40)}
    advice = told(replace(survey, found=found, near=[[0, 1, 2], [3, 4]], skipped=[Skipped("a", "cut short")] * 200))
    assert advice.startswith("1,997 different pictures")
    assert "3 pictures (0.1%) are near-duplicates" in advice
    for mend in (
        "--drop near-duplicates",
        "--drop outliers",
        "--drop small",
        "200 of 2,200",
        "cut short",
        "40 very dark",
    ):
        assert mend in advice, mend


def test_where_most_are_small_the_size_is_wrong():
    survey = a_set(2000, 28, 28)
    advice = told(replace(survey, found=survey.found | {"small": np.arange(2000)}))
    assert "take --size 32" in advice
    assert "--drop small" not in advice


def test_grey_among_colour():
    survey = a_set()
    survey.facts["saturation"][:5000] = 0
    assert "5,000 pictures (25%) are grey" in told(survey)
    survey = a_set()
    survey.facts["saturation"] = 0
    assert "grey" not in told(survey)


def test_shapes_point_to_fit():
    assert "--fit" in told(a_set(100, np.linspace(64, 200, 100).astype(int), 64))
    assert "--fit" not in told(a_set(100, 178, 218))
    assert "long strips (width to height 32)" in told(a_set(100, 2048, 64))


@pytest.mark.parametrize(
    ("width", "height", "shape"),
    [(1920, 1080, (256, 448)), (96, 64, (64, 96)), (64, 96, (96, 64)), (400, 100, (64, 256)), (480, 100, (64, 256)),
     (30, 20, (16, 24))],
)  # fmt: skip
def test_pictures_of_one_other_shape_can_be_trained_at_it(width, height, shape):
    survey = a_set(100, width, height)
    assert best_shape(survey, width / height) == shape
    sizes.start_grid(*shape)  # or it would raise
    assert f"--size {shape[0]}x{shape[1]}." in told(survey)


def test_formats_that_give_classes_away():
    labels = ["real"] * 500 + ["fake"] * 500
    kind = np.repeat([0, 1], 500)
    survey = a_set(1000, labels=labels, kinds=[("JPEG", "RGB"), ("PNG", "RGB")])
    assert "(real as JPEG, fake as PNG)" in told(replace(survey, kind=kind))
    assert "as PNG" not in told(replace(survey, kind=np.tile([0, 1], 500)))


def test_unequal_classes():
    labels = ["cat"] * 950 + ["dog"] * 50
    assert "950 pictures of cat and 50 of dog" in told(a_set(1000, labels=labels))


def test_groups_in_names():
    names = [f"{person:03d}_{picture}.jpg" for person in range(200) for picture in range(5)]
    assert "200 of them, 000 with 5" in told(a_set(1000, names=names))
    assert f"with --group '{GROUP_PATTERN}'." in told(a_set(1000, names=names))
    assert "--group" not in told(a_set(1000, names=[f"frame_{i}.png" for i in range(1000)]))
    assert "--group" not in told(a_set(1000))


def test_nothing_usable():
    assert "Nothing here" in told(a_set(0))
