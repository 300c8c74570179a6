"""Minibatches of clips: of each clip in turn three frames of a window as long as a training clip."""

import numpy as np
import torch
from torch import Tensor

from figment.common.machine import to_device
from figment.common.seeds import generator_at
from figment.data.bank.shards import Shards
from figment.nets.clips import SEEN_FRAMES
from figment.training.loader import Feed
from figment.training.order import Order


class ClipFeed(Feed):
    """Clips in an order, and frames of them, that depend on the seed and the images seen alone; a clip counts as an image.

    pictures: uint8 (N, C, H, W), the frames. ranges: int64 (clips, 2), each clip's first frame and number of frames. order:
    of the clips that are trained on, or which they are. length: frames of a training clip. Else as Feed has it; classes are
    the frames'.
    """

    def __init__(
        self,
        pictures: "Shards | np.ndarray",
        ranges: np.ndarray,
        order: "Order | np.ndarray",
        length: int,
        seed: int,
        flips: bool,
        device: torch.device,
        part: tuple[int, int] = (0, 1),
        classes: np.ndarray | None = None,
    ) -> None:
        super().__init__(pictures, order, seed, flips, device, part, classes)
        self.ranges, self.length = torch.from_numpy(ranges), length

    def batch(self, images: int, count: int) -> tuple[Tensor, Tensor]:
        """Frames of the count clips that follow after so many seen, and their conditions: see nets/clips.py.

        Frames are stacked by channels, float32 (count, 3·C, H, W) in [-1, 1], channels last; conditions float32 (count, 4).
        Of several parts, this one's share, so fewer. A clip that is longer than a training clip is seen from anywhere on.
        """
        mine, random = self._mine(count), generator_at(self.seed, "window", images)
        places, times = torch.rand(count, generator=random)[mine], frame_times(count, self.length, random)[mine]
        first, lengths = self.ranges[self._which(images, count)].unbind(1)
        begins = first + (places.double() * (lengths - self.length + 1)).long()
        frames = self.pictures((begins.unsqueeze(1) + times).flatten()).unflatten(0, times.shape).flatten(1, 2)
        classes = self.classes(begins)
        when = to_device(times.float(), self.device)
        of_class = torch.zeros_like(when[:, :1]) if classes is None else classes.unsqueeze(1).float()
        return self._mirrored(frames, images, count), torch.cat([of_class, when], 1)


def frame_times(count: int, length: int, generator: torch.Generator) -> Tensor:
    """Three different frames of each of count clips, in their order, int64 (count, 3): all such triples are as likely."""
    return torch.rand(count, length, generator=generator).argsort(1)[:, :SEEN_FRAMES].sort(1).values
