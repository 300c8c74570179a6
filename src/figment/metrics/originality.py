"""What is known of a generator's originality, and how it is said (see copying)."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from figment.metrics.two_samples import normal_cdf
from figment.similarity.nearest import Neighbours

MAX_CHANCE = 0.01  # below which a difference is called one
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
    was found by distance. distance: None where it isn't the generated picture's nearest.
    """

    generated: int
    train: int
    mirrored: bool
    score: float | None
    distance: float | None


@dataclass(frozen=True, eq=False)
class Copying:
    """How original generated pictures are. Shares lie in 0 … 1. None is what can't be said; `unsaid` tells why.

    generated, train, held_out: numbers of pictures. space: what distances are of: "pixels", grey levels a pixel of
    pictures reduced to 16×16, or a network's name. called: what the pictures are that copies are looked for among.

    Copies. copied_share: verified ones; copied_interval: its 95 % interval; copied_share_held_out: the same among
    held-out pictures; copied_p: the chance of as many copies or more, if held-out pictures were copies as often.
    highest_held_out: the highest score (see Pair) of a held-out picture. copies: the best pair of each copied picture,
    surest first. levels: correlations in BANDS (see lookup) that make a copy. closest: up to 16 pairs to look at,
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
    levels: tuple[float, ...]
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

    def verdict(self) -> str:
        """A sentence on copies, and one on distances where there is something to be said."""
        count, floor = len(self.copies), round((self.copied_share_held_out or 0) * self.held_out)
        beside = (
            f"among held-out pictures {floor:,} of {self.held_out:,}" if self.held_out else "no picture is held out"
        )
        of = f"{count:,} of {self.generated:,} samples ({100 * self.copied_share:.3g} %)"
        if not count:
            most = f"at most {100 * self.copied_interval[1]:.2g} % of all are, at 95 % confidence"
            none = f"none of {self.generated:,} samples is one of {self.train:,} {self.called}"
            text = f"No copies: {none} ({most}); {beside}."
        elif self._may_be_chance() and not self._certain():
            others = f"{floor:,} of {self.held_out:,} held-out pictures"
            could = f"{of} could pass for {f'a {self.called[:-1]}' if count == 1 else self.called}"
            few = count <= LOOKALIKE_SHARE * self.generated
            alone = f"{'as about one in a thousand does that is no copy; ' * few}{beside}"
            so = f"but so could {others}" if floor else alone
            text = f"No sure sign of copying: {could}, {so}. Look at the pairs."
        else:
            verb = f"is a {self.called[:-1]}" if count == 1 else f"are {self.called}"
            text = f"Copies: {of} {verb}, whole, mirrored, slightly cropped or otherwise hardly changed; {beside}."
        return text + self._on_distances()

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


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    return value
