"""What is known of a generator's originality, and how it is said (see copying)."""

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from figment.metrics.two_samples import normal_cdf
from figment.similarity.nearest import Neighbours
from figment.similarity.parts import PARTS

MAX_CHANCE = 0.01  # below which a difference is called one
STRONG_LEAN = 4.0  # z of a lean that is said first: by chance one generator in thirty thousand has it
TELLING_SHARE, UNTOLD_SHARE = 0.9, 0.5  # of planted copies found: above, a kind is told reliably; below, it isn't said
# A copy that is surer than any of MIN_HELD_OUT pictures by CERTAIN_GAP, or of fewer by the other, counts alone.
CERTAIN_GAP, CERTAIN_GAP_OF_FEW = 0.3, 1.0  # in Fisher's z
MIN_HELD_OUT = 200
LOOKALIKE_SHARE = 0.003  # of samples, which may pass for copies by chance: of no copies about one in a thousand does
MAX_LOOKALIKE_SHARE = 0.05  # of samples: fewer may be look-alikes, where nothing tells how often these are met
LISTED_PAIRS = 100  # of as_record(), of either kind
QUANTILES = (0, 0.01, 0.1, 0.5, 0.9, 1)  # of distances, in as_record()


@dataclass(frozen=True)
class Pair:
    """A generated picture and a training picture.

    score: how far their likeness lies above the level from which a pair is a copy, in Fisher's z; None for a pair that
    was found by distance. distance: None where it isn't the generated picture's nearest. kind: how the generated picture
    copies the training picture (see copy_matches.KINDS): whole, recoloured, turned, enlarged, left half, …, or blend,
    with which other training picture, the second.
    """

    generated: int
    train: int
    mirrored: bool
    score: float | None
    distance: float | None
    kind: str = "whole"
    second: int | None = None
    second_mirrored: bool = False


@dataclass(frozen=True, eq=False)
class Copying:
    """How original generated pictures are. Shares lie in 0 … 1. None is what can't be said; `unsaid` tells why.

    generated, train, held_out: numbers of pictures. space: what distances are of: "pixels", grey levels a pixel of
    pictures reduced to 16×16, or a network's name. called: what the pictures are that copies are looked for among.

    Copies. copied_share: verified ones; copied_interval: its 95 % interval; copied_share_held_out: the same among
    held-out pictures; copied_p: the chance of as many copies or more, if held-out pictures were copies as often.
    highest_held_out: the highest score (see Pair) of a held-out picture. copies: the best pair of each copied picture,
    surest first. levels: correlations in BANDS (see lookup) that make a copy, by FAMILIES (see copy_matches). detectable:
    the share that is found of copies of each kind that were planted (see planted). closest: up to 16 pairs to look at,
    copies first.

    Distances. nearest: of each generated picture. held_out_distances: of each held-out picture to its nearest.
    nearer_share, nearer_p: generated pictures nearer than the nearest 1 % of held-out ones, and the chance of so many.
    test_z, p_value: Mann and Whitney's test of both distances; z below 0: generated ones are nearer; p is one-sided.
    ct: the same cell by cell, C_T (see data_copying). Blurred pictures lie near to all others, copied or not, so z, C_T
    and nearer_share are below 0, or above 1 %, for a blurry generator as well. lean isn't misled by that: the z-score
    of how many samples are nearer to a training than to every held-out picture (see two_samples.lean), above 0 for more
    than if it were all the same to the generator which pictures were held out.

    auth_pct, auth_pct_held_out: percent of pictures that are authentic, farther from their nearest training picture
    than that is from its own nearest other one: authenticity of Alaa et al. 2022 (arXiv 2102.08921).
    """

    generated: int
    train: int
    held_out: int
    space: str
    copied_share: float
    copied_interval: tuple[float, float]
    copied_share_held_out: float | None
    copied_p: float | None
    highest_held_out: float | None
    copies: list[Pair]
    levels: dict[str, tuple[float, ...]]
    detectable: dict[str, float]
    nearest: Neighbours
    held_out_distances: NDArray[np.float64]
    nearer_share: float | None
    nearer_p: float | None
    test_z: float | None
    p_value: float | None
    ct: float | None
    lean: float | None
    auth_pct: float | None
    auth_pct_held_out: float | None
    closest: list[Pair]
    unsaid: list[str]
    called: str = "training pictures"

    def in_short(self) -> str:
        """A few words: what of copying is sure."""
        if self._sure():
            return f"{len(self.copies):,} of {self.generated:,} are copies"
        if self.leans_strongly():
            return "it leans to its training pictures"
        if self.copies:
            return "a few could be copies"
        telling = min(self.detectable.values(), default=0) >= TELLING_SHARE
        return "nothing copied" if telling else "nothing copied as far as could be told"

    def verdict(self) -> str:
        """A sentence on copies, what of them could be told at all, and a sentence on distances where there is one."""
        text = self._on_copies() + self._on_detection()
        if self.leans_strongly() and not self._sure():
            so = f"as a whole samples lie nearer to them than to held-out pictures (z {self.lean:.1f})"
            return f"It leans to its {self.called}: {so}, though no single one is a sure copy. {text}"
        return text + self._on_distances()

    def leans_strongly(self) -> bool:
        """Whether samples as a whole repeat the training pictures, beyond doubt."""
        return self.lean is not None and self.lean >= STRONG_LEAN

    def is_suspect(self) -> bool:
        """Whether there is a sign of copying that heads the summary."""
        return self._sure() or self.leans_strongly()

    def _sure(self) -> bool:
        """Whether there are copies, and look-alikes don't explain them."""
        return bool(self.copies) and (not self._may_be_chance() or self._certain())

    def _on_copies(self) -> str:
        count, floor = len(self.copies), round((self.copied_share_held_out or 0) * self.held_out)
        beside = (
            f"among held-out pictures {floor:,} of {self.held_out:,}" if self.held_out else "no picture is held out"
        )
        of = f"{count:,} of {self.generated:,} samples ({100 * self.copied_share:.3g} %)"
        if not count:
            most = f"at most {100 * self.copied_interval[1]:.2g} % of all are, at 95 % confidence"
            none = f"none of {self.generated:,} samples is one of {self.train:,} {self.called}"
            exact = "exact " * (self.detectable.get("hardly changed", 1) < UNTOLD_SHARE)
            return f"No {exact}copies: {none} ({most}); {beside}."
        if not self._sure():
            others = f"{floor:,} of {self.held_out:,} held-out pictures"
            could = f"{of} could pass for {f'a {self.called[:-1]}' if count == 1 else self.called}"
            few = count <= LOOKALIKE_SHARE * self.generated
            alone = f"{'as about one in a thousand does that is no copy; ' * few}{beside}"
            so = f"but so could {others}" if floor else alone
            return f"No sure sign of copying: {could}, {so}. Look at the pairs."
        verb = f"is a {self.called[:-1]}" if count == 1 else f"are {self.called}"
        return f"Copies: {of} {verb}, {self._kinds_found()}; {beside}."

    def _kinds_found(self) -> str:
        """How many copies are of which kind, most frequent first."""
        counts = Counter(_SAID.get(pair.kind, pair.kind) for pair in self.copies)
        said = [kind if len(counts) == 1 else f"{count:,} {kind}" for kind, count in counts.most_common()]
        return listed(said)

    def _on_detection(self) -> str:
        """What could be told, by the copies that were planted."""
        if not self.detectable:
            return " Which kinds of copies could be told on these pictures isn't known."
        shares = self.detectable.items()
        found = [kind for kind, share in shares if share >= TELLING_SHARE]
        partly = [f"{kind} ({100 * share:.0f} %)" for kind, share in shares if UNTOLD_SHARE <= share < TELLING_SHARE]
        hidden = [f"{kind} ({100 * share:.0f} %)" for kind, share in shares if share < UNTOLD_SHARE]
        if len(hidden) == len(self.detectable):
            return f" On these pictures only near-exact copies can be told: of planted ones few are found, {listed(hidden)}."
        if len(found) == len(self.detectable):
            return f" Copies planted for a test are nearly all found, be they {', '.join(found[:-1])} or {found[-1]}."
        said = [f"nearly all that are {listed(found)}"] * bool(found)
        said += [f"not all that are {listed(partly)}"] * bool(partly)
        unseen = f"; those that are {listed(hidden)} would mostly go unseen" * bool(hidden)
        return f" Of copies planted for a test it finds {listed(said)}{unseen}."

    def _may_be_chance(self) -> bool:
        """Whether held-out pictures could pass as often; where none are held out, whether few do at all."""
        return self.copied_share <= MAX_LOOKALIKE_SHARE if self.copied_p is None else self.copied_p >= MAX_CHANCE

    def _certain(self) -> bool:
        """Whether a copy is surer than any held-out picture by far, so that one is enough."""
        surest = max((pair.score or 0 for pair in self.copies), default=0)
        gap = CERTAIN_GAP if self.held_out >= MIN_HELD_OUT else CERTAIN_GAP_OF_FEW
        return surest > max(self.highest_held_out or 0, 0) + gap

    def _on_distances(self) -> str:
        if self.test_z is None or self.p_value is None or self.lean is None:
            return ""
        if normal_cdf(-self.lean) < MAX_CHANCE:
            return (
                f" As a whole samples lean to the training pictures rather than to held-out ones (z {self.lean:.1f})."
            )
        if self._sure():  # which says more
            return ""
        text = " As a whole samples don't lean to the training pictures rather than to held-out ones"
        blurry = ", though they lie near to both, as blurry pictures do"
        return f"{text}{blurry * (self.p_value < MAX_CHANCE)}."

    def as_record(self) -> dict[str, Any]:
        """Plain numbers for JSON, rounded; of distances the quantiles, of copies the surest hundred."""
        arrays = ("nearest", "held_out_distances", "copies", "closest")
        record = {key: _rounded(value) for key, value in vars(self).items() if key not in arrays}
        distances = {"generated": self.nearest.distance, "held_out": self.held_out_distances}
        found = {key: _rounded(np.quantile(its, QUANTILES).tolist()) for key, its in distances.items() if len(its)}
        record["nearest"] = {"quantiles": list(QUANTILES), **found}
        for key in ("copies", "closest"):
            pairs = getattr(self, key)[:LISTED_PAIRS]
            record[key] = [{name: _rounded(value) for name, value in asdict(pair).items()} for pair in pairs]
        return {**record, "verdict": self.verdict()}


_SAID = {"whole": "whole, mirrored or hardly changed", "blend": "blended with another", "centre": "in the centre"} | {
    part: f"in a {part.split()[-1]}" for part in PARTS if part != "centre"
}


def listed(words: list[str]) -> str:
    """a; a and b; a, b and c."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    return value
