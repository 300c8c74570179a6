"""Random numbers from a seed and a place, never from global state: what makes a resumed run equal an uninterrupted one."""

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def seed_at(seed: int, *place: int | str) -> int:
    """A 63-bit seed for one place, such as ("codes", images seen): far-apart streams for neighbouring places."""
    text = repr((seed, *place))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little") >> 1


def generator_at(seed: int, *place: int | str) -> "torch.Generator":
    """A CPU generator for one place. Always on the CPU, so that every device is given the same numbers."""
    import torch  # not at the head: seeds are also asked for where torch isn't read

    return torch.Generator().manual_seed(seed_at(seed, *place))
