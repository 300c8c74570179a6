"""How this process treats memory."""

from functools import cache

import numpy as np


@cache
def hold_freed_memory() -> None:
    """Have the C library keep what is freed for the next picture or step; once a process."""
    # glibc gives blocks above a limit back to the system as soon as they are freed, and the system clears every page
    # that is asked for again: up to half of all time in decoding, an eighth in training small nets. The limit is the
    # largest block freed so far, 128 kB at first and 32 MB at most; so one is freed here, without ever being touched.
    np.empty(30 << 20, np.uint8)
