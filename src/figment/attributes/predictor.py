"""AttributePredictor: what attributes pictures have, as numbers, so that what a change in the code does is measured.

The built-in portraits have their reader (from_portraits.py). Other pictures have a predictor if they have labels:
linear models of what the run's own discriminator sees in labelled pictures, tested on held-out ones (from_labels.py).
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from figment.common.text import suggestion
from figment.errors import InputError

Scores = dict[str, NDArray[np.float32]]  # by attribute, one of each picture: (N,)
MAX_VALUE = 1e9  # of a number in a table of attributes, or in a condition


@dataclass(frozen=True, eq=False)
class AttributePredictor:
    """Reads named attributes.

    continuous: attributes that are read in units of their own, the others being there or not: of these the log-odds are
    read, above 0 for "there". accuracy: by attribute, on unseen real pictures, R² of a continuous one, share right of
    another. predict: of pictures, uint8 (N, C, H, W). valid: which pictures can be read at all, bool (N,); None where
    nobody knows. about: what it is, in words.
    """

    names: tuple[str, ...]
    continuous: frozenset[str]
    accuracy: dict[str, float]
    predict: Callable[[NDArray[np.uint8]], Scores]
    about: str
    valid: Callable[[NDArray[np.uint8]], NDArray[np.bool_]] | None = None
    ranges: dict[str, tuple[float, float]] = field(default_factory=dict)

    def check(self, name: str, option: str = "") -> str:
        """The name itself. Raises InputError, with the nearest one, for an attribute that it can't read."""
        if name in self.names:
            return name
        raise InputError(f"{option}{name}: no attribute of these pictures{suggestion(name, self.names)}")
