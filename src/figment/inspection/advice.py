"""What to do about a set of pictures, in plain sentences with numbers, the most important first."""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass

import numpy as np

from figment.augment.pipeline import FULL_BELOW_PICTURES, NONE_FROM_PICTURES, augmentation_share
from figment.common import sizes
from figment.common.text import shown
from figment.inspection.survey import DEFAULT_FEATURES, Survey
from figment.inspection.table import listed

SIZES = (16, 32, 64, 128, 256, 512)  # pixels of the shorter side, that are advised
MIN_LARGE_SHARE = 0.9  # of the pictures must be large enough for a size
NEARLY_SHARE = 0.85  # of a size is large enough: 28 pixels are enlarged to 32 without harm
MEMORISED_PICTURES = 1_000  # below which a generator learns them by heart
GOOD_PICTURES = 10_000  # that a good result at 64 px takes
FFHQ_PICTURES = 70_000  # on which the published results were made
# Shares of a set from which on something is worth a sentence: pictures, those that can't be read, the rarer of two kinds.
MIN_TOLD_SHARE, MIN_BROKEN_SHARE, MIN_MIXED_SHARE = 0.001, 0.05, 0.02
UNEQUAL_RATIO = 10  # times as many pictures in the largest class as in the smallest
STRIP_RATIO = 5  # times as wide as high, or as high as wide
GROUP_PATTERN = r"([^/]*?)[_-][^/_-]*$"  # what stands before the last _ or - of a name
MAX_NAMED = 3  # pictures that a sentence names
LEAK_SHARE = 0.9  # of a class in one format, which then tells it


@dataclass(frozen=True)
class Planned:
    """What figment train would do with the pictures, told by what plans trainings (planning/for_survey.py).

    shape: height and width that it trains at; asked: whether somebody chose them, or it takes them by itself. augmenting: the
    recipes, of those that `auto` may take here, that augment so many pictures by themselves. expects: when pictures begin to
    show, in a sentence; "" where that isn't known.
    """

    shape: tuple[int, int] = (64, 64)
    asked: bool = False
    augmenting: tuple[str, ...] = ()
    expects: str = ""

    @property
    def size(self) -> int:
        """The shorter side, in pixels."""
        return min(self.shape)


USUALLY = Planned()  # on a CPU, where nothing was asked


def advise(survey: Survey, planned: Planned = USUALLY) -> list[str]:
    """What a person should know and do before training on these pictures, a sentence or two each."""
    if not len(survey.usable):
        return ["Nothing here can be trained on: see below why each picture was skipped."]
    problems = [
        *_broken(survey),
        *_made(survey),
        *_leaking_formats(survey),
        *_near_duplicates(survey),
        *_dropped(survey),
        *_unlike_light(survey),
        *_grey_among_colour(survey),
        *_shapes(survey),
        *_unequal_labels(survey),
        *_groups(survey),
    ]
    count, size, augmentation = _count(survey), _size(survey, planned), _augmentation(survey, planned)
    expects = [f"{planned.expects[0].upper()}{planned.expects[1:]}."] if planned.expects else []
    if problems or count[0] < GOOD_PICTURES:
        return [count[1], size, *problems, augmentation, *expects]
    return [f"A clean set: {count[1]} {size} {augmentation}", *expects]


def train_options(survey: Survey, planned: Planned = USUALLY) -> list[str]:
    """Options of figment train that follow the advice, where they can do no harm: what is odd is looked at first."""
    if not len(survey.usable):
        return []
    size = sizes.as_text(planned.shape) if planned.asked else str(best_size(survey))
    options = ["--size", size] if planned.asked or best_size(survey) < planned.size else []
    drop = ["near-duplicates"] if _near_duplicates(survey) else []
    small = len(survey.found["small"]) / len(survey.usable)
    drop += ["marked"] if 0 < len(survey.made) <= 0.5 * len(survey.usable) else []
    drop += ["small"] if MIN_MIXED_SHARE < small <= 0.5 and survey.size == planned.size else []
    options += ["--drop", ",".join(drop)] if drop else []
    options += ["--fit", "first"] if _are_strips(survey) else []
    return options + (["--group", GROUP_PATTERN] if _groups(survey) else [])


def best_size(survey: Survey) -> int:
    """The largest of SIZES that nine in ten pictures have, nearly, on their shorter side; the smallest where none fits."""
    return max([size for size in SIZES if _share(survey, size) >= MIN_LARGE_SHARE], default=SIZES[0])


def best_shape(survey: Survey, ratio: float) -> tuple[int, int]:
    """Height and width of about a ratio of width to height: the largest that nine in ten pictures have, nearly."""
    shapes = [_shape(size, ratio) for size in SIZES if size <= best_size(survey)]
    return max(shape for shape in shapes if max(shape) <= sizes.MAX_PIXELS)


def _shape(shorter: int, ratio: float) -> tuple[int, int]:
    """The nearest to a ratio of those that the nets can make with a shorter side of one of SIZES."""
    step = shorter // 4
    longer = min(round(shorter * max(ratio, 1 / ratio) / step), 4 * sizes.MAX_ASPECT) * step
    return (shorter, longer) if ratio > 1 else (longer, shorter)


def _count(survey: Survey) -> tuple[int, str]:
    count = len(survey.usable) - survey.near_extra
    different = f"{count:,} different pictures"
    more = f"{GOOD_PICTURES - count:,} more would make the {GOOD_PICTURES:,} that a good result at 64 px takes."
    if count < MEMORISED_PICTURES:
        return count, (
            f"{different} are few: below about {MEMORISED_PICTURES:,} expect the generator to learn them by heart; {more}"
        )
    if count < GOOD_PICTURES:
        return count, f"{different} will do to begin with; {more}"
    if count < FFHQ_PICTURES:
        return count, (
            f"{different} are enough for a good result at 64 px; the published results are on {FFHQ_PICTURES:,} (FFHQ),"
            f" {FFHQ_PICTURES - count:,} more."
        )
    return count, f"{different} are as many as the published results were made on ({FFHQ_PICTURES:,}, FFHQ)."


def _size(survey: Survey, planned: Planned) -> str:
    best, size = best_size(survey), planned.size
    share = _share(survey, best)
    if share < MIN_LARGE_SHARE:
        return (
            f"{1 - share:.0%} of the pictures have less than {best} pixels on their shorter side, which even --size {best}"
            " enlarges: leave them out with --drop small."
        )
    large = f"{_percent(share)} of the pictures are as large on their shorter side, or nearly"
    if planned.asked and best < size:
        enough = _share(survey, size)
        return (
            f"At --size {sizes.as_text(planned.shape)}, as asked for, {1 - enough:.0%} of the pictures would be enlarged: the"
            f" largest that suits nine in ten is --size {best}."
        )
    if planned.asked:
        more = f"; {large.replace(' are ', f' would do for --size {best} and are ')}" if best > size else ""
        return f"Train with --size {sizes.as_text(planned.shape)}, as asked for: the pictures are large enough{more}."
    if best < size:
        return f"Train with --size {best}: {large}. Without it {size} is taken, and the pictures are enlarged."
    if best == size:
        return f"Train at {size} pixels, which is taken without --size: {large}."
    times = (best // size) ** 2
    return (
        f"The pictures would do for --size {best}: {large}. Without it {size} is taken, and that is the place to begin, for a"
        f" picture takes about {1 / times:.0%} of the time; --from RUN --size {best} goes on from there."
    )


def _augmentation(survey: Survey, planned: Planned) -> str:
    share = augmentation_share(len(survey.usable))
    if share == 0:
        return f"Augmentation isn't needed: with {NONE_FROM_PICTURES:,} pictures and more it does harm, and train does none."
    need = f"as all sets of fewer than {FULL_BELOW_PICTURES:,} pictures do"
    if share < 1:
        need = f"about {share:.0%} of what fewer than {FULL_BELOW_PICTURES:,} pictures need"
    by_itself = (
        f"train does it by itself where it takes {' or '.join(planned.augmenting)}; to other recipes"
        if planned.augmenting
        else "train does none by itself here, since in minutes it makes pictures worse; to long trainings"
    )
    return (
        f"Augmentation helps these pictures where training is long, {need}: {by_itself} --set augment=full --set"
        " augment_p=0.3 gives it. Pictures are mirrored, too, --set flips=false where left isn't right."
    )


def _broken(survey: Survey) -> list[str]:
    total = len(survey.usable) + survey.left_out
    if len(survey.skipped) / total < MIN_BROKEN_SHARE:
        return []
    reason, _ = Counter(item.reason for item in survey.skipped).most_common(1)[0]
    return [
        f"{len(survey.skipped):,} of {total:,} pictures can't be read, mostly: {reason}. Fetch or copy the set again if"
        " it should be whole."
    ]


def _made(survey: Survey) -> list[str]:
    """Pictures that say, or show, that a machine made them: the bank's other reasons can be seen, and these can't."""
    made, count = len(survey.made), len(survey.usable)
    if not made:
        return []
    names = ", ".join(shown(survey.names[slot]) for slot in list(survey.made)[:MAX_NAMED])
    which = f"{names}{', …' if made > MAX_NAMED else ''}; by {listed(survey.made_counts)}"
    mend = "leave them out with --drop marked" if made <= count / 2 else "--drop marked leaves them out"
    return [
        f"{made:,} pictures ({_percent(made / count)}) are marked as made by machine ({which}): a generator that learns from them"
        " learns another's fakes, and may inherit an invisible mark that is in them, by which its pictures pass for the other's"
        f" (Yu et al. 2021, arXiv 2007.08457). If you want real ones, {mend}."
    ]


def _leaking_formats(survey: Survey) -> list[str]:
    """Classes that are stored in different formats are told apart by them."""
    formats: dict[str, Counter[str]] = defaultdict(Counter)
    kinds = survey.kind[survey.usable].tolist()
    for slot, kind in zip(survey.usable.tolist(), kinds, strict=True):
        if survey.labels[slot] is not None:
            formats[str(survey.labels[slot])][survey.kinds[kind][0]] += 1
    main = {}
    for label, counts in formats.items():
        name, count = counts.most_common(1)[0]
        if count >= LEAK_SHARE * counts.total():
            main[label] = name
    if len(set(main.values())) < 2:
        return []
    (first, one), (second, other) = next((a, b) for a in main.items() for b in main.items() if a[1] != b[1])
    return [
        f"The classes come in different formats ({first} as {one}, {second} as {other}), so whatever tells classes apart"
        " will go by the compression: store all in one format."
    ]


def _near_duplicates(survey: Survey) -> list[str]:
    extra = survey.near_extra
    if extra < max(2, MIN_TOLD_SHARE * len(survey.usable)):
        return []
    return [
        f"{extra:,} pictures ({_percent(extra / len(survey.usable))}) are near-duplicates of others, and what is seen more"
        " often is learnt by heart: leave them out with --drop near-duplicates."
    ]


def _dropped(survey: Survey) -> list[str]:
    features = survey.features.replace("onnx:", "onnx:FOLDER/")
    drop = "outliers" if features == DEFAULT_FEATURES else f"outliers:{features}"
    far, small = len(survey.found["outliers"]), len(survey.found["small"])
    count = len(survey.usable)
    found = []
    if small > MIN_MIXED_SHARE * count:
        mend = "leave them out with --drop small, or take a smaller --size"
        if small > count / 2:
            mend = f"take --size {best_size(survey)}"
        found.append(
            f"{small:,} pictures ({_percent(small / count)}) are smaller than {survey.size}×{survey.size} and would be"
            f" enlarged: {mend}."
        )
    if far >= max(2, MIN_TOLD_SHARE * count):
        found.append(
            f"{far:,} pictures are unlike all others in {survey.features} features: look at them on the page, and"
            f" leave them out with --drop {drop} if they don't belong."
        )
    return found


def _unlike_light(survey: Survey) -> list[str]:
    words = {"dark": "very dark", "light": "very bright", "flat": "flat", "blurred": "blurred"}
    counts = {words[kind]: len(survey.found[kind]) for kind in words}
    if sum(counts.values()) < max(5, 0.01 * len(survey.usable)):
        return []
    listed = ", ".join(f"{count:,} {word}" for word, count in counts.items() if count)
    return [f"Some pictures show little ({listed}): look at them on the page, and take out what you don't want drawn."]


def _grey_among_colour(survey: Survey) -> list[str]:
    share = survey.grey / len(survey.usable)
    if not MIN_MIXED_SHARE <= share <= 1 - MIN_MIXED_SHARE:
        return []
    return [
        f"{survey.grey:,} pictures ({_percent(share)}) are grey among coloured ones, and the generator will draw both:"
        " keep one kind if you want one."
    ]


def _shapes(survey: Survey) -> list[str]:
    ratios = survey.rows["width"] / survey.rows["height"]
    low, middle, high = np.quantile(ratios, [0.05, 0.5, 0.95])
    if _are_strips(survey):
        return [
            f"The pictures are long strips (width to height {middle:.0f}): frames of films, perhaps? --fit first takes the"
            " first frame of each; without it their middles are cut out."
        ]
    if high / low < 1.1 and 0.75 <= middle <= 4 / 3:
        return []
    shapes = f"width to height mostly {low:.2f} to {high:.2f}" if high / low >= 1.1 else f"width to height {middle:.2f}"
    whole = (
        f", or train at their own shape, --size {sizes.as_text(best_shape(survey, middle))}" if high / low < 1.1 else ""
    )
    return [
        f"The pictures aren't square ({shapes}): the middle is cut out unless --fit says otherwise"
        f" (pad keeps all of a picture, stretch changes its proportions){whole}."
    ]


def _are_strips(survey: Survey) -> bool:
    """Whether most pictures are long strips."""
    middle = float(np.median(survey.rows["width"] / survey.rows["height"]))
    return not 1 / STRIP_RATIO < middle < STRIP_RATIO


def _unequal_labels(survey: Survey) -> list[str]:
    counts = survey.label_counts
    if len(counts) < 2:
        return []
    (most, largest), (least, smallest) = counts.most_common()[0], counts.most_common()[-1]
    if largest < UNEQUAL_RATIO * smallest:
        return []
    return [
        f"The classes are unequal: {largest:,} pictures of {most} and {smallest:,} of {least}, which will be drawn"
        " badly: add pictures to the small classes."
    ]


def _groups(survey: Survey) -> list[str]:
    """Names such as person_picture: pictures of one person on both sides of the split would hide memorising."""
    pattern = re.compile(GROUP_PATTERN)
    found = [pattern.search(survey.names[slot]) for slot in survey.usable.tolist()]
    groups = Counter(match[1] for match in found if match and match[1])
    together = sum(count for count in groups.values() if count > 1)
    few_each = groups and max(groups.values()) <= 0.1 * len(survey.usable)
    if len(groups) < 5 or not few_each or together < 0.8 * len(survey.usable):
        return []
    name, count = groups.most_common(1)[0]
    return [
        f"The names look as if pictures came in groups ({len(groups):,} of them, {name} with {count}): if each is one"
        f" person or scene, keep it together when a tenth is held out, with --group '{GROUP_PATTERN}'."
    ]


def _share(survey: Survey, size: int) -> float:
    return float((survey.shorter >= NEARLY_SHARE * size).mean())


def _percent(share: float) -> str:
    return "all" if share == 1 else f"{share:.1%}" if share < 0.1 else f"{min(share, 0.99):.0%}"
