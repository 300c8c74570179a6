"""Is P(fake) a probability? Reliability diagrams of σ(−logit) and of the fitted curve, of finished runs.

    figment train celeba/dev --images 45k --recipe dcgan-r1 --group '^(\\d+)_' --out runs/celeba-r1
    figment train --images 100k --recipe dcgan-small --out runs/portraits-small
    python benchmarks/reliability.py runs/celeba-r1 runs/portraits-small --out reliability.png

Each run's discriminator is shown the held-out pictures that its curve wasn't fitted to, and as many fresh fakes: samples of
a seed that nothing else has. In a bin of P(fake) the share of fakes should be the mean P(fake). The calibration error is the
mean distance of the two, bins weighing by their pictures; a perfect curve's is above 0, since pictures are finite: "chance" is
the mean of what it would be if each picture were fake with the probability that is told.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import numpy as np
import torch
from matplotlib.axes import Axes
from numpy.typing import NDArray

from figment.common.progress import Silent
from figment.discriminator import load_discriminator
from figment.game.separation import auc
from figment.generator import load
from figment.reals import bank_of
from figment.run import Run
from figment.training.calibration import Calibrator

BINS = 10
FAKES_SEED = 2**40  # of the fresh fakes
CHANCE_DRAWS = 200


@dataclass(frozen=True)
class Told:
    """P(fake), float64 (N,), of pictures, and which of them are fake, bool (N,)."""

    p_fake: NDArray[np.float64]
    is_fake: NDArray[np.bool_]

    def bins(self) -> list[tuple[float, float, int]]:
        """Mean P(fake), share of fakes and number of pictures of each bin that has any."""
        place = np.minimum((self.p_fake * BINS).astype(int), BINS - 1)
        here = [place == i for i in range(BINS)]
        return [(float(self.p_fake[m].mean()), float(self.is_fake[m].mean()), int(m.sum())) for m in here if m.any()]

    @property
    def error(self) -> float:
        """The expected calibration error."""
        return sum(n * abs(p - share) for p, share, n in self.bins()) / len(self.p_fake)

    @property
    def chance(self) -> float:
        """The calibration error that finite pictures alone bring."""
        random = np.random.default_rng(0)
        draws = [random.random(len(self.p_fake)) < self.p_fake for _ in range(CHANCE_DRAWS)]
        return float(np.mean([Told(self.p_fake, drawn).error for drawn in draws]))


def told_by(run: Run) -> tuple[Told, Told, float]:
    """By σ(−logit) and by the curve in the discriminator's file; and the AUC of reals against fakes."""
    bank, discriminator, generator = bank_of(run, Silent()), load_discriminator(run.folder), load(run.folder)
    used = Calibrator(bank, run.recipe, discriminator.device).held_out
    rows = np.setdiff1d(bank.held_out, used)
    classes = torch.from_numpy(bank.classes.numbers[rows]) if generator.classes else None
    of_reals = discriminator.logits(torch.from_numpy(np.asarray(bank.pictures[rows])), classes)
    of_fakes = discriminator.logits(generator.decode(generator.codes(len(rows), FAKES_SEED), classes), classes)
    logits, is_fake = torch.cat([of_reals, of_fakes]), np.repeat([False, True], len(rows))
    fitted = discriminator.p_fake(logits)
    if fitted is None:
        raise SystemExit(f"{run.folder}: its discriminator's file has no calibration")
    raw = torch.sigmoid(-logits.double())
    return Told(raw.numpy(), is_fake), Told(fitted.numpy(), is_fake), auc(of_reals, of_fakes)


def draw(axes: Axes, told: Told, title: str) -> None:
    """A reliability diagram: bars are shares of fakes, with counts; the line is what they should be."""
    mean, share, count = zip(*told.bins(), strict=True)
    axes.bar(mean, share, width=0.06, color="#4878a8")
    axes.plot([0, 1], [0, 1], color="0.3", linewidth=1, linestyle="--")
    for x, y, n in zip(mean, share, count, strict=True):
        axes.text(x, y + 0.02, f"{n}", ha="center", fontsize=7)
    axes.set(title=title, xlabel="P(fake) told", ylabel="share of fakes", xlim=(-0.05, 1.05), ylim=(0, 1.1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, default=Path("reliability.png"))
    options = parser.parse_args()
    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(
        len(options.runs), 2, figsize=(8, 3.6 * len(options.runs)), squeeze=False, layout="tight"
    )
    print("| run | pictures | AUC | error before | after | chance |\n|---|---|---|---|---|---|")
    for folder, row in zip(options.runs, axes, strict=True):
        before, after, separation = told_by(Run(folder))
        count = len(after.p_fake)
        draw(row[0], before, f"{folder.name}: before, {before.error:.3f}")
        draw(row[1], after, f"{folder.name}: after, {after.error:.3f} ({count:,} pictures)")
        print(
            f"| {folder.name} | {count:,} | {separation:.3f} | {before.error:.3f} | {after.error:.3f} | {after.chance:.3f} |"
        )
    figure.savefig(options.out, dpi=80)


if __name__ == "__main__":
    main()
