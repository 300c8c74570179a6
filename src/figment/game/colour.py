"""Pictures' colours changed by one linear map each."""

import torch
from torch import Tensor


def recoloured(pictures: Tensor, luma: Tensor, chroma: Tensor, turned: Tensor, offset: Tensor) -> Tensor:
    """Pictures (N, C, h, w), each pixel's colour c made M·c + offset, with factors and offset (N,) for each picture.

    M multiplies the part of c along the grey axis by luma and the part across it by chroma, to which it adds, a right
    angle further about that axis, turned times that part: M = chroma·I + (luma - chroma)·P + turned·K, with P the
    projection on the axis and K the cross product with it. Grey pictures (C = 1) lie on the axis and know only luma.
    """
    offset = offset.view(-1, 1, 1, 1)
    if pictures.shape[1] == 1:
        return pictures * luma.view(-1, 1, 1, 1) + offset
    result = offset
    for channel, column in zip(pictures.unbind(1), colour_matrix(luma, chroma, turned).unbind(2), strict=True):
        # Not a matrix product, which a GPU may do in TF32: a colour that isn't changed must come out exactly.
        result = torch.addcmul(result, channel.unsqueeze(1), column[:, :, None, None])
    return result


def colour_matrix(luma: Tensor, chroma: Tensor, turned: Tensor) -> Tensor:
    """The matrices M of recoloured, (N, 3, 3), from factors (N,). Factors 1, 1, 0 give the identity exactly."""
    identity = torch.eye(3, dtype=luma.dtype, device=luma.device)
    cross = torch.tensor([[0, -1, 1], [1, 0, -1], [-1, 1, 0]], dtype=luma.dtype, device=luma.device) / 3**0.5
    luma, chroma, turned = (factor.view(-1, 1, 1) for factor in (luma, chroma, turned))
    return chroma * identity + (luma - chroma) / 3 + turned * cross
