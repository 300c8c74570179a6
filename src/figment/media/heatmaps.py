"""Maps of evidence in colour over the pictures that they are of."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

RED, BLUE = (214, 39, 40), (31, 90, 200)  # for fake, and for real
WHITENED_SHARE = 0.6  # of the way to white, so that colours are seen on dark pictures
NINTHS = ("at the upper left", "at the top", "at the upper right", "at the left", "in the middle", "at the right",
          "at the lower left", "at the bottom", "at the lower right")  # fmt: skip
FULL_COLOUR_QUANTILE = 0.99  # of a picture's evidence, lest one pixel make the rest pale


def overlay(pictures: Tensor, evidence: Tensor) -> NDArray[np.uint8]:
    """Pictures, uint8 (N, C, H, W), pale and grey, red where evidence, float (N, H, W), is above 0, blue below.

    Colours are as strong as the evidence, each picture's strongest in full. Returns uint8 (N, 3, H, W).
    """
    size = evidence.abs().cpu()
    full = size.flatten(1).quantile(FULL_COLOUR_QUANTILE, 1).clamp_min(1e-12)
    strength = (size / full[:, None, None]).clamp(max=1)[:, None]
    grey = pictures.float().mean(1, keepdim=True)
    pale = grey + WHITENED_SHARE * (255 - grey)
    red, blue = (torch.tensor(colour, dtype=torch.float32).view(3, 1, 1) for colour in (RED, BLUE))
    colour = torch.where(evidence.cpu()[:, None] > 0, red, blue)
    return torch.lerp(pale.expand_as(colour), colour, strength).round().to(torch.uint8).numpy()
