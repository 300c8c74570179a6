"""A net of a discriminator's architecture taught classes with supervision: the DCGAN paper's control (section 5.2)."""

import copy
from itertools import count

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from figment import nets
from figment.common.pixels import to_input
from figment.common.progress import Progress, part_of
from figment.common.seeds import generator_at
from figment.nets.hooks import layers, watched
from figment.recipe import Recipe, changed

BATCH, AT_ONCE = 64, 256
RATES = (1e-3, 3e-4)  # of Adam: both are tried
VALIDATION = 0.2  # of the labelled pictures
MOST = 100_000  # pictures seen at each rate
CHECKED = 1000  # pictures seen between two looks at the validation part, or an epoch if that is more
PATIENCE = 10  # looks without a better one, after which it ends


class Classifier(nn.Module):
    """What the last layer of a discriminator's nets sees in pictures, float (N, C, H, W) in [-1, 1] → logits (N, K)."""

    def __init__(self, recipe: Recipe, classes: int, seed: int) -> None:
        super().__init__()
        plain = changed(recipe, classes=())  # a class isn't what it is told, but what it is to tell
        self.net = nets.initialised(nets.discriminator(plain), seed, "classifier").eval()
        with torch.inference_mode():
            inputs = self.seen(torch.zeros(1, int(plain.channels), *plain.shape)).shape[1]
        self.head = nn.Linear(inputs, classes)
        with torch.no_grad():
            self.head.weight.normal_(0, inputs**-0.5, generator=generator_at(seed, "weights", "classes"))
            self.head.bias.zero_()

    def seen(self, x: Tensor) -> Tensor:
        """The last layer's maps, a row a picture: (N, d)."""
        with watched(layers(self.net)[-1:]) as maps:
            self.net(x)
        return maps[0].flatten(1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.seen(x))

    @torch.inference_mode()
    def classes(self, pictures: NDArray[np.uint8]) -> NDArray[np.int64]:
        """The most likely class of each picture, uint8 (N, C, H, W): (N,)."""
        device = self.head.weight.device
        parts = [pictures[start : start + AT_ONCE] for start in range(0, len(pictures), AT_ONCE)]
        return np.concatenate([self(_floats(part, device)).argmax(1).cpu().numpy() for part in parts])


def taught(
    recipe: Recipe, pictures: NDArray[np.uint8], classes: NDArray[np.int64], seed: int = 0,
    device: str | torch.device = "cpu", progress: Progress | None = None,
) -> Classifier:  # fmt: skip
    """A classifier of a recipe's nets, taught by labelled pictures, uint8 (N, C, H, W) and int64 (N,): 2 at least.

    By Adam on the cross-entropy, without augmentation. A fifth of the pictures aren't learnt from but decide when to stop, and
    which rate is better.
    """
    order = np.random.default_rng([seed, 0]).permutation(len(pictures))
    held, learnt = np.split(order, [max(1, int(VALIDATION * len(order)))])
    found = []
    for part, rate in enumerate(RATES):
        net = Classifier(recipe, int(classes.max()) + 1, seed).to(device)
        told = part_of(progress, part, len(RATES))
        found.append((_train(net, pictures, classes, learnt, held, rate, seed, told), net))
    return max(found, key=lambda one: one[0])[1]


def _train(
    net: Classifier, pictures: NDArray[np.uint8], classes: NDArray[np.int64], learnt: NDArray[np.int64],
    held: NDArray[np.int64], rate: float, seed: int, progress: Progress | None,
) -> float:  # fmt: skip
    """Trains the net and leaves it as it was when it was best; gives the share of the validation part that was right then."""
    device = net.head.weight.device
    adam = torch.optim.Adam(net.parameters(), rate)
    best, state, since, seen, checked = -1.0, copy.deepcopy(net.state_dict()), 0, 0, 0
    for epoch in count():
        order = np.random.default_rng([seed, 1, epoch]).permutation(learnt)
        net.train()
        for start in range(0, len(order), BATCH):
            which = order[start : start + BATCH]
            if len(which) < 2 <= len(order):
                continue  # batch norm can't do with one picture
            loss = F.cross_entropy(net(_floats(pictures[which], device)), torch.from_numpy(classes[which]).to(device))
            adam.zero_grad()
            loss.backward()
            adam.step()
        seen += len(order)
        if seen - checked >= CHECKED or seen >= MOST:
            checked, right = seen, float((net.eval().classes(pictures[held]) == classes[held]).mean())
            since = 0 if right > best else since + 1
            if right > best:
                best, state = right, copy.deepcopy(net.state_dict())
        if progress:
            progress(min(seen, MOST), MOST)
        if since >= PATIENCE or seen >= MOST:
            break
    net.load_state_dict(state)
    net.eval()
    return best


def _floats(pictures: NDArray[np.uint8], device: torch.device) -> Tensor:
    return to_input(torch.from_numpy(pictures)).to(device)
