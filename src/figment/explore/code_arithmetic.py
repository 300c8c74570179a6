"""Arithmetic with codes: A − B + C, each term the mean of a few exemplars (Radford et al., arXiv 1511.06434, section 6.3.2).

Sums are made in Gaussian space. There the sum of three means of three exemplars lies as far out as the prior's own codes,
since its variance is 3 · 1/3; a sum of single exemplars lies √3 times as far, where the generator has never been.
"""

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from figment import codes
from figment.attributes.conditions import Condition, condition_text, margins, parse_conditions, satisfied
from figment.attributes.predictor import AttributePredictor
from figment.attributes.readings import Readings
from figment.common.seeds import generator_at
from figment.errors import InputError
from figment.explore.groups import CANDIDATES_EACH, Group, clearest, mean_code, refuse_single
from figment.finding import Finding, Sheet
from figment.generator import Generator
from figment.media.strips import Row, strips

NOISY_SUMS = 8  # around the result, which with them makes a square of 3 × 3
NOISE_DEVIATIONS = 0.25 * math.sqrt(3)  # the paper's ±0.25 of codes on (−1, 1), whose deviation is 1/√3, in deviations


def add_codes(a: Tensor, b: Tensor, c: Tensor, prior: str) -> Tensor:
    """mean(a) − mean(b) + mean(c) of codes (K, d) each, as a code of the prior: float32 (d,).

    Summed in Gaussian space, and drawn in to the norm √d of the prior's codes where it lies further out.
    """
    total = mean_code(a, prior) - mean_code(b, prior) + mean_code(c, prior)
    usual = math.sqrt(len(total))
    return codes.from_gaussian(total * min(1.0, usual / max(float(total.norm()), 1e-12)), prior).float()


def with_noise(code: Tensor, prior: str, seed: int = 0, count: int = NOISY_SUMS) -> Tensor:
    """A code (d,) with uniform noise added, as in the paper's figure 7: float32 (count, d)."""
    noise = torch.rand(count, len(code), generator=generator_at(seed, "around"), dtype=torch.float64)
    return codes.shifted(code.expand(count, -1), NOISE_DEVIATIONS * (2 * noise - 1), prior)


def arithmetic(
    generator: Generator, a: Group, b: Group, c: Group, seed: int = 0, label: str | None = None, name: str = "",
    predictor: AttributePredictor | None = None, wanted: Sequence[Condition] = (),
) -> Finding:  # fmt: skip
    """A − B + C: the exemplars, their means, and the sum with small noise around it; beside them sums of single exemplars.

    A generator with classes draws all in the class that label names, or in that of sample 0. wanted: what the sum should
    have, as the predictor reads it (see expected). Raises InputError for a group of fewer than two.
    """
    groups = {"A": a, "B": b, "C": c}
    for letter, group in groups.items():
        refuse_single(f"--{letter.lower()}", group)
    prior, singles = generator.recipe.prior, min(map(len, groups.values()))
    means = [codes.from_gaussian(mean_code(group.codes, prior), prior).float() for group in groups.values()]
    result = add_codes(a.codes, b.codes, c.codes, prior)
    alone = [add_codes(a.codes[i : i + 1], b.codes[i : i + 1], c.codes[i : i + 1], prior) for i in range(singles)]
    drawn = [*(group.codes for group in groups.values()), torch.stack(means), result[None], with_noise(result, prior, seed),
             torch.stack(alone)]  # fmt: skip
    z = torch.cat(drawn)
    labels = _one_class(generator, len(z), seed, label)
    *exemplars, of_means, of_result, noisy, of_singles = generator.decode(z, labels).split(list(map(len, drawn)))
    kinds = {"mean of A": of_means[:1], "mean of B": of_means[1:2], "mean of C": of_means[2:], "A − B + C": of_result,
             "with noise": noisy, "of singles": of_singles}  # fmt: skip
    scores = {kind: predictor.predict(shown.numpy()) for kind, shown in kinds.items()} if predictor and wanted else {}
    attributes = list(dict.fromkeys(term.name for term in wanted)) if scores else []
    met = {kind: int(satisfied(read, wanted).sum()) for kind, read in scores.items()}
    of_class = "" if labels is None else f" All are of the class {generator.classes[int(labels[0])]}."
    return Finding(
        "arithmetic",
        _sentence(groups, condition_text(wanted, predictor), met, {kind: len(shown) for kind, shown in kinds.items()}),
        {
            "": Sheet(
                strips([*_terms(groups, exemplars, of_means), *_square(of_result, noisy)],
                       [*[""] * max(map(len, exemplars)), "mean"]),
                "Three groups, each with the picture of its mean code last in its row; below, in the middle of the square, "
                f"A − B + C of the means, and around it the same with a little uniform noise.{of_class}",
            ),
            "singles": Sheet(
                strips([(f"exemplar {i + 1}", torch.stack([*(e[i] for e in exemplars), of_singles[i]]))
                        for i in range(singles)], ["A", "B", "C", "A − B + C"]),
                "The same sum of one exemplar each: three codes, and what they give.",
            ),
        },
        {
            "seed": seed, "groups": {k: {"name": g.name, "samples": list(g.numbers)} for k, g in groups.items()},
            "order": "exemplars of A, B and C, the means of A, B and C, the sum, the sum with noise, sums of singles",
            "noise": NOISE_DEVIATIONS, "norm": float(codes.to_gaussian(result.double(), prior).norm()),
            "class": None if labels is None else generator.classes[int(labels[0])],
            "wanted": condition_text(wanted, predictor), "met": met, "judge": predictor.about if predictor and scores else None,
            "read": {kind: {n: float(read[n].mean()) for n in attributes} for kind, read in scores.items()},
        },
        ("", "pictures", *attributes, "as wanted") if scores else (),
        tuple(
            (kind, str(len(kinds[kind])), *(f"{read[n].mean():.2f}" for n in attributes), f"{met[kind]}")
            for kind, read in scores.items()
        ),
        z,
        labels,
        name,
    )  # fmt: skip


def expected_conditions(a: Sequence[Condition], b: Sequence[Condition], c: Sequence[Condition]) -> list[Condition]:
    """What the sum of three groups of these conditions should have, if codes can be added.

    Where A and B are on opposite sides of an attribute it is nearer to A than to B; all else is as in C.
    """
    opposite = {t.name: (t, u) for t in a for u in b if t.name == u.name and t.sign[0] != u.sign[0]}
    nearer = [Condition(name, t.sign[0], (t.limit + u.limit) / 2) for name, (t, u) in opposite.items()]
    return [*nearer, *(term for term in c if term.name not in opposite)]


def success_rate(
    generator: Generator, predictor: AttributePredictor, seen: Readings, a: str, b: str, c: str, wanted: str, exemplars: int = 3,
    cases: int = 100, seed: int = 0, label: str | None = None,
) -> float:  # fmt: skip
    """The share of sums A − B + C whose picture meets the conditions wanted, over random groups of so many exemplars.

    seen: samples that the exemplars are drawn from; a, b, c: conditions that these meet (see parse_conditions). As in meeting, of
    four times as many drawn ones the clearest are taken, of single exemplars as well. label: the class that all are drawn
    in. Raises InputError where fewer than exemplars samples meet a condition.
    """
    rng, prior, pools = np.random.default_rng([seed, exemplars]), generator.recipe.prior, []
    for conditions in (a, b, c):
        conditioned = parse_conditions(conditions, predictor)
        met = np.flatnonzero(satisfied(seen.scores, conditioned))
        if len(met) < exemplars:
            raise InputError(f"{conditions}: only {len(met)} of {len(seen):,} samples meet it: ask for less.")
        pools.append((met, margins(seen.scores, conditioned)))

    def drawn(met: NDArray[np.int64], margin: NDArray[np.float64]) -> Tensor:
        choice = rng.choice(met, min(CANDIDATES_EACH * exemplars, len(met)), replace=False)
        return seen.codes[clearest(choice, margin, exemplars)]

    first, second, third = pools
    sums = [add_codes(drawn(*first), drawn(*second), drawn(*third), prior) for _ in range(cases)]
    pictures = generator.decode(torch.stack(sums), _one_class(generator, cases, seed, label))
    return float(satisfied(predictor.predict(pictures.numpy()), parse_conditions(wanted, predictor)).mean())


def _one_class(generator: Generator, count: int, seed: int, label: str | None) -> Tensor | None:
    labels = generator.labels(1, seed, label=label)
    return None if labels is None else labels.expand(count).contiguous()


def _terms(groups: dict[str, Group], exemplars: Sequence[Tensor], means: Tensor) -> list[Row]:
    """A row a group: its exemplars, room where others have more, and its mean."""
    most = max(map(len, exemplars))
    rows: list[Row] = []
    for (letter, group), pictures, its_mean in zip(groups.items(), exemplars, means, strict=True):
        room = torch.full((most - len(pictures), *pictures.shape[1:]), 255, dtype=torch.uint8)
        rows.append((f"{letter}\n{_short(group.name)}", torch.cat([pictures, room, its_mean[None]])))
    return rows


def _square(result: Tensor, noisy: Tensor) -> list[Row]:
    half = len(noisy) // 2
    square = torch.cat([noisy[:half], result, noisy[half:]]).split(3)
    return [(name, row) for name, row in zip(("", "A − B + C\nand noise around it", ""), square, strict=True)]


def _sentence(groups: dict[str, Group], wanted: str, met: dict[str, int], shown: dict[str, int]) -> str:
    a, b, c = (f"{len(group)} codes ({_short(group.name)})" for group in groups.values())
    said = f"The mean of {a} less that of {b} plus that of {c}"
    if not met:
        return f"{said} gives the picture in the middle; those around it show whether it holds under small noise."
    has = "has" if met["A − B + C"] else "hasn't"
    return (
        f"{said} {has} what it should ({wanted}), as read from its picture; with small noise around it "
        f"{met['with noise']} of {shown['with noise']} have it, and of sums of single exemplars "
        f"{met['of singles']} of {shown['of singles']}."
    )


def _short(name: str) -> str:
    return name if len(name) <= 40 else f"{name[:39]}…"
