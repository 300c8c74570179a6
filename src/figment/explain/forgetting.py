"""Forgetting an object: which feature maps of a generator draw it, and what its samples are without them.

The DCGAN paper's window experiment (Radford et al., arXiv 1511.06434, section 6.3.1) for whatever a predictor of attributes can
read. In place of hand-drawn boxes stand the places where samples with the object differ from those without it. The paper drops
all maps with positive weights in the second highest layer. Here layer, number of maps and what becomes of them are chosen on
some samples and measured on others, beside the paper's choice and as many maps at random.
"""

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from figment.attributes.conditions import parse_conditions
from figment.attributes.predictor import AttributePredictor
from figment.common.progress import Progress, Tally
from figment.discriminator import Discriminator
from figment.errors import InputError
from figment.explain.ablated_samples import Effect, Samples, mean, sampled, sound_by
from figment.explain.ablation import (
    BY,
    CONTROLS,
    SHARES,
    Dropping,
    Layer,
    activations,
    candidates,
    changed,
    difference,
    layer_numbers,
    papers_layer,
    weights,
)
from figment.finding import Finding, Sheet
from figment.generator import BLOCK_SAMPLES, Generator
from figment.media.strips import strips
from figment.nets.hooks import layers

FEWEST = 8  # samples with the object, and without it, that a part needs
CHOSEN_ON, MEASURED_ON = 64, 200  # samples with the object, at most
AIM = 0.95  # share that is to lose the object and nothing else: of all that reach it the smallest change is taken
SHOWN = 10
# For the sentence: share that has to lose the object, that may lose its soundness, and lead over other maps that counts.
MOST, HARM, APART = 0.7, 0.1, 0.1
MUCH = (
    1 / 3
)  # of the difference between two samples: a change that is more than an object, whoever calls the rest sound


def forget(
    generator: Generator, predictor: AttributePredictor, attribute: str, discriminator: Discriminator | None = None,
    layer: int | None = None, drop: float | None = None, by: str | None = None, count: int = 3000, seed: int = 0,
    progress: Progress | None = None,
) -> Finding:  # fmt: skip
    """Find the feature maps that draw an object, and show samples with and without it.

    attribute: what a sample has to have, as parse_conditions() reads it: "glasses", "smile>0.8". discriminator: tells
    sound pictures from others where the predictor can't. layer: only of this one, 1 being nearest the code. drop: this
    share of the maps with positive weights, the strongest; by: "zero" or "mean"; each is chosen where it isn't given.
    count: samples; half of them are to find the maps by, a quarter to choose on, a quarter to measure on. Raises
    InputError for an attribute that can't be read or that too few samples have, or a layer that isn't there.
    """
    wanted, numbers = parse_conditions(attribute, predictor), layer_numbers(generator, layer)
    shares, ways = SHARES if drop is None else (drop,), BY if by is None else (by,)
    trials = len(numbers) * len(shares) * len(ways)
    tally = Tally(progress, count + count // 2 + trials * CHOSEN_ON + (CONTROLS + 2) * MEASURED_ON)
    samples = sampled(generator, predictor, wanted, discriminator, count, seed, tally)
    find, choose, measure = parted(samples, attribute)
    known = dict(zip(numbers, read(samples, find, numbers, tally), strict=True))
    best, reached = chosen(samples, choose[samples.has[choose]][:CHOSEN_ON], list(known.values()), shares, ways, tally)
    which = measure[samples.has[measure]][:MEASURED_ON]
    after = samples.without(which, best)
    effects = {best.words: samples.effect(which, after)}
    others = [known[best.layer].others(best, seed + i) for i in range(CONTROLS)]
    drawn = [samples.without(which, other) for other in others]
    effects[f"{len(others[0].maps)} others (mean of {CONTROLS} draws)"] = mean(
        [samples.effect(which, p) for p in drawn]
    )
    paper = known.get(papers_layer(generator))
    if paper:
        whole = paper.dropping(paper.strongest(), "zero")
        effects[f"the paper's way: {whole.words}"] = samples.effect(which, samples.without(which, whole))
    tally(tally.total)
    before = float(samples.whole[which].mean())
    differ = float(changed(samples.pictures[measure], np.roll(samples.pictures[measure], 1, 0)).mean())
    shown = which[:SHOWN]
    rows = (
        ("samples", samples.pictures[shown]),
        ("without\nthese maps", after[:SHOWN]),
        ("what has changed", difference(samples.pictures[shown], after[:SHOWN])),
        ("without\nother maps", drawn[0][:SHOWN]),
    )
    return Finding(
        "forget",
        sentence(attribute, best, list(effects.values()), before, differ, len(which), sound_by(predictor, discriminator)),
        {"": Sheet(strips(rows, [str(number) for number in shown]), caption(attribute, best, seed))},
        {
            "attribute": attribute, "judge": predictor.about,
            "accuracy": {term.name: none_if_unknown(predictor.accuracy[term.name]) for term in wanted},
            "sound": sound_by(predictor, discriminator), "seed": seed, "samples": count, "with": int(samples.has.sum()),
            "chosen_on": min(CHOSEN_ON, int(samples.has[choose].sum())), "measured_on": len(which), "aim": AIM,
            "reached_when_chosen": reached, "layer": best.layer, "layers": len(layers(generator.net)),
            "maps": list(best.maps), "of": best.of, "by": best.by, "whole_before": before, "samples_differ": differ,
            "effects": {name: asdict(effect) for name, effect in effects.items()}, "shown": shown.tolist(),
        },
        ("dropped", "object lost", "sound pictures", "lost, no less sound", "other attributes", "pixels"),
        (
            ("nothing", "0 %", percent(before), "0 %", "0 σ", "0 %"),
            *((name, *cells(effect)) for name, effect in effects.items()),
        ),
        samples.z[shown],
        None if samples.labels is None else samples.labels[shown],
    )  # fmt: skip


def parted(samples: Samples, attribute: str) -> list[NDArray[np.int64]]:
    """Which samples the maps are found by, chosen on and measured on. Raises InputError where a part lacks either kind."""
    count = len(samples.has)
    parts = np.split(np.arange(count), (count // 2, 3 * count // 4))
    for part in parts:
        having = int(samples.has[part].sum())
        few, what = min((having, "have"), (len(part) - having, "lack"))
        if few < FEWEST:
            raise InputError(
                f"--attribute {attribute}: only {few} of {len(part):,} samples {what} it, and {FEWEST} are needed: give "
                f"more samples (-n), or another attribute."
            )
    return parts


def read(samples: Samples, find: NDArray[np.int64], numbers: Sequence[int], tally: Tally) -> list[Layer]:
    """What the maps of layers are, over some samples, and how they tell those with the object.

    Of a map counts its mean over the region, by how much each place of it differs between pictures with the object and those
    without; places that differ less than half as much as the one that does most don't count.
    """
    has = samples.has[find]
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
            sums[i] = sums[i] + maps[~samples.has[part]].double().sum(0)
        tally(len(part))
    return [
        Layer(number, weights(torch.cat(its).numpy(), has), (whole / int((~has).sum())).float())
        for number, its, whole in zip(numbers, features, sums, strict=True)
    ]


def chosen(
    samples: Samples,
    on: NDArray[np.int64],
    known: Sequence[Layer],
    shares: Sequence[float],
    ways: Sequence[str],
    tally: Tally,
) -> tuple[Dropping, float]:
    """Of all droppings the one that changes least while it reaches the aim, else the one that comes nearest to it; and
    how near that is."""
    tried = []
    for dropping in candidates(known, shares, ways):
        tried.append((dropping, samples.effect(on, samples.without(on, dropping))))
        tally(len(on))
    dropping, effect = min(tried, key=lambda one: (-min(one[1].clean, AIM), one[1].pixels))
    return dropping, effect.clean


def sentence(
    attribute: str, best: Dropping, effects: Sequence[Effect], before: float, differ: float, count: int, judged_by: str
) -> str:
    """What one sees, in words. before: share of sound pictures before; differ: mean difference of a pixel between two samples."""
    ours, others = effects[:2]
    if ours.lost <= others.lost + APART:
        verdict = "No maps were found that draw the object"
    elif ours.lost < MOST:
        verdict = "These maps have a part in the object, but don't draw it alone"
    elif before - ours.whole > HARM or ours.pixels > MUCH * differ:
        verdict = "The object goes, and with it much of the picture"
    else:
        verdict = "The object is drawn by maps that can be told apart"
    return (
        f"{verdict}: with {best.words}, {percent(ours.lost)} of {count} samples with {attribute} lose it, against "
        f"{percent(others.lost)} with as many others. Sound pictures are {percent(before)} of these samples before and "
        f"{percent(ours.whole)} after, says {judged_by}; other attributes move by {ours.others:.2f} of their standard "
        f"deviations, and a pixel by {percent(ours.pixels / max(differ, 1e-12))} of what it differs by between two samples."
    )


def caption(attribute: str, best: Dropping, seed: int) -> str:
    """What the sheet shows."""
    return (
        f"Samples of seed {seed} with {attribute}, by number, none of which the maps were chosen on: as they are, with "
        f"{best.words}, the difference of the two, and with as many of the layer's other maps replaced."
    )


def cells(effect: Effect) -> tuple[str, ...]:
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
