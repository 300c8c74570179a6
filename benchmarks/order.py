"""Which network tells better pictures from worse? 63 pairs whose order nobody doubts, of any set of pictures.

    python benchmarks/order.py [DATA …] [--size 64] [--features lite0 random gradients onnx:FILE …] [--count 1000]
        [--reference 2000] [--n 100 200 500 1000] [--draws 5] [--other DATA] [--run RUN …] [--seed 0] [--wrong] [--json FILE]
    python benchmarks/order.py --merge FILE …

DATA: whatever figment trains on, `portraits`, or `radiographs` and `emoji`, which are drawn here. A network's name may end
in @SIDE: lite0@96 sees pictures of 96 px. Of each DATA a part is the reference; sets of N others are made worse in nine
ways (degradations.py), each in several strengths. A pair is right where a score calls its better set better; N is tried in
several draws where there are pictures for it. With --run, snapshots of a run against its own pictures: the one that has
seen at least twice as many images is the better one. Scores: FD, KID; precision (which has no say about lost variety, the
modes) and coverage. --merge shows several --json files as one table.

Then, at the largest N: how far the mildest worse sets that must be told lie from reals, in standard errors of KID.
"""

import argparse
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from degradations import KINDS, Material, Pictures
from drawn_sets import emoji, radiographs
from figment.common.pixels import to_rgb
from figment.data.bank.prepare import prepare
from figment.features.base import Extractor
from figment.features.efficientnet_lite import lite0_extractor
from figment.features.registry import extractor
from figment.generator import load
from figment.metrics.estimate import Estimate
from figment.metrics.frechet import distance, gaussian
from figment.metrics.precision_recall import precision_recall
from figment.metrics.scores import Reference
from figment.run import Run

DRAWN = {"radiographs": radiographs, "emoji": emoji}
DRAWN_PICTURES = 4000
MIN_RATIO = 2  # of images seen, from which a later snapshot surely is the better one
SCORES = ("FD", "KID", "precision", "coverage")
MUST_TELL = (("blur", 1), ("JPEG", 90), ("reduction", 4))  # from reals
SNAPSHOTS = "snapshots"


@dataclass(frozen=True)
class Judged:
    """One set as a network sees it: N pictures of draw `draw`, by each score; kid_error is KID's standard error."""

    data: str
    network: str
    milliseconds: float  # a picture
    kind: str
    strength: float
    n: int
    draw: int
    scores: dict[str, float]
    kid_error: float


@dataclass(frozen=True)
class Pair:
    """A better and a worse set, and which scores have them the right way round; a tie is half right."""

    better: Judged
    worse: Judged

    def right(self, score: str) -> float | None:
        kind = next((kind for kind in KINDS if kind.name == self.better.kind), None)
        if score == "precision" and kind and kind.variety:
            return None
        gain = self.better.scores[score] - self.worse.scores[score]
        return (float(np.sign(gain if score in ("precision", "coverage") else -gain)) + 1) / 2


def network_named(name: str) -> Extractor:
    kind, _, side = name.partition("@")
    if not side:
        return extractor(name)
    if kind != "lite0":
        raise SystemExit(f"{name}: only lite0 takes a side")
    found = lite0_extractor("cpu", int(side))
    found.name = name
    return found


def pictures_of(data: str, size: int) -> Pictures:
    """All pictures of a set, in colour."""
    if data in DRAWN:
        return DRAWN[data](DRAWN_PICTURES, size)
    bank = prepare(None if data == "portraits" else data, size)
    return to_rgb(np.asarray(bank.pictures))


def degraded(reals: Pictures, others: Pictures, count: int, seed: int) -> Iterator[tuple[str, float, Pictures]]:
    """The reals, as strength 0 of no kind, and every worse set, each of its own draw."""
    material = Material.of(reals, others)
    yield "reals", 0, material.draw(count, np.random.default_rng([seed, 0]))
    for place, kind in enumerate(KINDS, 1):
        for strength in kind.strengths:
            random = np.random.default_rng([seed, place, round(100 * strength)])
            yield kind.name, strength, kind.make(material, count, strength, random)


def snapshots(run: Run, count: int, seed: int) -> Iterator[tuple[str, float, Pictures]]:
    """Samples of the run's snapshots; the strength is what images they have seen, less is worse."""
    for images, file in run.snapshots().items():
        yield SNAPSHOTS, images, to_rgb(load(file).sample(count, seed).numpy())


def judged(
    data: str,
    sets: Sequence[tuple[str, float, Pictures]],
    reference: Pictures,
    network: Extractor,
    sizes: Sequence[int],
    draws: int,
) -> list[Judged]:
    """All sets by all scores, at every N, in at most so many draws."""
    network(reference[: network.batch])
    start = perf_counter()
    theirs = Reference(network(reference))
    milliseconds = 1000 * (perf_counter() - start) / len(reference)
    found = []
    for kind, strength, pictures in sets:
        features = network(pictures)
        for n in sizes:
            for draw in range(min(draws, len(features) // n)):
                scores, error = scored(features[draw * n : (draw + 1) * n], theirs)
                found.append(Judged(data, network.name, milliseconds, kind, strength, n, draw, scores, error))
    return found


def scored(features: NDArray, theirs: Reference) -> tuple[dict[str, float], float]:
    """By name, and KID's standard error."""
    kid: Estimate = theirs.kernel(features)
    near = precision_recall(features, theirs.features)
    scores = {
        "FD": distance(gaussian(features), theirs.gaussian),
        "KID": kid.value,
        "precision": near.precision,
        "coverage": near.coverage,
    }
    return scores, kid.error


def pairs_of(found: Sequence[Judged]) -> list[Pair]:
    """All pairs of the same set, network, N and draw."""
    by_place = {(j.data, j.network, j.n, j.draw, j.kind, j.strength): j for j in found}
    pairs = []
    for where in dict.fromkeys((j.data, j.network, j.n, j.draw) for j in found):
        for kind in KINDS:
            for better, worse in kind.pairs():
                first = (*where, kind.name, better) if better else (*where, "reals", 0)
                if first in by_place and (*where, kind.name, worse) in by_place:
                    one = by_place[first]
                    pairs.append(Pair(Judged(**(vars(one) | {"kind": kind.name})), by_place[*where, kind.name, worse]))
        seen = [j for place, j in by_place.items() if place[:4] == where and j.kind == SNAPSHOTS]
        pairs += [
            Pair(late, early) for early in seen for late in seen if late.strength >= MIN_RATIO * early.strength > 0
        ]
    return pairs


def table(found: Sequence[Judged]) -> list[str]:
    """Markdown: a row for each set, network and N; and one for each network and N of all sets, where there are several."""
    pairs = pairs_of(found)
    sets = list(dict.fromkeys(j.data for j in found))
    lines = ["| pictures | network | ms a picture | N | pairs | " + " | ".join(SCORES) + " |"]
    lines.append("|---" * (5 + len(SCORES)) + "|")
    for data in [*sets, "all"] if len(sets) > 1 else sets:
        for network, n in dict.fromkeys((j.network, j.n) for j in found):
            own = [
                p for p in pairs if (p.better.network, p.better.n) == (network, n) and data in (p.better.data, "all")
            ]
            if own:
                times = dict.fromkeys((p.better.data, p.better.milliseconds) for p in own)
                cells = [f"{np.mean([time for _, time in times]):.2f}", f"{n:,}", f"{len(own)}"]
                cells += [_percent([p.right(score) for p in own]) for score in SCORES]
                lines.append(f"| {data} | {network} | " + " | ".join(cells) + " |")
    return lines


def told(found: Sequence[Judged]) -> list[str]:
    """Markdown: how many of KID's standard errors what must be told lies from the reals, the least of the draws."""
    lines = ["| pictures | network | N | " + " | ".join(f"{kind} {strength}" for kind, strength in MUST_TELL) + " |"]
    lines.append("|---" * (3 + len(MUST_TELL)) + "|")
    for data, network, n in dict.fromkeys((j.data, j.network, j.n) for j in found):
        own = [j for j in found if (j.data, j.network, j.n) == (data, network, n)]
        reals = {j.draw: j for j in own if j.kind == "reals"}
        cells = []
        for wanted in MUST_TELL:
            far = [_apart(j, reals[j.draw]) for j in own if (j.kind, j.strength) == wanted]
            cells.append(f"{min(far):.1f}" if far else "–")
        lines.append(f"| {data} | {network} | {n:,} | " + " | ".join(cells) + " |")
    return lines


def wrong(found: Sequence[Judged]) -> list[str]:
    """The pairs that FD or KID have the wrong way round."""
    return [
        f"{p.better.data}, {p.better.network}, N {p.better.n}: {score} has {p.better.kind} {p.better.strength} at "
        f"{p.better.scores[score]:.4g}, {p.worse.strength} at {p.worse.scores[score]:.4g}"
        for p in pairs_of(found)
        for score in ("FD", "KID")
        if p.right(score) != 1
    ]


def _apart(worse: Judged, real: Judged) -> float:
    return (worse.scores["KID"] - real.scores["KID"]) / math.hypot(worse.kid_error, real.kid_error)


def _percent(right: Sequence[float | None]) -> str:
    counted = [value for value in right if value is not None]
    return f"{100 * np.mean(counted):.1f}" if counted else "–"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="*", metavar="DATA")
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--features", nargs="+", default=["lite0", "random", "gradients"])
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--reference", type=int, default=2000, help="pictures that sets are compared with, at most")
    parser.add_argument("--n", type=int, nargs="+", default=[100, 200, 500, 1000])
    parser.add_argument("--draws", type=int, default=5, help="of each N, at most")
    parser.add_argument("--other", help="pictures that are mixed in; default: portraits, and emoji among portraits")
    parser.add_argument("--run", type=Path, nargs="+", default=[])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--wrong", action="store_true", help="list the pairs that FD or KID have the wrong way round")
    parser.add_argument("--json", type=Path, help="write what was judged there")
    parser.add_argument("--merge", type=Path, nargs="+", default=[])
    options = parser.parse_args()
    found = [Judged(**record) for file in options.merge for record in json.loads(file.read_text())]
    networks = [network_named(name) for name in options.features]
    for data in options.data:
        found += judged_set(data, networks, options)
    for run in options.run:
        found += judged_run(Run(run), networks, options)
    if options.json:
        options.json.write_text(json.dumps([asdict(one) for one in found]))
    print("\n".join(table(found)))
    if any(one.kind == "reals" for one in found):
        print("", *told([one for one in found if one.n == max(j.n for j in found if j.data == one.data)]), sep="\n")
    if options.wrong:
        print("", *wrong(found), sep="\n")


def judged_set(data: str, networks: Sequence[Extractor], options: argparse.Namespace) -> list[Judged]:
    """One set by all networks."""
    pictures = pictures_of(data, options.size)
    order = np.random.default_rng([options.seed, 3]).permutation(len(pictures))
    held = min(options.reference, len(pictures) // 2)
    others = pictures_of(options.other or ("emoji" if data == "portraits" else "portraits"), options.size)
    count = min(options.count, len(pictures) - held)
    sets = list(degraded(pictures[order[held:]], others, count, options.seed))
    sizes = sorted({min(n, count) for n in options.n})
    return [
        one
        for net in networks
        for one in judged(name_of(data), sets, pictures[order[:held]], net, sizes, options.draws)
    ]


def judged_run(run: Run, networks: Sequence[Extractor], options: argparse.Namespace) -> list[Judged]:
    """A run's snapshots by all networks."""
    bank = prepare(run.data, run.recipe.size, channels=run.recipe.channels if run.recipe.channels in (1, 3) else None)
    rows = np.random.default_rng([options.seed, 3]).permutation(bank.train)[: options.reference]
    sets = list(snapshots(run, options.count, options.seed))
    sizes = sorted({min(n, options.count) for n in options.n})
    reference = to_rgb(np.asarray(bank.pictures[np.sort(rows)]))
    return [one for net in networks for one in judged(run.folder.name, sets, reference, net, sizes, options.draws)]


def name_of(data: str) -> str:
    """The end of a path, as it stands in tables."""
    return "/".join(Path(data).parts[-2:])


if __name__ == "__main__":
    main()
