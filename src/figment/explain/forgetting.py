"""Forgetting an object: which feature maps of a generator draw it, and what its samples are without them.

The DCGAN paper's window experiment (Radford et al., arXiv 1511.06434, section 6.3.1) for whatever a predictor of attributes can
read. In place of hand-drawn boxes stand the places where samples with the object differ from those without it. The paper drops
all maps with positive weights in the second highest layer. Here layer, number of maps and what becomes of them are chosen on
some samples and measured on others, beside the paper's choice and as many maps at random.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from figment.attributes.conditions import parse_conditions
from figment.attributes.predictor import AttributePredictor
from figment.common.progress import Progress, Tally
from figment.common.rehearsal import LOOKED_THROUGH, at_most
from figment.discriminator import Discriminator
from figment.errors import InputError
from figment.explain.ablated_samples import (
    AblationEffect,
    PredictedSamples,
    mean_effect,
    predicted_samples,
    soundness_source,
)
from figment.explain.ablation import (
    CONTROL_DRAWS,
    Ablation,
    LayerMaps,
    activations,
    candidate_ablations,
    change_pictures,
    layer_numbers,
    logistic_weights,
    paper_layer,
    pixel_changes,
    tried_choices,
)
from figment.finding import Finding, Sheet
from figment.generator import BLOCK_SAMPLES, Generator
from figment.media.strips import Row
from figment.metrics.two_samples import binomial_tail, wilson_interval
from figment.nets.hooks import layers

MIN_SAMPLES_OF_A_KIND = 8  # samples with the object, and without it, that a part needs
MAX_CHOOSING_SAMPLES, MAX_MEASURING_SAMPLES = 64, 200  # samples with the object
TARGET_CLEAN_SHARE = (
    0.95  # that is to lose the object and nothing else: of all that reach it the smallest change is taken
)
SHOWN_SAMPLES = 10
# For the sentence:
MIN_LOST_SHARE = 0.7  # share that has to lose the object, at the lower end of its interval
MAX_P_VALUE = 0.05  # of as many losing it with other maps
MIN_LEAD = 0.1  # over other maps' share, that counts
MAX_SOUNDNESS_LOSS = 0.1  # share that may lose its soundness
MAX_CHANGE_SHARE = (
    1 / 3
)  # of the difference between two samples: more is more than an object, whoever calls the rest sound


@dataclass(frozen=True, eq=False)
class Forgetting:
    """Which feature maps draw an object, and samples without them.

    attribute: the object, as it was asked for. ablation: the maps that were chosen, which made a share of reached lose the
    object and nothing else when they were; of layers layers. effects: by what was dropped: first these maps, then as many
    others, then the paper's choice where there is one. numbers: of the N samples measured on, which had the object, in their
    seed; codes, float32 (N, code_size), and labels, int64 (N,), or None, are theirs; pictures, without, without_others: as
    they are, without the maps, and without as many others, uint8 (N, C, H, W). sound_before: share of sound pictures among
    them. samples_differ: mean difference of a pixel between two samples, as a share of the range. samples: how many were looked
    through; with_object: how many of them had it; chosen_on: how many of these the maps were chosen on. predictor, accuracy: what
    reads attributes, and how well, by condition; NaN where nobody knows. soundness: who says which pictures are sound.
    """

    attribute: str
    ablation: Ablation
    reached: float
    layers: int
    effects: dict[str, AblationEffect]
    numbers: NDArray[np.int64]
    codes: Tensor
    labels: Tensor | None
    pictures: NDArray[np.uint8]
    without: NDArray[np.uint8]
    without_others: NDArray[np.uint8]
    sound_before: float
    samples_differ: float
    samples: int
    with_object: int
    chosen_on: int
    predictor: str
    accuracy: dict[str, float]
    soundness: str
    seed: int

    def finding(self, name: str = "") -> Finding:
        """In words, a table and a sheet of some samples; name: tells it from others of its kind."""
        best, shown = self.ablation, slice(0, SHOWN_SAMPLES)
        caption = (
            f"Samples of seed {self.seed} with {self.attribute}, by number, none of which the maps were chosen on: as they are, "
            f"with {best.description}, the difference of the two, and with as many of the layer's other maps replaced."
        )
        return Finding(
            "forget",
            sentence(
                self.attribute, best, list(self.effects.values()), self.sound_before, self.samples_differ, len(self.numbers),
                self.soundness,
            ),
            {"": self._sheet(caption)},
            {
                "attribute": self.attribute, "judge": self.predictor,
                "accuracy": {of: none_if_unknown(share) for of, share in self.accuracy.items()},
                "sound": self.soundness, "seed": self.seed, "samples": self.samples, "with": self.with_object,
                "chosen_on": self.chosen_on, "measured_on": len(self.numbers), "aim": TARGET_CLEAN_SHARE,
                "reached_when_chosen": self.reached, "layer": best.layer, "layers": self.layers, "maps": list(best.maps),
                "of": best.of, "by": best.by, "whole_before": self.sound_before, "samples_differ": self.samples_differ,
                "effects": {of: asdict(effect) for of, effect in self.effects.items()}, "shown": self.numbers[shown].tolist(),
            },
            ("dropped", "object lost", "sound pictures", "lost, no less sound", "other attributes", "pixels"),
            (
                ("nothing", "0 %", percent(self.sound_before), "0 %", "0 σ", "0 %"),
                *((of, *cells(effect)) for of, effect in self.effects.items()),
            ),
            self.codes[shown],
            None if self.labels is None else self.labels[shown],
            name,
        )  # fmt: skip

    def _sheet(self, caption: str) -> Sheet:
        before, after, others = (its[:SHOWN_SAMPLES] for its in (self.pictures, self.without, self.without_others))
        rows: list[Row] = [
            ("samples", before),
            ("without\nthese maps", after),
            ("what has changed", change_pictures(before, after)),
            ("without\nother maps", others),
        ]
        return Sheet.of_strips(rows, caption, titles=[str(number) for number in self.numbers[:SHOWN_SAMPLES]])


def forget(
    generator: Generator, predictor: AttributePredictor, attribute: str, discriminator: Discriminator | None = None,
    layer: int | None = None, drop: float | None = None, by: str | None = None, count: int = 3000, seed: int = 0,
    progress: Progress | None = None,
) -> Forgetting:  # fmt: skip
    """Find the feature maps that draw an object, and what samples are without them.

    Parameters
    ----------
    generator : Generator
        Whose maps are dropped.
    predictor : AttributePredictor
        What reads attributes from its samples.
    attribute : str
        What a sample has to have, as parse_conditions() reads it: "glasses", "smile>0.8".
    discriminator : Discriminator, optional
        Tells sound pictures from others where the predictor can't.
    layer : int, optional
        Only of this one, 1 being nearest the code.
    drop : float, optional
        This share of the maps with positive weights, the strongest.
    by : "zero" or "mean", optional
        What maps become. Layer, share and this are chosen where they aren't given.
    count : int
        Samples: half of them to find the maps by, a quarter to choose on, a quarter to measure on.
    seed : int
        Of the samples.
    progress : callable, optional
        Told what is done, of how much.

    Returns
    -------
    Forgetting

    Raises
    ------
    InputError
        For an attribute that can't be read or that too few samples have, or a layer that isn't there.
    """
    count = at_most(count, LOOKED_THROUGH)
    conditions, numbers = parse_conditions(attribute, predictor), layer_numbers(generator, layer)
    shares, fills = tried_choices(drop, by)
    trials = len(numbers) * len(shares) * len(fills)
    tally = Tally(
        progress, count + count // 2 + trials * MAX_CHOOSING_SAMPLES + (CONTROL_DRAWS + 2) * MAX_MEASURING_SAMPLES
    )
    samples = predicted_samples(generator, predictor, conditions, discriminator, count, seed, tally)
    find, choose, measure = split_samples(samples, attribute)
    known = read_layers(samples, find, numbers, tally)
    chosen_on = choose[samples.has_object[choose]][:MAX_CHOOSING_SAMPLES]
    best, reached = choose_ablation(samples, chosen_on, candidate_ablations(known.values(), shares, fills), tally)
    which = measure[samples.has_object[measure]][:MAX_MEASURING_SAMPLES]
    effects, without, without_others = measure_effects(samples, which, best, known, seed)
    tally(tally.total)
    return Forgetting(
        attribute, best, reached, len(layers(generator.net)), effects, which, samples.z[which],
        None if samples.labels is None else samples.labels[which], samples.pictures[which], without, without_others,
        float(samples.is_sound[which].mean()), mean_difference(samples.pictures[measure]), count,
        int(samples.has_object.sum()), len(chosen_on), predictor.about,
        {one.name: predictor.accuracy[one.name] for one in conditions}, soundness_source(predictor, discriminator), seed,
    )  # fmt: skip


def split_samples(samples: PredictedSamples, attribute: str) -> list[NDArray[np.int64]]:
    """Which samples the maps are found by, chosen on and measured on. Raises InputError where a part lacks either kind."""
    count = len(samples.has_object)
    parts = np.split(np.arange(count), (count // 2, 3 * count // 4))
    for part in parts:
        having = int(samples.has_object[part].sum())
        few, what = min((having, "have"), (len(part) - having, "lack"))
        if few < MIN_SAMPLES_OF_A_KIND:
            raise InputError(
                f"--attribute {attribute}: only {few} of {len(part):,} samples {what} it, and {MIN_SAMPLES_OF_A_KIND} are "
                f"needed: give more samples (-n), or another attribute."
            )
    return parts


def read_layers(
    samples: PredictedSamples, find: NDArray[np.int64], numbers: Sequence[int], tally: Tally
) -> dict[int, LayerMaps]:
    """What the maps of layers are, over some samples, and how they tell those with the object.

    Of a map counts its mean over the region, by how much each place of it differs between pictures with the object and those
    without; places that differ less than half as much as the one that does most don't count.
    """
    has = samples.has_object[find]
    with_it, without_it = (samples.pictures[find[kind]].mean(0, dtype=np.float64) for kind in (has, ~has))
    region = torch.from_numpy(np.abs(with_it - without_it).mean(0))[None, None].float()
    features: list[list[Tensor]] = [[] for _ in numbers]
    sums: list[Tensor] = [torch.zeros(()) for _ in numbers]
    for part in np.split(find, range(BLOCK_SAMPLES, len(find), BLOCK_SAMPLES)):
        labels = None if samples.labels is None else samples.labels[part]
        for i, maps in enumerate(activations(samples.generator, samples.z[part], labels, numbers)):
            places = F.adaptive_avg_pool2d(region, (maps.shape[2], maps.shape[3]))[0, 0]
            places = places * (places >= places.max() / 2)
            features[i].append((maps * places / places.sum()).sum((2, 3)))
            sums[i] = sums[i] + maps[~samples.has_object[part]].double().sum(0)
        tally(len(part))
    return {
        number: LayerMaps(number, logistic_weights(torch.cat(its).numpy(), has), (whole / int((~has).sum())).float())
        for number, its, whole in zip(numbers, features, sums, strict=True)
    }


def choose_ablation(
    samples: PredictedSamples, on: NDArray[np.int64], candidates: Iterable[Ablation], tally: Tally
) -> tuple[Ablation, float]:
    """The candidate that changes least while it reaches the aim, else the one that comes nearest to it; and how near."""
    tried = []
    for ablation in candidates:
        tried.append((ablation, samples.effect(on, samples.ablated(on, ablation))))
        tally(len(on))
    ablation, effect = min(tried, key=lambda one: (-min(one[1].clean, TARGET_CLEAN_SHARE), one[1].pixels))
    return ablation, effect.clean


def measure_effects(
    samples: PredictedSamples, which: NDArray[np.int64], best: Ablation, known: Mapping[int, LayerMaps], seed: int
) -> tuple[dict[str, AblationEffect], NDArray[np.uint8], NDArray[np.uint8]]:
    """What is done to some samples by the best ablation, by as many other maps, and in the paper's way where that layer is
    known; with the samples, uint8 (N, C, H, W), without the best maps, and without the first draw of others."""
    without = samples.ablated(which, best)
    effects = {best.description: samples.effect(which, without)}
    controls = [known[best.layer].control(best, seed + i) for i in range(CONTROL_DRAWS)]
    drawn = [samples.ablated(which, control) for control in controls]
    name = f"{len(controls[0].maps)} others (mean of {CONTROL_DRAWS} draws)"
    effects[name] = mean_effect([samples.effect(which, pictures) for pictures in drawn])
    paper = known.get(paper_layer(samples.generator))
    if paper:
        whole = paper.ablation(paper.strongest(), "zero")
        effects[f"the paper's way: {whole.description}"] = samples.effect(which, samples.ablated(which, whole))
    return effects, without, drawn[0]


def mean_difference(pictures: NDArray[np.uint8]) -> float:
    """By how much a pixel of each picture differs from the one before's, as a share of the range: (N, C, H, W) → mean."""
    return float(pixel_changes(pictures, np.roll(pictures, 1, 0)).mean())


def sentence(
    attribute: str, best: Ablation, effects: Sequence[AblationEffect], before: float, differ: float, count: int,
    soundness: str,
) -> str:  # fmt: skip
    """What one sees, in words.

    before: share of sound pictures before. differ: mean difference of a pixel between two samples. soundness: who says which
    pictures are sound.
    """
    ours, others = effects[:2]
    lost = round(ours.lost * count)
    low, high = wilson_interval(lost, count)
    if ours.lost <= others.lost + MIN_LEAD or binomial_tail(lost, count, others.lost) >= MAX_P_VALUE:
        verdict = f"No maps were found that draw the object, as far as {count} samples tell"
    elif low < MIN_LOST_SHARE:
        verdict = "These maps have a part in the object, but it can't be said that they draw it alone"
    elif before - ours.whole > MAX_SOUNDNESS_LOSS or ours.pixels > MAX_CHANGE_SHARE * differ:
        verdict = "The object goes, and with it much of the picture"
    else:
        verdict = "The object is drawn by maps that can be told apart"
    return (
        f"{verdict}: with {best.description}, {percent(ours.lost)} ({percent(low)} to {percent(high)}) of {count} samples with "
        f"{attribute} lose it, against {percent(others.lost)} with as many others. Sound pictures are {percent(before)} of these "
        f"samples before and {percent(ours.whole)} after, says {soundness}; other attributes move by {ours.others:.2f} of their "
        f"standard deviations, and a pixel by {percent(ours.pixels / max(differ, 1e-12))} of what it differs by between two "
        "samples."
    )


def cells(effect: AblationEffect) -> tuple[str, ...]:
    """An effect as a row of the table."""
    return (
        percent(effect.lost),
        percent(effect.whole),
        percent(effect.clean),
        f"{effect.others:.2f} σ",
        f"{100 * effect.pixels:.1f} %",
    )


def none_if_unknown(share: float) -> float | None:
    """A number as JSON can hold it."""
    return None if np.isnan(share) else share


def percent(share: float) -> str:
    """0.5 → 50 %."""
    return f"{100 * share:.0f} %"
