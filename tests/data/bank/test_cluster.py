"""Prepared on a cluster, a bank is the same to the byte, whoever is killed; what can't be done is told in a sentence."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from figment.data.bank import cluster as clusters
from figment.data.bank import shares
from figment.data.bank.bank import Bank
from figment.data.bank.prepare import prepare
from figment.data.decoding.fit import Target
from figment.errors import InputError, Interrupted, Unfinished
from figtest.banks import files_of
from figtest.clusters import LocalCluster, busy, deadly
from figtest.pictures import noise, noise_folder

COUNT = 202


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """200 pictures of noise, one of them deep, one that says that it is larger than it is, one of no bytes at all."""
    folder = noise_folder(tmp_path_factory.mktemp("many") / "data", COUNT - 2, side=60)
    Image.fromarray(noise(40, 40, 1).astype(np.uint16) * 200).save(folder / "0007.png")
    (folder / "cut.png").write_bytes((folder / "0001.png").read_bytes()[:1000])
    (folder / "empty.png").write_bytes(b"")
    return folder


@pytest.fixture(scope="module")
def undisturbed(many: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FIGMENT_CACHE", str(tmp_path_factory.mktemp("undisturbed")))
        return files_of(prepare(many, 16))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    local = LocalCluster(tmp_path_factory.mktemp("dask"), allowed_failures=1)
    yield local
    local.close()


@pytest.fixture
def local(running: LocalCluster) -> LocalCluster:
    """A scheduler with two workers."""
    running.have(2)
    return running


def test_neither_ctrl_c_nor_a_killed_worker_costs_anything(
    many: Path, undisturbed: dict[str, bytes], local: LocalCluster, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(Interrupted, match=r"of 202 pictures are prepared and kept; the same command goes on"):
        prepare(many, 16, progress=interrupt, cluster=local.address)
    wait_until_idle(local)

    seen: list[int] = []

    def kill_one(done: int, total: int) -> None:
        assert total == COUNT
        if not seen:
            local.kill(next(iter(local.workers.values())))
        seen.append(done)

    monkeypatch.chdir(many.parent)  # the workers are elsewhere
    bank = prepare("data", 16, progress=kill_one, cluster=local.address)
    assert files_of(bank) == undisturbed
    assert seen == sorted(seen)
    assert seen[0] > 64
    assert seen[-1] == COUNT
    assert [item.name for item in bank.skipped] == ["cut.png", "empty.png"]
    assert not list(local.folder.rglob("*.uint8"))
    assert len(list((cache / "banks").glob("*.part-*"))) == 0


def wait_until_idle(local: LocalCluster) -> None:
    from distributed import Client

    with Client(local.address, set_as_default=False) as client:
        for _ in range(100):
            if not any(client.run(busy).values()):
                return
            time.sleep(0.05)
    pytest.fail("tasks were left on the cluster")


def test_workers_that_arent_as_this_machine_are_refused(
    many: Path, local: LocalCluster, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(shares, "_size", lambda path: os.stat(path).st_size + 1)
        with pytest.raises(
            InputError, match=r"sees [\d,]+ bytes and not [\d,]+ in /.*data/.*: the data must lie at the same path"
        ):
            prepare(many, 16, cluster=local.address)
    with monkeypatch.context() as patch:
        patch.setattr(shares, "versions", lambda fit: {"figment": "99.0"})
        with pytest.raises(
            InputError, match=r"the worker tcp://\S+ has figment \S+ .*, and this machine 99\.0: install the same"
        ):
            prepare(many, 16, cluster=local.address)
    assert not [file for file in (cache / "banks").iterdir() if file.is_dir()]


@pytest.mark.slow
def test_a_share_that_no_worker_survives_is_named(
    many: Path, undisturbed: dict[str, bytes], local: LocalCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    def begin_to_kill(done: int, total: int) -> None:
        seen.append(done)
        monkeypatch.setattr(clusters, "prepare_share", deadly)

    with pytest.raises(
        Unfinished, match=r"lost worker after worker over the pictures \d+\.png to .*\d+ of 202 .* kept"
    ) as caught:
        prepare(many, 16, progress=begin_to_kill, cluster=local.address)
    assert caught.value.status == 1
    again: list[int] = []
    assert files_of(prepare(many, 16, progress=lambda done, _: again.append(done))) == undisturbed
    assert again[0] > seen[-1]


@pytest.mark.slow
def test_a_scheduler_that_ends_is_told(many: Path, tmp_path: Path) -> None:
    local = LocalCluster(tmp_path)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(clusters, "ALONE_SECONDS", 0.1)
            with pytest.raises(
                InputError, match=r"has had no worker for 0\.1 seconds: start some with dask worker tcp://"
            ):
                prepare(many, 16, cluster=local.address, say=(told := []).append)
        assert [sentence.split()[0] for sentence in told] == ["joining", "waiting"]
        (tmp_path / "without" / "figment").mkdir(parents=True)
        (tmp_path / "without" / "figment" / "__init__.py").touch()
        local.have(1, tmp_path / "without")
        with pytest.raises(
            InputError, match=r"the worker tcp://\S+ can't import figment \(.*\): install 'figment-gan\[cluster\]'"
        ):
            prepare(many, 16, cluster=local.address)
        local.kill(*local.workers.values())
        local.have(1)
        with pytest.raises(Unfinished, match=r"the cluster at \S+ is lost .* of 202 pictures are prepared and kept"):
            prepare(many, 16, progress=lambda *_: local.kill(local.scheduler), cluster=local.address)
    finally:
        local.close()


@pytest.mark.parametrize(
    "address", ["scheduler:8786", "http://scheduler:8786", "tcp://scheduler", "tcp://:8786", "tcp://a:0"]
)
def test_what_isnt_an_address_is_told_before_anything_is_looked_at(address: str) -> None:
    with pytest.raises(InputError, match=r"isn't the address of a Dask scheduler: give tcp://HOST:PORT"):
        prepare("nothing/there", 16, cluster=address)


def test_a_cluster_that_isnt_there(many: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "JOIN_SECONDS", 0.5)
    with pytest.raises(
        InputError, match=r"no scheduler answers at --cluster tcp://127\.0\.0\.1:9 within 0\.5 seconds"
    ) as caught:
        prepare(many, 16, cluster="tcp://127.0.0.1:9")
    assert caught.value.status == 2
    assert not [file for file in (cache / "banks").iterdir() if file.is_dir()]


def test_a_bank_that_is_there_needs_no_cluster(many: Path) -> None:
    first: Bank = prepare(many, 16)
    assert prepare(many, 16, cluster="tcp://127.0.0.1:9").folder == first.folder


def test_shares_are_bounded_and_hold_all() -> None:
    from figment.data.decoding.chunks import StoredChunk

    decoder = shares.Decoder(Target(64, 64))
    chunks = [StoredChunk(list(range(start, start + 64)), [bytes(10_000)] * 64) for start in range(0, 640, 64)]
    for most in (1, 100, 128, 10_000):
        found = list(shares.shares(chunks, decoder, most))
        assert [slot for share in found for chunk in share.chunks for slot in chunk.slots] == list(range(640))
        assert all(len(share.chunks) <= max(1, most // 64) for share in found)
    large = [StoredChunk([slot], [bytes(6 << 20)]) for slot in range(7)]
    assert [share.slots for share in shares.shares(large, decoder, 100)] == [(0, 1), (2, 3), (4, 5), (6, 6)]
    wide = shares.Decoder(Target(1024, 1024))
    assert [share.slots for share in shares.shares(large, wide, 1000)] == [(0, 1), (2, 3), (4, 5), (6, 6)]
