"""In which features does a generator that knows pictures by heart jump, and one that has learnt what varies not?

    python benchmarks/evenness.py RUN … [--features lite0 random] [--pictures 40] [--paths 64] [--seed 0]

The evenness of great circles (explore/interpolation.py) for a run's generator, and for two that hold training pictures:
one draws that whose key lies nearest to the code, the other fades from one to the next. Thresholds are to lie between.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from figment import codes
from figment.common.progress import Silent
from figment.explore.interpolation import smoothness
from figment.explore.paths import slerp
from figment.features.registry import extractor
from figment.workbench import Workbench

FADES = 30.0  # how fast shares fall with squared distances, over their mean


class Holding:
    """What smoothness() needs of a generator: pictures, uint8 (K, C, H, W), each with a key among codes."""

    def __init__(self, pictures: np.ndarray, prior: str, fades: bool, seed: int) -> None:
        self.held, self.fades = torch.from_numpy(pictures).float(), fades
        self.recipe = SimpleNamespace(prior=prior)
        self.keys = self.codes(len(pictures), seed + 1)

    def codes(self, count: int, seed: int = 0, start: int = 0) -> Tensor:
        return codes.numbered(seed, start, count, 64, self.recipe.prior)

    def labels(self, *args: Any, **kwargs: Any) -> None:
        return None

    def decode(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        far = torch.cdist(z, self.keys).square()
        if self.fades:
            shares = torch.softmax(-FADES * far / far.mean(), 1)
        else:
            shares = torch.nn.functional.one_hot(far.argmin(1), len(self.held)).float()
        return torch.einsum("nk,kchw->nchw", shares, self.held).round().byte()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN")
    parser.add_argument("--features", nargs="+", default=["lite0", "random"])
    parser.add_argument("--pictures", type=int, default=40)
    parser.add_argument("--paths", type=int, default=64)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print("| run | features | generator | evenness | steepest step | detour |\n|---|---|---|---|---|---|")
    for folder in options.runs:
        at = Workbench(folder, "cpu", Silent())
        held = np.asarray(at.bank.pictures[np.sort(at.bank.train[: options.pictures])])
        prior = at.generator.recipe.prior
        generators: dict[str, Any] = {"the run's": at.generator}
        generators |= {
            name: Holding(held, prior, fades, options.seed)
            for name, fades in (("nearest of those held", False), ("fades between them", True))
        }
        path: Callable[[Tensor, Tensor, Tensor], Tensor] = lambda a, b, t, prior=prior: slerp(a, b, t, prior)  # noqa: E731
        for name in options.features:
            for what, generator in generators.items():
                its = smoothness(generator, path, extractor(name), options.seed, paths=options.paths)
                print(f"| {folder.name} | {name} | {what} | {its.evenness:.2f} | {its.steepest:.1f} | {its.detour:.2f} |",
                      flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
