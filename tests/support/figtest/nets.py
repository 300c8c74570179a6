"""Nets with weights of a test's own."""

import torch


def stirred(net: torch.nn.Module) -> torch.nn.Module:
    """The net, with what begins as zero drawn as well: R3GAN's blocks begin as identities."""
    random = torch.Generator().manual_seed(7)
    for parameter in net.parameters():
        if not parameter.any():
            parameter.data.normal_(0, 0.3, generator=random)
    return net
