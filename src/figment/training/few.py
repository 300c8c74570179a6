"""Some pictures of many, drawn at random."""

import numpy as np

from figment.data.bank.bank import MANY


def few(random: np.random.Generator, rows: np.ndarray, count: int) -> np.ndarray:
    """Up to so many of the rows in a random order, each once: of MANY without a shuffled copy of all."""
    if len(rows) < MANY:
        return random.permutation(rows)[:count]
    return rows[random.choice(len(rows), min(count, len(rows)), replace=False)]
