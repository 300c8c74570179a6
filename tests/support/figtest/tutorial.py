"""The generator of PyTorch's DCGAN tutorial, after the DCGAN paper's description: what figment import reads."""

from itertools import pairwise

import torch
from torch import Tensor, nn


class Tutorial(nn.Module):
    """A generator as the DCGAN paper describes it, layers counted as in the tutorial: nz codes, ngf widths, nc channels."""

    def __init__(self, nz: int = 100, ngf: int = 64, nc: int = 3, doublings: int = 4) -> None:
        super().__init__()
        widths = [nz, *(ngf * 2**i for i in reversed(range(doublings)))]
        layers: list[nn.Module] = []
        for i, (a, b) in enumerate(pairwise(widths)):
            layers += [
                nn.ConvTranspose2d(a, b, 4, 2 if i else 1, 1 if i else 0, bias=False),
                nn.BatchNorm2d(b),
                nn.ReLU(True),
            ]
        self.main = nn.Sequential(*layers, nn.ConvTranspose2d(ngf, nc, 4, 2, 1, bias=False), nn.Tanh())

    def weights(self, seed: int = 0) -> dict[str, Tensor]:
        """Its state dict with weights and statistics that none has by chance."""
        random = torch.Generator().manual_seed(seed)
        state = self.state_dict()
        for name, tensor in state.items():
            if tensor.is_floating_point():
                tensor.normal_(0, (4 * len(tensor)) ** -0.5 if tensor.ndim == 4 else 0.3, generator=random)
                if name.endswith("running_var"):
                    tensor.abs_().add_(0.5)
        return state


def tutorial_weights(**shape: int) -> dict[str, Tensor]:
    """The state dict of one, of such a shape."""
    return Tutorial(**shape).weights()
