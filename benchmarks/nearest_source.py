"""In which features is a changed picture nearest to the one that it was made of?

    python benchmarks/nearest_source.py DATA [--size 64] [--features pixels lite0 random …] [--references 2000]
        [--queries 150] [--seed 0]

DATA as for order.py. Of QUERIES of the references a changed copy is made, a kind after the other; its nearest reference,
mirrored or not, is right where it is the very picture. Per cent right, and the milliseconds that a picture takes.
"""

import argparse
from collections.abc import Callable
from time import perf_counter

import numpy as np
from PIL import Image

from copying import grey, image_of, pixels_of, turned, window
from degradations import Pictures, blurred, compressed, noised
from figment.similarity.nearest import nearest_neighbour
from figment.similarity.spaces import described, described_both_ways, named_space
from order import name_of, pictures_of

Change = Callable[[Pictures, np.random.Generator], Pictures]  # of uint8 (N, 3, H, W)


def one_by_one(change: Callable[[np.ndarray, np.random.Generator], np.ndarray]) -> Change:
    return lambda pictures, random: np.stack([change(picture, random) for picture in pictures])


def other_hue(picture: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Turned by 28°, a way or the other."""
    hue, *rest = image_of(picture).convert("HSV").split()
    step = round(28 / 360 * 256) * random.choice([-1, 1])
    hue = Image.fromarray((np.asarray(hue).astype(int) + step).astype(np.uint8))
    return pixels_of(Image.merge("HSV", (hue, *rest)).convert("RGB"))


def another_half(pictures: Pictures, random: np.random.Generator) -> Pictures:
    """The left half stays, the right one is another picture's."""
    half = pictures.shape[3] // 2
    return np.concatenate([pictures[..., :half], random.permutation(pictures)[..., half:]], 3)


def blended(pictures: Pictures, random: np.random.Generator) -> Pictures:
    """Two thirds of it and a third of another one."""
    return np.rint((2 * pictures.astype(float) + random.permutation(pictures)) / 3).astype(np.uint8)


KINDS: dict[str, Change] = {
    "whole": lambda pictures, random: pictures,
    "mirrored": lambda pictures, random: pictures[..., ::-1],
    "noise 20": lambda pictures, random: noised(pictures, 20, random),
    "blur 2": lambda pictures, random: blurred(pictures, 2, random),
    "JPEG 20": lambda pictures, random: compressed(pictures, 80, random),
    "cropped by 8 %": one_by_one(lambda picture, random: window(picture, *random.uniform(0, 0.08, 4))),
    "cropped by 20 %": one_by_one(lambda picture, random: window(picture, *random.uniform(0, 0.2, 4))),
    "turned by 5°": one_by_one(lambda picture, random: turned(picture, float(random.choice([-5, 5])))),
    "hue ±28°": one_by_one(other_hue),
    "grey": one_by_one(lambda picture, random: grey(picture)),
    "half": another_half,
    "blend": blended,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--features", nargs="+", default=["pixels", "lite0", "random"])
    parser.add_argument("--references", type=int, default=2000)
    parser.add_argument("--queries", type=int, default=150)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    pictures = pictures_of(options.data, options.size)
    chosen = np.random.default_rng([options.seed, 4]).permutation(len(pictures))[: options.references]
    references = pictures[chosen]
    print("| pictures | features | ms a picture | " + " | ".join(KINDS) + " | mean |")
    print("|---" * (4 + len(KINDS)) + "|")
    for name in options.features:
        space = named_space(name)
        start = perf_counter()
        found = described(references, space)
        milliseconds = 1000 * (perf_counter() - start) / len(references)
        shares = []
        for place, change in enumerate(KINDS.values()):
            changed = change(references[: options.queries], np.random.default_rng([options.seed, place]))
            nearest = nearest_neighbour(*described_both_ways(changed, space), found).place
            shares.append(100 * float((nearest == np.arange(len(changed))).mean()))
        cells = " | ".join(f"{share:.0f}" for share in [*shares, float(np.mean(shares))])
        print(f"| {name_of(options.data)} | {name} | {milliseconds:.2f} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
