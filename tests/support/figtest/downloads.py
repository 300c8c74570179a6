"""What the tests of downloads share."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from figment.data.public.download import download
from figment.errors import InputError

CONTENT = np.random.default_rng(0).bytes(300_000)
OTHER = np.random.default_rng(1).bytes(300_000)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def alone(file: Path) -> bool:
    """Whether the file is all that is left in its folder."""
    return [path.name for path in file.parent.iterdir()] == [file.name]


def stopping_at(limit: int) -> Callable[[int, int], None]:
    """A progress that is interrupted once so many bytes are there."""

    def progress(done: int, total: int) -> None:
        if done >= limit:
            raise KeyboardInterrupt

    return progress


def refusal(url: str, file: Path) -> str:
    """The one sentence with which a download fails."""
    with pytest.raises(InputError) as caught:
        download([url], file)
    return str(caught.value)
