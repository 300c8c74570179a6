"""Paths between codes: straight in the code's space, or along the sphere on which normal codes lie."""

import torch
from torch import Tensor

from figment import codes


def lerp(first: Tensor, second: Tensor, shares: Tensor) -> Tensor:
    """(1 − t)·first + t·second for each share t: (N, d), (N, d), (T,) → (N, T, d).

    In many dimensions codes of a normal prior all lie near a sphere, and the middle of a straight line lies well inside.
    """
    return torch.lerp(first[:, None], second[:, None], shares[:, None])


def slerp(first: Tensor, second: Tensor, shares: Tensor, prior: str) -> Tensor:
    """The same along great circles (Shoemake 1985; White, arXiv 1609.04468), lengths being interpolated as well.

    Codes of the uniform prior go by Gaussian space, so that every code of a path is a likely one of its prior.
    """
    a, b = (codes.to_gaussian(z.double(), prior)[:, None] for z in (first, second))
    lengths = (torch.lerp(a.norm(dim=-1), b.norm(dim=-1), shares.double()[None]))[..., None]
    a, b = a / a.norm(dim=-1, keepdim=True), b / b.norm(dim=-1, keepdim=True)
    angle = torch.acos((a * b).sum(-1, keepdim=True).clamp(-1, 1))
    t, sine = shares.double()[:, None], torch.sin(angle)
    circle = (torch.sin((1 - t) * angle) * a + torch.sin(t * angle) * b) / sine
    straight = torch.lerp(a, b, t)  # of equal or opposite ends there is no one circle
    path = torch.where(sine > 1e-6, circle, straight)
    return codes.from_gaussian(path * lengths, prior).to(first.dtype)
