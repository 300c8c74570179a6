"""How long a measurement will take here, more or less: told before its long work begins.

A few pictures are drawn and shown to the networks, and a small fixed work is timed, beside which the rest goes by what it
took on a quiet core. It is said to a person, and nothing that is measured goes by it.
"""

from collections.abc import Callable, Sequence
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np

from figment.attributes.portrait_reader import TEACHING_A_PICTURE
from figment.common.pixels import to_rgb
from figment.features.base import Extractor
from figment.features.extract import LazyPictures, is_known
from figment.features.random_network import random_extractor
from figment.metrics.asked import ATTRIBUTES, COPYING, Asked
from figment.metrics.copying import STRANGER_PICTURES
from figment.metrics.degrade import DEGRADATIONS
from figment.metrics.self_test import SELF_TEST_PICTURES, is_untaught

TRIAL_PICTURES = 16
# Seconds on a quiet core, and what the fixed work takes there.
FIXED_WORK = 0.013
SCORES, SCORES_PICTURES = 5.0, 1000  # of a network's features of so many samples; more take hardly longer
COPIES, COPIES_A_PICTURE, COPIES_A_PAIR = 1.3, 3e-3, 2.7e-7  # of training pictures, and of pairs that are compared
READING_A_PICTURE = 2e-3  # that a portrait's attributes are read from; real ones are drawn first


def expected_seconds(
    pictures: LazyPictures, spare: LazyPictures, reference: LazyPictures, networks: Sequence[Extractor], codec: str,
    asked: Asked, train: int, held_out: int, attributes: tuple[int, int],
) -> float:  # fmt: skip
    """Seconds that a measurement takes.

    pictures: samples; spare, reference: reals for the floor and to compare with; train, held_out: reals that copies are looked
    for among, and beside. attributes: pictures that a reader has still to learn from, and that are read.
    """
    drawing, pace = _each(lambda: pictures.between(0, TRIAL_PICTURES)), _pace()
    seconds = pictures.count * drawing
    some = to_rgb(spare.between(0, min(TRIAL_PICTURES, spare.count)))
    for network in networks:
        seeing = _each(partial(network, some))
        seen = pictures.count + sum(its.count for its in (spare, reference) if not is_known(its, network, codec))
        if not is_untaught(network.name) and not is_known(spare, network, codec):
            seen += len(DEGRADATIONS) * min(SELF_TEST_PICTURES, spare.count)
        seconds += seen * seeing + pace * SCORES * min(1, pictures.count / SCORES_PICTURES)
    if COPYING in asked.parts:
        compared = pictures.count + held_out + min(STRANGER_PICTURES, train)
        seconds += pace * (COPIES + COPIES_A_PICTURE * train + COPIES_A_PAIR * compared * train)
    if ATTRIBUTES in asked.parts:
        taught, read = attributes
        seconds += pace * (TEACHING_A_PICTURE * taught + READING_A_PICTURE * read)
    return seconds


def _pace() -> float:
    """How many times longer than on the quiet core a fixed work takes here."""
    network, noise = random_extractor("cpu"), np.random.default_rng(0).integers(0, 256, (64, 3, 64, 64), np.uint8)
    return _each(lambda: network(noise)) * TRIAL_PICTURES / FIXED_WORK


def _each(work: Callable[[], Any]) -> float:
    """Seconds a picture that a work on TRIAL_PICTURES takes, the second time."""
    work()
    start = perf_counter()
    work()
    return (perf_counter() - start) / TRIAL_PICTURES
