"""Several processes that train as one: each takes its share of every batch, and all hold the same nets.

Started by torchrun. Gradients are averaged by hand, once a phase: DistributedDataParallel gives wrong ones under a
gradient penalty, or fails. All that the processes say to one another goes through this file, so that one that is gone is
always noticed in the same way: by LostProcess.
"""

import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor, nn

from figment.common.launch import launched
from figment.common.progress import Say
from figment.errors import InputError, LostProcess
from figment.training.rendezvous import POLL_SECONDS, TIMEOUT, meet, reason_of


@dataclass(frozen=True)
class World:
    """This process among those that train together: the rank-th of size, the local_rank-th on the node-th machine.

    nodes: how many machines there are, where each has as many processes; else 1.
    store: what all can write to and read without waiting for one another; None where there is one process, and then
    every method gives back what it was given. What the others must take part in raises LostProcess if one of them can't.
    """

    device: torch.device
    rank: int = 0
    local_rank: int = 0
    size: int = 1
    node: int = 0
    store: "dist.Store | None" = None
    nodes: int = 1

    @classmethod
    def alone(cls, device: str | torch.device = "cpu") -> "World":
        """One process by itself."""
        return cls(torch.device(device))

    @property
    def leads(self) -> bool:
        """Whether this is the process that writes, tells and measures."""
        return self.rank == 0

    def share(self, whole: Tensor) -> Tensor:
        """This process's rows of what belongs to a whole batch: every size-th, from its row on. A view."""
        return whole[self.row :: self.size]

    @property
    def row(self) -> int:
        """The first row of a batch that is this process's: of K machines the k-th has every K-th row, from k on."""
        return self.local_rank * self.nodes + self.node if self.nodes > 1 else self.rank

    def parts(self, of: int) -> list[int]:
        """Which of so many parts of a set this machine holds: every K-th, as it has the rows of a batch."""
        return list(range(self.node if self.nodes > 1 else 0, of, self.nodes))

    # ---- what all take part in -----------------------------------------------------------------------------------------

    @torch.no_grad()
    def average_gradients(self, net: nn.Module) -> None:
        """Give the net the mean of all processes' gradients, in one message: what the whole batch's mean loss has.

        A weight that has a gradient in some processes only counts as 0 in the others; one that has none anywhere keeps none, so
        that its optimiser makes no step of it, as in one process.
        """
        if self.store is None:
            return
        trained = [p for p in net.parameters() if p.requires_grad]
        gradients = [torch.zeros_like(p) if p.grad is None else p.grad for p in trained]
        there = gradients[0].new_tensor([float(p.grad is not None) for p in trained])
        whole = all_reduce_sum(torch.cat([*(g.flatten() for g in gradients), there])).div_(self.size)
        *parts, somewhere = whole.split([*(g.numel() for g in gradients), len(there)])
        torch._foreach_copy_(gradients, [part.view_as(g) for part, g in zip(parts, gradients, strict=True)])
        for place, (p, gradient) in enumerate(zip(trained, gradients, strict=True)):
            if p.grad is not None or bool(somewhere[place] > 0):  # asks a GPU only where this process has none
                p.grad = gradient

    def mean(self, tensor: Tensor) -> Tensor:
        """The mean of a floating-point tensor over the processes; of a GPU's tensors nobody waits for it."""
        return tensor if self.store is None else all_reduce_sum(tensor.detach().clone()) / self.size

    def any_process(self, answer: bool) -> bool:
        """Whether any process answers yes: so all stop, or save, at the same step. Never a stop of the GPU."""
        if self.store is None:
            return answer
        return bool(all_reduce_sum(torch.tensor(int(answer))))

    @torch.no_grad()
    def broadcast(self, tensors: Iterable[Tensor]) -> None:
        """Put the first process's numbers into everybody's tensors, which are of the same shapes and types."""
        for tensor in tensors if self.store else ():
            content = tensor.contiguous()
            with _noticing_loss():
                dist.broadcast(content, 0)
            tensor.copy_(content)

    # ---- what may take any time ------------------------------------------------------------------------------------------

    def share_text(self, what: str, tell: Callable[[], str]) -> str:
        """What the first process has to tell, in every process: a name that it chose, say. what: a name, used once."""
        if self.store is None:
            return tell()
        if self.leads:
            _tell(self.store, what, tell())
        return _awaited(self.store, what)

    def everybody(self, what: str, text: str) -> list[str]:
        """What each process has to tell, in every process, by rank. what: a name, used once."""
        if self.store is None:
            return [text]
        _tell(self.store, f"{what}: {self.rank}", text)
        return [_awaited(self.store, f"{what}: {rank}") for rank in range(self.size)]

    @contextmanager
    def local_main_process_first(self, what: str) -> Iterator[None]:
        """The first process of each machine goes through this, then the others of it: what was prepared is found there.

        what: a name, used once.
        """
        if self.store is None:
            yield
            return
        done = f"{what} on {self.node}"
        if self.local_rank:
            _awaited(self.store, done)
        yield
        if self.local_rank == 0:
            _tell(self.store, done, "")

    def check_batch(self, batch: int) -> None:
        """Raise InputError for a batch that can't be shared evenly."""
        if batch % self.size:
            near = max(round(batch / self.size), 1) * self.size
            raise InputError(
                f"a batch of {batch} can't be shared by {self.size} processes: give --set batch={near}, "
                "or start another number of them."
            )


def all_reduce_sum(tensor: Tensor) -> Tensor:
    """The tensor, in place, summed over the processes, of which there are several. Raises LostProcess."""
    with _noticing_loss():
        dist.all_reduce(tensor)
    return tensor


def all_gather(tensor: Tensor) -> Tensor:
    """The tensors of the same shape that the processes have, one above the other in a new one. Raises LostProcess."""
    everybody = [torch.empty_like(tensor) for _ in range(dist.get_world_size())]
    with _noticing_loss():
        dist.all_gather(everybody, tensor)
    return torch.stack(everybody)


# ---- coming together, and parting ----------------------------------------------------------------------------------------


@contextmanager
def joined(device: str | torch.device, say: Say | None = None) -> Iterator[World]:
    """Within, this process is one of those that torchrun started; by itself where torchrun didn't start it.

    They leave when the first is done with all that it writes: torchrun ends the rest as soon as one has ended with a
    status other than 0. Who raises an exception leaves at once. say: told what it waits for, if it waits
    long; else that is a warning.
    """
    world = join(device, say)
    try:
        yield world
        with suppress(LostProcess):
            world.share_text("the end", str)
    finally:
        if world.store:
            dist.destroy_process_group()


def join(device: str | torch.device, say: Say | None = None) -> World:
    """Find the others by torchrun's environment: gloo between CPUs, NCCL between GPUs, of which each process has one.

    Raises InputError where the environment isn't what torchrun gives, the device can't be shared out, or the others
    can't be reached.
    """
    launch = launched()
    if launch is None:
        return World.alone(device)
    own = _own(torch.device(device), launch.local_rank)
    store = meet(launch, say or warnings.warn)
    backend = "cpu:gloo,cuda:nccl" if own.type == "cuda" else "gloo"
    with _noticing_loss():
        dist.init_process_group(backend, store=store, rank=launch.rank, world_size=launch.size, timeout=TIMEOUT)
    return World(own, launch.rank, launch.local_rank, launch.size, launch.node, store, launch.nodes)


def _own(device: torch.device, local_rank: int) -> torch.device:
    """The device that is this process's alone."""
    if device.type == "cpu":
        return device
    if device.type != "cuda":
        raise InputError(
            f"--device {device}: several processes can't share it: give --device cpu, or start one process."
        )
    if local_rank >= torch.cuda.device_count():
        raise InputError(f"--nproc-per-node: there are {torch.cuda.device_count()} GPUs here: start no more processes.")
    torch.cuda.set_device(local_rank)
    return torch.device("cuda", local_rank)


# ---- noticing who is gone ------------------------------------------------------------------------------------------------


@contextmanager
def _noticing_loss() -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:  # torch's own errors of this kind are RuntimeErrors, gloo's are nothing else
        raise LostProcess(reason_of(error)) from error


def _tell(store: "dist.Store", key: str, value: str) -> None:
    with _noticing_loss():
        store.set(key, value)


def _awaited(store: "dist.Store", key: str) -> str:
    """A value from the store, however long it takes to come; Ctrl-C is heard meanwhile."""
    with _noticing_loss():
        while not store.check([key]):
            time.sleep(POLL_SECONDS)
        return store.get(key).decode()
