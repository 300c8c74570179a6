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
from figment.common.rehearsal import IMAGES, at_most
from figment.common.seeds import generator_at
from figment.nets.hooks import layers, watched
from figment.recipe import Recipe, changed

BATCH_PICTURES = 64  # of a step
PREDICTED_PICTURES = 256  # told at once
LEARNING_RATES = (1e-3, 3e-4)  # of Adam: both are tried
VALIDATION_SHARE = 0.2  # of the labelled pictures
MAX_IMAGES = 100_000  # pictures seen at each rate
CHECK_IMAGES = 1000  # pictures seen between two looks at the validation part, or an epoch if that is more
PATIENCE_CHECKS = 10  # looks without a better one, after which it ends


class Classifier(nn.Module):
    """What the last layer of a discriminator's nets sees in pictures, float (N, C, H, W) in [-1, 1] → logits (N, K).

    recipe: of the discriminator. classes: K. Weights are drawn from the seed. It is taught by fit().
    """

    def __init__(self, recipe: Recipe, classes: int, seed: int = 0) -> None:
        super().__init__()
        self.seed = seed
        plain = changed(recipe, classes=())  # a class isn't what it is told, but what it is to tell
        self.net = nets.initialised(nets.discriminator(plain), seed, "classifier").eval()
        with torch.inference_mode():
            inputs = self.last_maps(torch.zeros(1, int(plain.channels), *plain.shape)).shape[1]
        self.head = nn.Linear(inputs, classes)
        with torch.no_grad():
            self.head.weight.normal_(0, inputs**-0.5, generator=generator_at(seed, "weights", "classes"))
            self.head.bias.zero_()

    def last_maps(self, x: Tensor) -> Tensor:
        """The last layer's maps, a row a picture: (N, d)."""
        with watched(layers(self.net)[-1:]) as maps:
            self.net(x)
        return maps[0].flatten(1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.last_maps(x))

    def fit(
        self, pictures: NDArray[np.uint8], classes: NDArray[np.int64], progress: Progress | None = None
    ) -> "Classifier":
        """Learn from labelled pictures, uint8 (N, C, H, W) and int64 (N,), 2 at least.

        By Adam on the cross-entropy, without augmentation. A fifth of the pictures aren't learnt from but decide when to stop,
        and which rate is better.
        """
        order = np.random.default_rng([self.seed, 0]).permutation(len(pictures))
        held, learnt = np.split(order, [max(1, int(VALIDATION_SHARE * len(order)))])
        untaught, found = copy.deepcopy(self.state_dict()), []
        for part, rate in enumerate(LEARNING_RATES):
            self.load_state_dict(untaught)
            told = part_of(progress, part, len(LEARNING_RATES))
            right = self._train_at(rate, pictures, classes, learnt, held, told)
            found.append((right, copy.deepcopy(self.state_dict())))
        self.load_state_dict(max(found, key=lambda one: one[0])[1])
        return self

    @torch.inference_mode()
    def predict(self, pictures: NDArray[np.uint8]) -> NDArray[np.int64]:
        """The most likely class of each picture, uint8 (N, C, H, W): (N,)."""
        starts = range(0, len(pictures), PREDICTED_PICTURES)
        parts = [self._floats(pictures[start : start + PREDICTED_PICTURES]) for start in starts]
        return np.concatenate([self(part).argmax(1).cpu().numpy() for part in parts])

    def score(self, pictures: NDArray[np.uint8], classes: NDArray[np.int64]) -> float:
        """The share of pictures, uint8 (N, C, H, W), whose class, int64 (N,), is predicted."""
        return float((self.predict(pictures) == classes).mean())

    def _train_at(
        self, rate: float, pictures: NDArray[np.uint8], classes: NDArray[np.int64], learnt: NDArray[np.int64],
        held: NDArray[np.int64], progress: Progress | None,
    ) -> float:  # fmt: skip
        """Trains, and leaves the net as it was when it was best; gives the share of the validation part that was right then."""
        adam = torch.optim.Adam(self.parameters(), rate)
        best, state, since, seen, checked = -1.0, copy.deepcopy(self.state_dict()), 0, 0, 0
        most = at_most(MAX_IMAGES, IMAGES)
        for epoch in count():
            order = np.random.default_rng([self.seed, 1, epoch]).permutation(learnt)
            self.train()
            for start in range(0, len(order), BATCH_PICTURES):
                which = order[start : start + BATCH_PICTURES]
                if len(which) < 2 <= len(order):
                    continue  # batch norm can't do with one picture
                targets = torch.from_numpy(classes[which]).to(self.head.weight.device)
                loss = F.cross_entropy(self(self._floats(pictures[which])), targets)
                adam.zero_grad()
                loss.backward()
                adam.step()
            seen += len(order)
            if seen - checked >= CHECK_IMAGES or seen >= most:
                checked, right = seen, self.eval().score(pictures[held], classes[held])
                since = 0 if right > best else since + 1
                if right > best:
                    best, state = right, copy.deepcopy(self.state_dict())
            if progress:
                progress(min(seen, most), most)
            if since >= PATIENCE_CHECKS or seen >= most:
                break
        self.load_state_dict(state)
        self.eval()
        return best

    def _floats(self, pictures: NDArray[np.uint8]) -> Tensor:
        return to_input(torch.from_numpy(pictures)).to(self.head.weight.device)
