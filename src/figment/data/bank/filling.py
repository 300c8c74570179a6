"""Filling a draft: every picture prepared into its slot, by this machine's cores or a cluster's, and noted as done."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from time import monotonic

import numpy as np

from figment.common.progress import Progress
from figment.data.bank.cluster import Cluster, ClusterFault
from figment.data.bank.drafts import Journal
from figment.data.bank.preparer import ChunkPreparer
from figment.data.bank.workers import map_unordered
from figment.data.decoding.chunks import rescue
from figment.data.decoding.prepared import PreparedPicture
from figment.data.sources.open import Source
from figment.errors import Interrupted, Unfinished

JOURNAL_SECONDS = 20.0  # between two notes of what is done: what a kill -9 can cost


def fill(
    source: Source,
    draft: Path,
    journal: Journal,
    preparer: ChunkPreparer,
    progress: Progress | None,
    cluster: Cluster | None,
) -> None:
    """Prepare every picture that isn't done into its slot; those whose values run beyond 8 bits at last, by one scale.

    Raises Interrupted, or Unfinished where the cluster fails, once what is done is noted; ClusterFault before anything is.
    """
    done = journal.done()
    finished, looked = int(done.sum()), int((journal.looked_at() & ~done).sum())
    noted = monotonic()
    try:
        for last in (False, True):
            rest = ~journal.done() & (journal.looked_at() == last)
            decoder = replace(preparer.decoder, scales=journal.ranges.scales() if last else {})
            for result in _results(source, rest, replace(preparer, decoder=decoder), cluster):
                for picture in result:
                    if not last and journal.look(picture):
                        looked += 1
                        continue
                    journal.add(picture)
                    finished += 1
                    looked -= last
                if progress:
                    progress(finished + looked // 2, len(done))  # what has been looked at is half done
                if monotonic() - noted >= JOURNAL_SECONDS:
                    journal.write(draft)
                    noted = monotonic()
    except (KeyboardInterrupt, ClusterFault) as error:
        kept = f"{finished:,} of {len(done):,} pictures are prepared and kept; the same command goes on from there."
        if isinstance(error, KeyboardInterrupt):
            journal.write(draft)
            raise Interrupted(f"Interrupted: {kept}") from None
        if not finished + looked:
            raise
        journal.write(draft)
        raise Unfinished(f"{error}. {kept}", error.status) from None


def _results(
    source: Source, wanted: np.ndarray, preparer: ChunkPreparer, cluster: Cluster | None
) -> Iterator[list[PreparedPicture]]:
    """What becomes of the wanted slots, bool (slots,), some at a time as they get done."""
    count = int(wanted.sum())
    if not count:
        return
    only = None if count == len(wanted) else set(np.flatnonzero(wanted).tolist())
    with closing(source.chunks(only)) as chunks:
        work = (
            map_unordered(preparer, chunks, rescue=rescue)
            if cluster is None
            else cluster.prepared(preparer, chunks, count, source.listing.names)
        )
        with closing(work) as results:
            yield from results
