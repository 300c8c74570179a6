"""What torchrun tells each process that it starts, through the environment: checked, and without torch."""

import os
import re
from dataclasses import dataclass

from figment.errors import InputError

START_HINT = "start several processes by torchrun --nproc-per-node=K -m figment train …"
# Notebooks, cluster shells and other programs leave these behind.
MEND = f"if that was left over, unset WORLD_SIZE RANK; else {START_HINT}"


@dataclass(frozen=True)
class Launch:
    """This process among several: the rank-th of size, the local_rank-th on the node-th machine; and where they meet.

    nodes: how many machines there are, where each has as many processes; else 1, for nothing may hang on it then.
    """

    size: int
    rank: int
    local_rank: int
    node: int
    address: str
    port: int
    nodes: int = 1

    @property
    def place(self) -> str:
        return f"{self.address}:{self.port}"


def launched() -> Launch | None:
    """This process among those that train together; None where it is by itself.

    Raises InputError where the environment tells of several processes, but not what torchrun tells.
    """
    size = _number("WORLD_SIZE", "1")
    if size < 1:
        raise InputError(f"WORLD_SIZE is {size}, which is no number of processes: {MEND}")
    if size == 1 and not os.environ.get("WORLD_SIZE"):  # RANK alone may be anything
        return None
    rank = _number("RANK", "0" if size == 1 else "")
    if rank >= size:
        raise InputError(f"RANK is {rank}, which must be less than WORLD_SIZE={size}: {MEND}")
    if size == 1:
        return None
    local_rank, node = _number("LOCAL_RANK"), _number("GROUP_RANK", "0")
    if local_rank >= size:
        raise InputError(f"LOCAL_RANK is {local_rank}, which must be less than WORLD_SIZE={size}: {MEND}")
    address = os.environ.get("MASTER_ADDR", "")
    if not address:
        raise _missing("MASTER_ADDR")
    port = _number("MASTER_PORT")
    if not 0 < port < 2**16:
        raise InputError(f"MASTER_PORT is {port}, which must be from 1 to 65535: {MEND}")
    return Launch(size, rank, local_rank, node, address, port, _nodes(size, local_rank, node))


def _nodes(size: int, local_rank: int, node: int) -> int:
    nodes, on_each = _number("GROUP_WORLD_SIZE", "1"), _number("LOCAL_WORLD_SIZE", "0")
    return nodes if nodes * on_each == size and node < nodes and local_rank < on_each else 1


def check_launch() -> None:
    """Before torch is imported: raise InputError for what launched() refuses, and hold torch's own log back.

    It tells of every vain attempt to reach the others with a stack of C++; what fails for good is raised, and worded.
    """
    if launched():
        os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "FATAL")


def leads() -> bool:
    """Whether this process speaks for those that torchrun started with it; the run folder may be out of the others' reach."""
    try:
        launch = launched()
    except InputError:
        return True  # it is by itself, and will say what is wrong
    return launch is None or launch.rank == 0


def _number(name: str, usual: str = "") -> int:
    """A variable as a number; without usual, for one that must be there, or is as good as missing if it is empty."""
    text = os.environ.get(name) or usual
    if not text:
        raise _missing(name)
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise InputError(f"{name} is {text[:40]}, which is no number: {MEND}")
    return int(text)


def _missing(name: str) -> InputError:
    return InputError(
        f"WORLD_SIZE={os.environ.get('WORLD_SIZE')} tells of several processes, but {name} is missing: {MEND}"
    )
