"""Sets of which each machine holds parts only: the i-th picture of a batch is from part i mod parts, in that part's own order.

So a batch has as many of each part, and what is learnt depends on the parts, not on who holds them: one machine with all of
them, and as many machines as parts, take the same pictures in the same order.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from figment.common.seeds import seed_at
from figment.data.bank.bank import Bank
from figment.data.bank.stacked import Stacked
from figment.errors import InputError
from figment.recipe import Recipe
from figment.training.distributed import World
from figment.training.order import Order


class DealtOrder:
    """An order as Order has it, for whoever holds some parts of a set.

    rows: by the number of a part, from 0, which pictures are trained on, int64, and where its own bank begins among the
    pictures of all parts that are held. parts: how many there are in all.
    """

    def __init__(self, rows: Mapping[int, tuple[int, np.ndarray]], parts: int, seed: int, by_formula: bool) -> None:
        self.parts = parts
        self.orders = {
            part: (first, Order(own, seed_at(seed, "part", part), by_formula)) for part, (first, own) in rows.items()
        }

    def at(self, numbers: np.ndarray) -> NDArray[np.int64]:
        """As Order.at has it. Raises KeyError for a number whose part isn't held."""
        within, parts = np.divmod(numbers, self.parts)
        found = np.empty(len(numbers), np.int64)
        for part in np.unique(parts).tolist():
            first, order = self.orders[part]
            here = parts == part
            found[here] = first + order.at(within[here])
        return found

    def another(self, seed: int) -> "DealtOrder":
        """The same pictures, in the order of another seed."""
        other = DealtOrder({}, self.parts, seed, False)
        other.orders = {
            part: (first, order.another(seed_at(seed, "part", part))) for part, (first, order) in self.orders.items()
        }
        return other


def dealt(banks: Sequence[Bank], recipe: Recipe) -> tuple[Stacked, DealtOrder]:
    """The pictures of all parts that this machine holds, the first bank's first, and the order in which they come."""
    firsts = np.cumsum([0, *(len(bank.pictures) for bank in banks)]).tolist()
    rows = {bank.part.number: (first, bank.train) for bank, first in zip(banks, firsts, strict=False) if bank.part}
    order = DealtOrder(rows, recipe.parts, recipe.seed, recipe.order == "formula")
    return Stacked([bank.pictures for bank in banks]), order


def check_dealing(recipe: Recipe, world: World) -> None:
    """Raise InputError where these machines can't share a recipe's parts, or its batch can't be made of them evenly."""
    if recipe.parts == 1:
        return
    if recipe.parts % world.nodes:
        raise InputError(
            f"--set parts={recipe.parts}: {world.nodes} machines can't hold as many parts each: start a number of machines "
            f"that {recipe.parts} can be divided by."
        )
    if recipe.batch % recipe.parts:
        near = max(round(recipe.batch / recipe.parts), 1) * recipe.parts
        raise InputError(
            f"a batch of {recipe.batch} can't be of {recipe.parts} parts evenly: give --set batch={near}, or another number "
            "of parts."
        )


def check_parts(bank: Bank, world: World) -> None:
    """Raise InputError, in every process, where machines have parts of different sets."""
    if bank.part is None:
        return
    sets = world.everybody("which set it has parts of", bank.part.whole)
    others = [rank for rank, whole in enumerate(sets) if whole != sets[0]]
    if others:
        raise InputError(
            f"--set parts={bank.part.of}: process {others[0]} of {world.size} finds other pictures than the first under the same "
            "name, so their parts make no whole: give every machine the same files (one shared disk, or copies that keep the "
            "files' times, as rsync -a makes)."
        )
