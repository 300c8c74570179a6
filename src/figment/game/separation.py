"""How well a discriminator's logits rank reals above fakes, whatever the objective has made of their scale and zero."""

import torch
from torch import Tensor


def auc(higher: Tensor, lower: Tensor) -> float:
    """P(a of the first > b of the second) + ½ P(a = b): the area under the ROC curve, by ranks. (N,), (M,) → [0, 1]."""
    ordered = lower.sort().values
    below = torch.searchsorted(ordered, higher) + torch.searchsorted(ordered, higher, right=True)
    return float(below.cpu().double().mean() / (2 * len(lower)))
