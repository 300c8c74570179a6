"""How much generated clips move beside real ones while a run trains: of a few clips that stay the same all through it."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from figment import codes, motion
from figment.common.seeds import generator_at, seed_at
from figment.data.bank.bank import Bank
from figment.recipe import Recipe
from figment.training.loader import Feed
from figment.training.look_sizes import in_view
from figment.training.monitor import batch_statistics

# Of the moving portraits the means of two such draws of 32 clips differ by a tenth, of 256 by a thirtieth; the reals' are taken
# once.
WATCHED_CLIPS, WATCHED_FRAMES = 32, 4  # generated clips, and neighbouring frames of each: 128 pictures
REAL_CLIPS = 256
BATCH_CLIPS = 32  # real ones that are in memory at once


@dataclass(frozen=True, eq=False)
class ClipMotion:
    """Reads how much a generator's clips move, at codes of fixed contents and paths.

    codes: (N, WATCHED_FRAMES, code_size). labels: the frames' classes, (N·WATCHED_FRAMES,), or None. reals: mean absolute
    difference of neighbouring frames of real clips, where pixels run from -1 to 1.
    """

    codes: Tensor
    labels: Tensor | None
    reals: float

    @classmethod
    def of(cls, bank: Bank, recipe: Recipe, feed: Feed) -> "ClipMotion":
        """Of a run: real clips that it is trained on, each from anywhere on, and as many codes for each reading."""
        starts = torch.from_numpy(_real_starts(bank, recipe))
        frames = torch.arange(WATCHED_FRAMES)
        steps = [
            motion_of(feed.pictures((part.unsqueeze(1) + frames).flatten()))
            for part in starts.split(in_view(BATCH_CLIPS, recipe))
        ]
        reals = float(torch.cat(steps).mean())
        count, random = in_view(WATCHED_CLIPS, recipe), generator_at(recipe.seed, "watched clips")
        content = codes.draw(count, recipe.code_size, recipe.prior, random)
        seconds = (frames / recipe.fps).expand(count, -1)
        z = motion.with_motion(content, motion.paths_at(recipe, motion.draw(recipe, count, random), seconds))
        labels = feed.classes(starts[torch.arange(count) % len(starts)])
        repeated = None if labels is None else labels.repeat_interleave(WATCHED_FRAMES)
        return cls(z.to(feed.device), repeated, reals)

    @torch.inference_mode()
    def share(self, generator: nn.Module) -> float | None:
        """Their motion as a share of reals'; None where the reals stand still. The generator is left as it was."""
        if not self.reals:
            return None
        with batch_statistics(generator):
            frames = generator(self.codes.flatten(0, 1), self.labels).float()
        return float(motion_of(frames).mean()) / self.reals


def motion_of(frames: Tensor) -> Tensor:
    """Mean absolute difference of neighbouring frames of each clip: (N·WATCHED_FRAMES, C, H, W) → (N,)."""
    return frames.unflatten(0, (-1, WATCHED_FRAMES)).diff(dim=1).abs().mean((1, 2, 3, 4))


def _real_starts(bank: Bank, recipe: Recipe) -> np.ndarray:
    """First frames of REAL_CLIPS windows, of the training clips in an order of their own, over again where they are fewer."""
    assert bank.clips is not None
    random = np.random.default_rng(seed_at(recipe.seed, "watched clips"))
    ranges = bank.clips.ranges()[np.resize(random.permutation(bank.clips.of(bank.train)), REAL_CLIPS)]
    return ranges[:, 0] + random.integers(0, ranges[:, 1] - WATCHED_FRAMES + 1)
