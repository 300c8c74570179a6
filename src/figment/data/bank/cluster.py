"""A cluster of Dask's as what prepares pictures in this machine's place: its workers decode shares, this machine writes.

Dask hands each share to a worker, and to another one where that is lost. It is given as many shares as its workers have
threads, and a few more, so that neither they nor this machine hold more than those.
"""

import itertools
import logging
import uuid
import warnings
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from time import monotonic, sleep
from typing import Any

from figment.common.extras import require
from figment.common.progress import Say
from figment.common.text import shown
from figment.data.bank.preparer import ChunkPreparer
from figment.data.bank.shares import PreparedShare, Share, Unlike, prepare_share, shares
from figment.data.decoding.chunks import Chunk
from figment.data.decoding.prepared import PreparedPicture
from figment.errors import InputError

SCHEMES = ("tcp://", "tls://")
JOIN_SECONDS = 30.0  # that the scheduler may take to answer
ALONE_SECONDS = 120.0  # that we wait where there isn't a single worker
LOOK_SECONDS = 1.0  # between two looks at whether there is one
PAUSE_SECONDS = 0.05  # between two looks at whether a share is done
CLOSE_SECONDS = 5.0  # that taking leave may take
SHARES_A_THREAD = 4  # at least, where there are pictures enough: at the end all wait for the slowest share
MIN_SHARE_PICTURES = 64
IMPORTED = "import figment.data.bank.shares"
LOGGERS = ("distributed", "distributed.client", "tornado", "tornado.application")


class ClusterFault(InputError):
    """The cluster can't do what it was asked for. status: 2 where that is for the user to mend."""

    def __init__(self, sentence: str, status: int = 2) -> None:
        super().__init__(sentence)
        self.status = status


def check_cluster(address: str) -> None:
    """Raise InputError where an address isn't one of a scheduler, or Dask isn't installed; nothing is asked of it yet."""
    host, _, port = address.partition("://")[2].rpartition(":")
    if not address.startswith(SCHEMES) or not host or not port.isdecimal() or not 0 < int(port) < 2**16:
        raise InputError(
            f"--cluster {shown(address)} isn't the address of a Dask scheduler: give tcp://HOST:PORT, as dask scheduler prints"
            " it, or tls://HOST:PORT"
        )
    require("cluster", "--cluster")


@contextmanager
def joined(address: str | None, say: Say | None) -> Iterator["Cluster | None"]:
    """The cluster at an address, once it has a worker; None for None. Raises ClusterFault where it hasn't, or isn't there."""
    if address is None:
        yield None
        return
    with _quiet():
        client = _client(address, say)
        try:
            cluster = Cluster(client, address, say)
            cluster.wait_for_worker()
            cluster.check_figment()
            yield cluster
        finally:
            with suppress(OSError, TimeoutError):
                client.close(timeout=CLOSE_SECONDS)


class Cluster:
    """A cluster that was joined. say is told what is waited for."""

    def __init__(self, client: Any, address: str, say: Say | None) -> None:
        self._client, self._address, self._say = client, address, say
        self._alone_since: float | None = None

    def wait_for_worker(self) -> None:
        """Return once there is a worker. Raises ClusterFault where there is none for ALONE_SECONDS."""
        while not self._threads():
            sleep(LOOK_SECONDS)

    def check_figment(self) -> None:
        """Raise ClusterFault where a worker, or the scheduler, can't import figment: given a share, it would end over it."""
        found: dict[str, Any] = {}
        try:
            self._client.run_on_scheduler(exec, IMPORTED)
        except ImportError as error:
            found["its scheduler"] = error
        except (OSError, TimeoutError) as error:
            raise self._gone(_reason(error)) from None
        workers = self._client.run(exec, IMPORTED, on_error="return")
        found |= {f"the worker {address}": answer for address, answer in workers.items()}
        for place, answer in found.items():
            if isinstance(answer, ImportError):
                mend = "install 'figment-gan[cluster]' on all of its machines, in the version that is here"
                raise self._fault(f"can't be used: {place} can't import figment ({_reason(answer)}): {mend}")

    def prepared(
        self, preparer: ChunkPreparer, chunks: Iterable[Chunk], count: int, names: Sequence[str]
    ) -> Generator[list[PreparedPicture], None, None]:
        """Yield what became of the pictures of all chunks, a share at a time as they get done and are written.

        count: how many pictures there are. names: by slot, for messages. Raises ClusterFault. Closing the iterator takes back
        what is still under way.
        """
        from distributed import as_completed

        threads, looked = self._threads(), monotonic()
        most = max(MIN_SHARE_PICTURES, count // (SHARES_A_THREAD * max(1, threads)))
        waiting = shares(chunks, preparer.decoder, most)
        name = f"figment-share-{uuid.uuid4().hex}"
        numbers = itertools.count()
        under_way: dict[Any, Share] = {}  # by their futures
        ready = as_completed(loop=self._client.loop, with_results=True, raise_errors=False)
        try:
            while True:
                while len(under_way) <= threads + threads // 4 and (share := next(waiting, None)) is not None:
                    future = self._client.submit(prepare_share, share, key=f"{name}-{next(numbers)}", pure=False)
                    under_way[future] = share
                    ready.add(future)
                if not under_way:
                    return
                for future, found in ready.next_batch(block=False):
                    answer = self._answer(future, found, under_way.pop(future), names)
                    yield preparer.write(answer.each())
                if monotonic() - looked >= LOOK_SECONDS:
                    if any(future.cancelled() for future in under_way):
                        raise self._gone("it ended, or can't be reached")
                    threads, looked = self._threads(), monotonic()
                sleep(PAUSE_SECONDS)
        finally:
            if under_way:
                with suppress(OSError, TimeoutError):
                    self._client.cancel(list(under_way))

    def _threads(self) -> int:
        """Of all workers. Raises ClusterFault where there has been none for ALONE_SECONDS, or the scheduler is gone."""
        try:
            threads = sum(self._client.nthreads().values())
        except (OSError, TimeoutError) as error:
            raise self._gone(_reason(error)) from None
        if threads:
            self._alone_since = None
            return threads
        if self._alone_since is None:
            self._alone_since = monotonic()
            if self._say:
                self._say(f"waiting for a worker at {self._address}; giving up after {ALONE_SECONDS:g} seconds")
        elif monotonic() - self._alone_since > ALONE_SECONDS:
            raise self._fault(
                f"has had no worker for {ALONE_SECONDS:g} seconds: start some with dask worker {self._address}"
            )
        return 0

    def _answer(self, future: Any, found: Any, share: Share, names: Sequence[str]) -> PreparedShare:
        """What came back of a share. Raises ClusterFault, or what the task raised."""
        from distributed.scheduler import KilledWorker

        if future.cancelled():
            raise self._gone("it ended, or can't be reached")
        if future.status != "error":
            answer: PreparedShare = found
            return answer
        _, error, trace = found
        first, last = (shown(names[slot]) for slot in share.slots)
        which = first if first == last else f"{first} to {last}"
        if isinstance(error, Unlike):
            raise self._fault(f"can't be used: {error}")
        if isinstance(error, KilledWorker):
            raise self._fault(
                f"lost worker after worker over the pictures {which}: their logs may say why (give them more memory), or prepare"
                " without --cluster",
                status=1,
            )
        if isinstance(error, OSError):
            raise self._fault(f"failed over the pictures {which} ({_reason(error)})", status=1)
        raise error.with_traceback(trace)

    def _gone(self, reason: str) -> ClusterFault:
        return self._fault(f"is lost ({reason}): start its scheduler again", status=1)

    def _fault(self, what: str, status: int = 2) -> ClusterFault:
        return ClusterFault(f"the cluster at {self._address} {what}", status)


def _client(address: str, say: Say | None) -> Any:
    import distributed
    from distributed.security import Security

    if address.startswith("tls://"):
        try:
            has_certificate = Security().get_connection_args("client").get("ssl_context") is not None
        except (OSError, ValueError) as error:
            raise ClusterFault(f"--cluster {address}: Dask's certificates can't be read ({_reason(error)})") from None
        if not has_certificate:
            raise ClusterFault(
                f"--cluster {address} needs certificates, and Dask's configuration names none: set distributed.comm.tls there,"
                " as docs.dask.org has it"
            )
    if say:
        say(f"joining the cluster at {address}; giving up after {JOIN_SECONDS:g} seconds")
    try:
        return distributed.Client(address, timeout=JOIN_SECONDS, set_as_default=False)
    except (OSError, TimeoutError, TypeError, ValueError) as error:
        raise ClusterFault(
            f"no scheduler answers at --cluster {address} within {JOIN_SECONDS:g} seconds ({_reason(error)}): start one with"
            " dask scheduler, and see that this machine can reach it"
        ) from None


def _reason(error: BaseException) -> str:
    return shown(str(error).partition("\n")[0] or type(error).__name__)


@contextmanager
def _quiet() -> Iterator[None]:
    """Within, Dask writes nothing on the terminal: what matters of it is told in a sentence."""
    import dask
    import distributed  # noqa: F401  which sets its loggers up

    handlers = {handler for name in LOGGERS for handler in logging.getLogger(name).handlers}
    before = {handler: handler.level for handler in handlers}
    for handler in handlers:
        handler.setLevel(logging.CRITICAL + 1)
    try:
        # Encoded pictures travel with the task, and it warns of tasks that are large.
        with warnings.catch_warnings(), dask.config.set({"distributed.admin.large-graph-warning-threshold": "1GB"}):
            warnings.filterwarnings("ignore", module=r"(dask|distributed)\b")
            yield
    finally:
        for handler, level in before.items():
            handler.setLevel(level)
