"""How many planted foreign pictures are found as outliers, and how many of a set's own are wrongly accused?

    python benchmarks/outliers.py shared/data [--features gradients] [--share 0.01] [--most 3000] [--seeds 1 2]

For each home set and seed, at most so many of its pictures are drawn at random: alone, what is called an outlier is a false
alarm. Then the same ones with a share (but at least 5) of one foreign kind. Printed are, as means over the seeds, per cent
of the foreigners found, and in brackets the AUC: the share of pairs of a foreigner and one of the set's own in which the
foreigner lies farther. Noise, pages of text and gradients are drawn here; the sets are those of the development data, of
which at most twice --most are read. A last line gives the seconds of wall that the largest set took, features and
neighbours, on however many threads there are.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from figment.data.portraits.table import portraits
from figment.features.registry import extractor
from figment.inspection.outliers import farness

SIDE = 64
FOLDERS = {
    "CelebA": "celeba/dev",
    "modern": "congress_faces64/modern",
    "pre1929": "congress_faces64/pre1929",
    "anime": "anime_faces96",
    "fake/real": "hard_fake_vs_real",
}
FOREIGN = ("CelebA", "pre1929", "anime", "Fashion", "portraits", "noise", "text", "ramps")


def small(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BILINEAR, reducing_gap=1.0))


def read(data: Path, most: int) -> dict[str, np.ndarray]:
    """Small copies, uint8 (N, SIDE, SIDE, 3), of every set: of at most so many of its pictures, drawn at random."""
    sets, random = {}, np.random.default_rng(0)
    for name, folder in FOLDERS.items():
        files = random.permutation(sorted((data / folder).rglob("*.jpg")))[:most]
        sets[name] = np.array([small(Image.open(file)) for file in files])
    with np.load(data / "fashion_mnist_12k.npz") as garments:
        sets["Fashion"] = np.array([small(Image.fromarray(one)) for one in random.permutation(garments["x"])[:most]])
    sets["portraits"] = portraits(min(most, 3000), seed=0, size=SIDE)[0].transpose(0, 2, 3, 1)
    random = np.random.default_rng(0)
    drawn: dict[str, Callable[[np.random.Generator], Image.Image]] = {"noise": noise, "text": text, "ramps": ramp}
    return sets | {name: np.array([small(draw(random)) for _ in range(200)]) for name, draw in drawn.items()}


def noise(random: np.random.Generator) -> Image.Image:
    return Image.fromarray(random.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8))


def text(random: np.random.Generator) -> Image.Image:
    """A page: some lines of letters in black on white."""
    page = Image.new("RGB", (256, 256), "white")
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz    "))
    for top in range(int(random.integers(4, 24)), 250, int(random.integers(12, 20))):
        ImageDraw.Draw(page).text((8, top), "".join(random.choice(letters, 40)), "black")
    return page


def ramp(random: np.random.Generator) -> Image.Image:
    """One colour that runs into another."""
    first, last = random.integers(0, 256, (2, 3))
    part = np.linspace(0, 1, SIDE)[:, None, None]
    rows = np.broadcast_to(first * (1 - part) + last * part, (SIDE, SIDE, 3))
    return Image.fromarray((rows if random.random() < 0.5 else rows.transpose(1, 0, 2)).astype(np.uint8))


def auc(far: np.ndarray, near: np.ndarray) -> float:
    """Share of pairs in which one of far is the larger; ties count half."""
    order = np.sort(near)
    below, up_to = (np.searchsorted(order, far, side) for side in ("left", "right"))
    return float((below + up_to).mean() / 2 / len(near))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--features", default="gradients")
    parser.add_argument("--share", type=float, default=0.01)
    parser.add_argument("--most", type=int, default=3000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2])
    given = parser.parse_args()
    sets, network = read(given.data, 2 * given.most), extractor(given.features)
    largest = max(sets.values(), key=len)
    start = time.perf_counter()
    farness(largest, network)
    seconds = time.perf_counter() - start

    # A picture's features don't depend on its company: they are made once, and its number stands for it from here on.
    names, offsets = list(sets), np.cumsum([0, *(len(pictures) for pictures in sets.values())])
    features = np.concatenate([network(pictures.transpose(0, 3, 1, 2)) for pictures in sets.values()])

    class Known(type(network)):
        def __call__(self, pictures: np.ndarray) -> np.ndarray:
            return features[np.ascontiguousarray(pictures).reshape(-1, 3) @ [1, 256, 65536]]

    known = Known(network.name, network.dimension, network.batch, network.network)

    def numbered(rows: np.ndarray) -> np.ndarray:
        return np.stack([rows % 256, rows // 256 % 256, rows // 65536], 1).astype(np.uint8).reshape(-1, 1, 1, 3)

    print(f"{network.name}, {given.share:.1%} foreign, seeds {given.seeds}: % found (AUC)")
    print(f"{'among':>10} {'false':>6}", *(f"{name:>11}" for name in FOREIGN))
    aucs: list[float] = []
    for home in [*FOLDERS, "Fashion", "portraits"]:
        alarms: list[float] = []
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in FOREIGN if name != home}
        for seed in given.seeds:
            random = np.random.default_rng(seed)
            count = min(given.most, len(sets[home]))
            rows = offsets[names.index(home)] + random.choice(len(sets[home]), count, replace=False)
            alarms.append(float((farness(numbered(rows), known) > 1).mean()))
            for name, shares in found.items():
                strangers = random.choice(len(sets[name]), max(5, round(given.share * count)), replace=False)
                far = farness(numbered(np.append(rows, offsets[names.index(name)] + strangers)), known)
                shares.append((100 * float((far[count:] > 1).mean()), auc(far[count:], far[:count])))
        cells = ["–" if name == home else "{:.0f} ({:.3f})".format(*np.mean(found[name], 0)) for name in FOREIGN]
        aucs += [float(np.mean(found[name], 0)[1]) for name in found]
        print(f"{home:>10} {100 * np.mean(alarms):>6.2f}", *(f"{cell:>11}" for cell in cells), flush=True)
    print(f"AUC, mean of {len(aucs)}: {np.mean(aucs):.4f}, least {min(aucs):.3f}")
    print(f"{len(largest):,} pictures took {seconds:.2f} s")


if __name__ == "__main__":
    main()
