"""Pictures' colours changed by one linear map each."""

import torch
from torch import Tensor


def recoloured(pictures: Tensor, matrix: Tensor, offset: Tensor) -> Tensor:
    """Pictures (N, C, h, w), each pixel's colour c made M·c + offset, with (N, C, C) and (N,)."""
    flat = pictures.flatten(2)
    # As a change to c: so a colour that stays comes out exactly, even where a GPU multiplies matrices in TF32.
    change = matrix - torch.eye(flat.shape[1], dtype=flat.dtype, device=flat.device)
    return torch.baddbmm(flat + offset.view(-1, 1, 1), change, flat).view(pictures.shape)


def colour_matrix(channels: int, luma: Tensor, chroma: Tensor, hue: Tensor | None = None) -> Tensor:
    """(N, C, C) matrices that multiply the grey part of a colour by luma, the rest by chroma, and turn that by hue.

    luma, chroma: (N,); hue: radians about the grey axis (1, 1, 1), from red towards green, (N,). In C = 3 channels the
    matrix is luma·P + chroma·(cos hue·(I - P) + sin hue·K), with P the projection on the axis and K the cross product
    with it. In C = 1 a colour is all grey and only luma is left.
    """
    luma, chroma = luma.view(-1, 1, 1), chroma.view(-1, 1, 1)
    if channels == 1:
        return luma
    identity = torch.eye(3, dtype=luma.dtype, device=luma.device)
    if hue is None:
        return chroma * identity + (luma - chroma) / 3
    passed_on = identity.roll(1, dims=0)  # red to green, green to blue, blue to red
    cross = (passed_on - passed_on.T) / 3**0.5
    kept, turned = chroma * hue.cos().view(-1, 1, 1), chroma * hue.sin().view(-1, 1, 1)
    return kept * identity + (luma - kept) / 3 + turned * cross
