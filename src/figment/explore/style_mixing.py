"""Style mixing: one code draws the coarse stages of a picture, another the fine ones (Karras et al., arXiv 1812.04948)."""

import torch
from torch import Tensor

from figment.common.pixels import to_uint8
from figment.errors import InputError
from figment.generator import Generator
from figment.nets import dcgan


def stages(generator: Generator) -> int:
    """Stages of a generator that take the code, from the coarsest; 0 where it enters at one place, so that nothing can mix."""
    return generator.net.modulations if isinstance(generator.net, dcgan.Generator) else 0


@torch.inference_mode()
def mix(generator: Generator, early: Tensor, late: Tensor, first: int, labels: Tensor | None = None) -> Tensor:
    """Pictures, uint8 (N, C, H, W), of which late (N, code_size) draws the stages from number first on, early the others.

    labels: classes (N,), for a generator that has them. Raises InputError for a generator without stages.
    """
    if not stages(generator) or not isinstance(generator.net, dcgan.Generator):
        raise InputError("The code enters this generator at one place alone, so that it has no stages to mix.")
    inputs = [early, late, *([] if labels is None else [labels])]
    z, other, *classes = (numbers.to(generator.device) for numbers in inputs)
    return to_uint8(generator.net.mixed(z, other, first, *classes))
