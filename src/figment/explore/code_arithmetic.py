"""Arithmetic with codes: A − B + C, each term the mean of a few exemplars (Radford et al., arXiv 1511.06434, section 6.3.2).

Sums are made in Gaussian space. There the sum of three means of three exemplars lies as far out as the prior's own codes,
since its variance is 3 · 1/3; a sum of single exemplars lies √3 times as far, where the generator has never been.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

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
from figment.explore.group_texts import is_conditions
from figment.explore.groups import CANDIDATES_EACH, Group, clearest, mean_code, refuse_single
from figment.finding import Finding, Sheet
from figment.generator import Generator
from figment.media.strips import Row

NOISY_SUMS = 8  # around the result, which with them makes a square of 3 × 3
NOISE_DEVIATIONS = 0.25 * math.sqrt(3)  # the paper's ±0.25 of codes on (−1, 1), whose deviation is 1/√3
MAX_NAME_CHARACTERS = 40  # of a group in titles and sentences
SUM, NOISY, SINGLES = "A − B + C", "with noise", "of singles"


@dataclass(frozen=True, eq=False)
class CodeArithmetic:
    """A − B + C: the exemplars, their means, the sum with small noise around it, and sums of single exemplars.

    groups: A, B and C. pictures: uint8 (N, C, H, W) by kind: of the exemplars "A", "B", "C", "mean of A" and so on,
    "A − B + C", "with noise", "of singles". codes, float32, and labels, int64, or None: of all pictures in this order.
    sum_norm: of the sum's code in Gaussian space. class_name: that all are drawn in. wanted: the conditions for the sum, in
    words; scores: means of the attributes in these, by kind, and met: how many pictures of a kind meet them, by kind, for all
    kinds but the exemplars; both are empty where nothing is wanted or can be read. read_by: what read them.
    """

    seed: int
    groups: dict[str, Group]
    pictures: dict[str, Tensor]
    codes: Tensor
    labels: Tensor | None
    sum_norm: float
    class_name: str | None
    wanted: str
    scores: dict[str, dict[str, float]]
    met: dict[str, int]
    read_by: str | None

    def finding(self, name: str = "") -> Finding:
        """In words, a table of what was read, and two sheets; name: tells it from others of its kind."""
        return Finding(
            "arithmetic",
            _sentence(self),
            {"": _main_sheet(self), "singles": _sheet_of_singles(self)},
            {
                "seed": self.seed,
                "groups": {letter: {"name": its.name, "samples": list(its.numbers)} for letter, its in self.groups.items()},
                "order": "exemplars of A, B and C, the means of A, B and C, the sum, the sum with noise, sums of singles",
                "noise": NOISE_DEVIATIONS, "norm": self.sum_norm, "class": self.class_name,
                "wanted": self.wanted, "met": self.met, "judge": self.read_by, "read": self.scores,
            },
            ("", "pictures", *self.scores[SUM], "as wanted") if self.scores else (),
            tuple(
                (kind, str(len(self.pictures[kind])), *(f"{mean:.2f}" for mean in means.values()), f"{self.met[kind]}")
                for kind, means in self.scores.items()
            ),
            self.codes,
            self.labels,
            name,
        )  # fmt: skip


def arithmetic(
    generator: Generator, a: Group, b: Group, c: Group, seed: int = 0, label: str | None = None,
    predictor: AttributePredictor | None = None, wanted: Sequence[Condition] = (),
) -> CodeArithmetic:  # fmt: skip
    """A − B + C: the exemplars, their means, and the sum with small noise around it; beside them sums of single exemplars.

    Parameters
    ----------
    generator : Generator
    a, b, c : Group
        Exemplars: see groups.numbered_group, groups.group_meeting, and group_texts.choose_groups.
    seed : int
        Of the noise.
    label : str, optional
        Class in which a generator with classes draws all; by default that of the seed's sample 0.
    predictor : AttributePredictor, optional
        Reads the pictures.
    wanted : sequence of Condition
        What the sum should have, as the predictor reads it: see expected_conditions.

    Returns
    -------
    CodeArithmetic

    Raises
    ------
    InputError
        For a group of fewer than two, or an unknown label.
    """
    groups = {"A": a, "B": b, "C": c}
    for letter, group in groups.items():
        refuse_single(f"--{letter.lower()}", group)
    prior, singles = generator.recipe.prior, min(map(len, groups.values()))
    total = add_codes(a.codes, b.codes, c.codes, prior)
    of_singles = [add_codes(a.codes[i : i + 1], b.codes[i : i + 1], c.codes[i : i + 1], prior) for i in range(singles)]
    drawn = {
        **{letter: group.codes for letter, group in groups.items()},
        **{f"mean of {letter}": _mean(group, prior)[None] for letter, group in groups.items()},
        SUM: total[None],
        NOISY: with_noise(total, prior, seed),
        SINGLES: torch.stack(of_singles),
    }
    z = torch.cat(list(drawn.values()))
    labels = _one_class(generator, len(z), seed, label)
    pictures = dict(zip(drawn, generator.decode(z, labels).split(list(map(len, drawn.values()))), strict=True))
    kinds = [kind for kind in drawn if kind not in groups]
    read = {kind: predictor.predict(pictures[kind].numpy()) for kind in kinds} if predictor and wanted else {}
    attributes = list(dict.fromkeys(condition.name for condition in wanted))
    return CodeArithmetic(
        seed, groups, pictures, z, labels,
        float(codes.to_gaussian(total.double(), prior).norm()),
        None if labels is None else generator.classes[int(labels[0])],
        condition_text(wanted, predictor),
        {kind: {name: float(scores[name].mean()) for name in attributes} for kind, scores in read.items()},
        {kind: int(satisfied(scores, wanted).sum()) for kind, scores in read.items()},
        predictor.about if predictor and read else None,
    )  # fmt: skip


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


def expected_conditions(a: Sequence[Condition], b: Sequence[Condition], c: Sequence[Condition]) -> list[Condition]:
    """What the sum of three groups of these conditions should have, if codes can be added.

    Where A and B are on opposite sides of an attribute it is nearer to A than to B; all else is as in C.
    """
    opposite = {t.name: (t, u) for t in a for u in b if t.name == u.name and t.sign[0] != u.sign[0]}
    nearer = [Condition(name, t.sign[0], (t.limit + u.limit) / 2) for name, (t, u) in opposite.items()]
    return [*nearer, *(term for term in c if term.name not in opposite)]


def wanted_conditions(
    predictor: AttributePredictor | None, a: str, b: str, c: str, wanted: str | None = None
) -> list[Condition]:
    """What a sum should have: the conditions wanted, else what is expected of groups that are all given by conditions.

    a, b, c: the groups as texts (see group_texts). Raises InputError as parse_conditions does.
    """
    if predictor is None:
        return []
    if wanted:
        return parse_conditions(wanted, predictor, "--wanted")
    if not all(map(is_conditions, (a, b, c))):
        return []
    return expected_conditions(*(parse_conditions(text, predictor) for text in (a, b, c)))


def success_rate(
    generator: Generator, predictor: AttributePredictor, seen: Readings, a: str, b: str, c: str, wanted: str, exemplars: int = 3,
    cases: int = 100, seed: int = 0, label: str | None = None,
) -> float:  # fmt: skip
    """The share of sums A − B + C whose picture meets the conditions wanted, over random groups of so many exemplars.

    seen: samples that the exemplars are drawn from; a, b, c: conditions that these meet (see parse_conditions). As in
    group_meeting, of four times as many drawn ones the clearest are taken, of single exemplars as well. label: the class
    that all are drawn in. Raises InputError where fewer than exemplars samples meet a condition.
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


def _mean(group: Group, prior: str) -> Tensor:
    return codes.from_gaussian(mean_code(group.codes, prior), prior).float()


def _main_sheet(found: CodeArithmetic) -> Sheet:
    """A row a group, its exemplars and its mean, room where others have more; below the sum among those with noise."""
    most = max(map(len, found.groups.values()))
    rows: list[Row] = []
    for letter, group in found.groups.items():
        pictures = found.pictures[letter]
        room = torch.full((most - len(pictures), *pictures.shape[1:]), 255, dtype=torch.uint8)
        rows.append(
            (f"{letter}\n{_short(group.name)}", torch.cat([pictures, room, found.pictures[f"mean of {letter}"]]))
        )
    noisy, half = found.pictures[NOISY], NOISY_SUMS // 2
    square = torch.cat([noisy[:half], found.pictures[SUM], noisy[half:]]).split(3)
    rows += zip(("", f"{SUM}\nand noise around it", ""), square, strict=True)
    of_class = "" if found.class_name is None else f" All are of the class {found.class_name}."
    return Sheet.of_strips(
        rows,
        "Three groups, each with the picture of its mean code last in its row; below, in the middle of the square, "
        f"A − B + C of the means, and around it the same with a little uniform noise.{of_class}",
        titles=[*[""] * most, "mean"],
    )


def _sheet_of_singles(found: CodeArithmetic) -> Sheet:
    rows: list[Row] = [
        (f"exemplar {i + 1}", torch.stack([*(found.pictures[letter][i] for letter in found.groups), picture]))
        for i, picture in enumerate(found.pictures[SINGLES])
    ]
    return Sheet.of_strips(
        rows, "The same sum of one exemplar each: three codes, and what they give.", titles=[*found.groups, SUM]
    )


def _sentence(found: CodeArithmetic) -> str:
    a, b, c = (f"{len(group)} codes ({_short(group.name)})" for group in found.groups.values())
    said = f"The mean of {a} less that of {b} plus that of {c}"
    if not found.met:
        return f"{said} gives the picture in the middle; those around it show whether it holds under small noise."
    has = "has" if found.met[SUM] else "hasn't"
    already = ""
    if found.met[SUM] and found.met["mean of C"]:
        already = " But the mean of the third group has it already, so that nothing shows it to come of the sum."
    return (
        f"{said} {has} what it should ({found.wanted}), as read from its picture; with small noise around it "
        f"{found.met[NOISY]} of {len(found.pictures[NOISY])} have it, and of sums of single exemplars "
        f"{found.met[SINGLES]} of {len(found.pictures[SINGLES])}.{already}"
    )


def _short(name: str) -> str:
    return name if len(name) <= MAX_NAME_CHARACTERS else f"{name[: MAX_NAME_CHARACTERS - 1]}…"
