"""Every command that writes meets every kind of bad disk: one sentence, nothing lost, and done once the disk is mended.

Disks that are full, read-only or can hold no more files are small file systems in memory, where the process may mount
them; failing ones, and those that lack something, are a preloaded library (`figtest/disk.c`).
"""

import errno
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path

import pytest

from figtest.forks import Ended, ForkServer
from figtest.pictures import draw_shades

pytestmark = pytest.mark.slow

TINY = [
    "--recipe", "dcgan", "--size", "16", "--set", "width=2", "--set", "code_size=4", "--set", "batch=8",
    "--set", "snapshots=3", "--set", "save_seconds=0.05", "--images", "160",
]  # fmt: skip
# What is run on a disk with a finished run (RUN), its pictures (DATA, elsewhere) and its cache; OUT lies on the disk.
COMMANDS = {
    "train": ["train", "DATA", *TINY, "--out", "OUT"],
    "resume": ["resume", "RUN", "--images", "160"],
    "sample": ["sample", "RUN", "-n", "8", "--out", "OUT.png"],
    "sample files": ["sample", "RUN", "-n", "24", "--files", "--out", "OUT"],
    "walk": ["walk", "RUN", "--keyframes", "2", "--seconds", "1", "--out", "OUT.mp4"],
    "timelapse": ["timelapse", "RUN", "--out", "OUT.mp4"],
    "report": ["report", "RUN"],
    "measure": ["measure", "RUN", "-n", "64", "--features", "gradients"],
    "measure out": ["measure", "RUN", "-n", "64", "--features", "gradients", "--out", "OUT.json"],
    "prepare": ["data", "prepare", "DATA", "--size", "24"],
    "inspect": ["data", "inspect", "DATA", "--size", "16", "--out", "OUT.html"],
    "dedupe": ["data", "dedupe", "DATA", "--method", "hash", "--out", "OUT.json"],
    "interpolate": ["explore", "interpolate", "RUN"],
    "neighbours": ["explore", "neighbours", "RUN"],
    "filters": ["explain", "filters", "RUN"],
    "evidence": ["explain", "evidence", "RUN"],
}
# What a run rewrites as it goes on, or beside which it puts more.
GROWING = {
    "run.json", "recipe.json", "events.jsonl", "report.html", "live.html", "live.js", "measures.jsonl",
    "state.safetensors", "nearest.png",
    "good.safetensors", "generator.safetensors", "discriminator.safetensors", "generator-best.safetensors",
}  # fmt: skip
LACKS = {
    "flock ENOLCK": {"DISK_FLOCK": errno.ENOLCK}, "flock EOPNOTSUPP": {"DISK_FLOCK": errno.EOPNOTSUPP},
    "flock ENOSYS": {"DISK_FLOCK": errno.ENOSYS}, "fsync EINVAL": {"DISK_FSYNC": errno.EINVAL},
    "mmap ENODEV": {"DISK_MMAP": errno.ENODEV}, "fallocate ENOSYS": {"DISK_FALLOCATE": errno.ENOSYS},
    "all": {"DISK_FLOCK": errno.ENOLCK, "DISK_FSYNC": errno.ENOTSUP, "DISK_MMAP": errno.EINVAL,
            "DISK_FALLOCATE": errno.EOPNOTSUPP},
}  # fmt: skip
DISK = "size=48m,nr_inodes=4k"  # of the small file systems
Tell = Callable[[str], None]


@pytest.fixture(scope="module")
def bench(server: ForkServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures, and a folder `disk` with a finished run and its cache."""
    folder = tmp_path_factory.mktemp("disks")
    draw_shades(folder / "data")
    (folder / "disk").mkdir()
    words = ["train", folder / "data", *TINY, "--out", folder / "disk" / "run"]
    ended = server.figment(*words, environment=cached(folder / "disk"))
    assert ended.status == 0, ended.output
    return folder


@contextmanager
def small_disk(place: Path, bench: Path) -> Iterator[None]:
    """A small file system with a copy of the bench's disk."""
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", DISK, "tmpfs", place], capture_output=True).returncode:
        pytest.skip("needs to mount a file system")
    try:
        shutil.copytree(bench / "disk", place, dirs_exist_ok=True)
        yield
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


def fill(place: Path) -> None:
    with suppress(OSError), (place / "ballast").open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))


def use_up_names(place: Path) -> None:
    (place / "names").mkdir()
    with suppress(OSError):
        for number in range(10_000):
            (place / "names" / str(number)).touch()


def forbid(place: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", place], check=True)


def mend(place: Path) -> None:
    subprocess.run(["mount", "-o", "remount,rw", place], check=True)
    (place / "ballast").unlink(missing_ok=True)
    shutil.rmtree(place / "names", ignore_errors=True)


@pytest.mark.parametrize("name", COMMANDS)
def test_small_disks(name: str, server: ForkServer, bench: Path, tmp_path: Path, tell: Tell) -> None:
    told = []
    for kind, spoil in (("full", fill), ("no inodes", use_up_names), ("read-only", forbid)):
        place = tmp_path / kind.replace(" ", "-")
        with small_disk(place, bench):
            before = files(place)
            spoil(place)
            ended = server.figment(*addressed(name, bench, place), environment=cached(place))
            sentence(ended, kind)
            mend(place)
            after = files(place)
            assert after == before, f"{kind}: {sorted(after.items() ^ before.items())}"
            again = server.figment(*addressed(name, bench, place), environment=cached(place))
            assert again.status == 0, f"{kind}, mended: {again.output}"
        told.append(f"{kind} {ended.status}")
    tell(f"{', '.join(told)}; files as before, done once mended")


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.usefixtures("says_no")
def test_failing_disk(name: str, server: ForkServer, bench: Path, tmp_path: Path, tell: Tell) -> None:
    place = tmp_path / "disk"
    shutil.copytree(bench / "disk", place)
    before = files(place)
    spoilt = {"DISK_UNDER": f"{place}/", "DISK_WRITE": str(errno.EIO)}
    ended = server.figment(*addressed(name, bench, place), environment=cached(place) | spoilt)
    sentence(ended, "EIO")
    assert ended.status == 1, ended.output  # not the user's fault
    assert files(place) == before
    tell(f"EIO {ended.status}; files as before")


@pytest.mark.parametrize("name", COMMANDS)
def test_vanishing_folder(name: str, server: ForkServer, bench: Path, tmp_path: Path, tell: Tell) -> None:
    place, gone, told = tmp_path / "disk", tmp_path / "gone", []
    shutil.copytree(bench / "disk", place)
    undisturbed = server.figment(*addressed(name, bench, place), environment=cached(place))
    assert undisturbed.status == 0, undisturbed.output
    for share in (0.2, 0.5, 0.8):
        shutil.rmtree(place)
        shutil.copytree(bench / "disk", place)
        before = files(place)
        timer = threading.Timer(share * undisturbed.seconds, place.rename, [gone])
        timer.start()
        ended = server.figment(*addressed(name, bench, place), environment=cached(place))
        timer.join()
        if ended.status:  # it may have been done by then, or need nothing more of the folder
            sentence(ended, f"vanished after {share:.0%}")
        found = files(gone)
        assert {n: h for n, h in before.items() if Path(n).name not in GROWING}.items() <= found.items()
        shutil.rmtree(gone)
        told.append(str(ended.status))
        if not place.exists():
            place.mkdir()
    tell(f"vanished at 20, 50, 80 %: {', '.join(told)}; what was there is there")


@pytest.mark.parametrize("lack", LACKS)
@pytest.mark.usefixtures("says_no")
def test_file_systems_that_lack_something(
    lack: str, server: ForkServer, bench: Path, tmp_path: Path, tell: Tell
) -> None:
    place = tmp_path / "disk"
    variables = {name: str(answer) for name, answer in LACKS[lack].items()} | {"DISK_UNDER": f"{place}/"}
    for name in COMMANDS:
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(bench / "disk", place)
        if name == "train":
            shutil.rmtree(place / "cache")  # pictures are prepared there, too
        ended = server.figment(*addressed(name, bench, place), environment=cached(place) | variables)
        assert ended.status == 0, f"{name}: {ended.output}"
        if name == "train":
            made = place / "out" / "generator.safetensors"
            assert made.read_bytes() == (bench / "disk" / "run" / "generator.safetensors").read_bytes()
        left = [str(p) for p in place.rglob("*") if ".part" in p.name or p.name.endswith(".held")]
        assert not left, f"{name}: {left}"
    tell(f"{len(COMMANDS)} commands done, the same generator to the byte, nothing left over")


def sentence(ended: Ended, kind: str) -> None:
    """A command's refusal: one sentence, last, and no traceback."""
    assert not ended.broke, f"{kind}: {ended.output}"
    assert ended.status in (1, 2), f"{kind}: {ended.status} {ended.output}"
    said = [line for line in ended.output.splitlines() if line.startswith("figment: ")]
    assert len(said) == 1, f"{kind}: {ended.output}"
    assert "can't be" in said[0] or "exist" in said[0] or "disk" in said[0] or "gone" in said[0], f"{kind}: {said[0]}"


def cached(place: Path) -> dict[str, str]:
    """The variables of a command whose cache lies on that disk."""
    return {"FIGMENT_CACHE": str(place / "cache")}


def addressed(name: str, bench: Path, place: Path) -> list[str]:
    """A command's words, RUN, DATA and OUT as the paths that they are."""
    names = {"RUN": str(place / "run"), "DATA": str(bench / "data")}
    return [
        names.get(word, word.replace("OUT", str(place / "out")) if word.startswith("OUT") else word)
        for word in COMMANDS[name]
    ]


def files(folder: Path) -> dict[str, str]:
    """Every file below a folder but locks and what features the cache keeps, with a hash of its bytes."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_file() and not path.name.endswith(("lock", ".held")) and not name.startswith(("cache/", "names/")):
            found[name] = sha256(path.read_bytes()).hexdigest()
    return {name: hashed for name, hashed in found.items() if name != "ballast"}
