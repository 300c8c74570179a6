"""Ten thousand spoilt files of a run: no command may break on one, take long, take much, or lose anything.

Each mutant is one file of a finished run, spoilt by a seeded hand: bytes flipped, cut, doubled; JSON whose values are of
other types, gone, not finite, huge or nested; tensors of another type, shape or with NaN. Then the commands that read
it are run on the run. One sentence and status 2 are fine, and so is status 0 where enough was left to go on.
"""

import json
import os
import random
import shutil
import struct
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from figtest.forks import Ended, ForkServer
from figtest.pictures import draw_shades

pytestmark = pytest.mark.slow

SEED = 16
SECONDS, EXTRA_MB = 15.0, 500  # that no command may exceed on a spoilt file of a tiny run
TINY = [
    "--recipe", "dcgan", "--size", "16", "--set", "width=2", "--set", "code_size=4", "--set", "batch=8", "--images", "240",
]  # fmt: skip
SHARE = float(os.environ.get("SOAK_SHARE", "1"))  # of the mutants, for a shorter soak
SAMPLE = ["sample", "RUN", "-n", "1", "--out", "OUT.png"]
REPORT = ["report", "RUN"]
RESUME = ["resume", "RUN"]  # a finished run: says so
TRAIN_ON = ["resume", "RUN", "--images", "8"]
# Each file of a run, how often it is spoilt, and what then reads it, with how often of all times: some take seconds.
FILES: dict[str, tuple[int, list[tuple[int, list[str]]]]] = {
    "recipe.json": (2400, [(8, RESUME), (8, SAMPLE), (3, REPORT), (1, TRAIN_ON)]),
    "run.json": (2000, [(12, RESUME), (4, REPORT), (2, ["explore", "neighbours", "RUN"]), (2, TRAIN_ON)]),
    "events.jsonl": (1000, [(9, REPORT), (1, TRAIN_ON)]),
    "measures.jsonl": (600, [(1, REPORT)]),
    "findings/directions.json": (600, [(1, REPORT)]),
    "generator.safetensors": (2500, [(1, SAMPLE), (1, ["sample", "GENERATOR", "-n", "1", "--out", "OUT.png"])]),
    "discriminator.safetensors": (
        300, [(1, ["explain", "filters", "RUN"]), (1, ["measure", "RUN", "-n", "16", "--features", "own:RUN"])],
    ),
    "directions.safetensors": (700, [(1, [*SAMPLE, "--direction", "principal-1=1"])]),
    "state/state.safetensors": (400, [(1, TRAIN_ON)]),
}  # fmt: skip
VALUES: list[Any] = [
    None, True, False, 0, 1, -1, 2**31, 2**63, -(2**63), 10**400, 0.5, 1e308, float("nan"), float("inf"), "", "x", "1", "é" * 300,
    "\x1b[31m\x07", "\ud800", "/etc/passwd", [], [[]], [1], {}, {"a": 1}, "A" * 1_000_000,
]  # fmt: skip
DEEP = 200_000


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a finished run that has been measured, explored and reported on, and a cache."""
    folder = tmp_path_factory.mktemp("spoilt")
    draw_shades(folder / "data")
    with ForkServer(folder, {"FIGMENT_CACHE": str(folder / "cache")}) as server:
        for words in (
            ["train", folder / "data", *TINY, "--out", folder / "run"],
            ["measure", folder / "run", "-n", "64", "--features", "gradients"],
            ["explore", "directions", folder / "run", "--how", "principal", "--count", "2", "--samples", "100"],
        ):
            ended = server.figment(*words)
            assert ended.status == 0, ended.output
    return folder


@pytest.mark.parametrize("file", FILES)
def test_spoilt(file: str, trained: Path, tmp_path: Path, tell: Callable[[str], None]) -> None:
    count, weighted = FILES[file]
    weights, commands = zip(*weighted, strict=True)
    whole = (trained / "run" / file).read_bytes()
    chance = random.Random(f"{SEED} {file}")
    faults: list[str] = []
    slowest, largest, fine, runs = 0.0, 0, 0, 0
    with ForkServer(tmp_path, {"FIGMENT_CACHE": str(trained / "cache")}) as server:
        usual = [undisturbed(server, words, trained, tmp_path) for words in commands]
        for _ in range(round(count * SHARE)):
            kind, spoilt = mutant(whole, file, chance)
            which = chance.choices(range(len(commands)), weights)[0]
            words = commands[which]
            run = fresh(trained, tmp_path, file, spoilt)
            before = contents(run)
            ended = server.figment(*addressed(words, run, tmp_path), limit=SECONDS)
            runs += 1
            fine += ended.status == 0
            slowest, largest = max(slowest, ended.seconds), max(largest, ended.peak_mb - usual[which])
            told = [line for line in ended.output.splitlines() if line.startswith("figment:")]
            fault = (
                "broke" if ended.broke
                else "took too much" if ended.peak_mb > usual[which] + EXTRA_MB
                else "no one sentence" if ended.status and len(told) != 1
                else "a sentence too long" if any(len(line) > 2000 for line in ended.output.splitlines())
                else "raw control characters" if "\x1b" in ended.output
                else "refused, and the run changed" if ended.status == 2 and changed(before, run) - may_change(words, ended)
                else ""
            )  # fmt: skip
            if fault:
                faults.append(f"{fault} (status {ended.status}): {kind}; {' '.join(words)}: {ended.output[-700:]}")
                keep(spoilt, file, len(faults))
    tell(
        f"{runs} spoilt, {len(faults)} faults, {fine} could be used; slowest {slowest:.1f} s,"
        f" {max(largest, 0)} MB more than undisturbed"
    )
    shown = "\n\n".join(faults[:12])
    assert not faults, f"{len(faults)} of {runs}:\n{shown}"


def may_change(words: list[str], ended: Ended) -> set[str]:
    """What a refused command may have written: measure keeps what other networks tell, and numbers that were spoilt without
    being absurd may diverge, which is noted as in any training. Else nothing."""
    if words[0] == "measure":
        return {"measures.jsonl", "report.html", "pictures/nearest.png"}
    if "diverged" not in ended.output:
        return set()
    nets = {
        "state/state.safetensors",
        "state/good.safetensors",
        "generator.safetensors",
        "discriminator.safetensors",
    }  # taken back, and kept again
    return {"recipe.json", "run.json", "events.jsonl", *nets}


def changed(before: dict[str, str], run: Path) -> set[str]:
    """The files of a run that are others than before, new, or gone."""
    after = contents(run)
    return {file for file in before.keys() | after.keys() if before.get(file) != after.get(file)}


def undisturbed(server: ForkServer, words: list[str], trained: Path, scratch: Path) -> int:
    """The most memory, in MB, that a command takes on the run as it is."""
    ended = server.figment(*addressed(words, fresh(trained, scratch), scratch))
    assert ended.status == 0, ended.output
    return ended.peak_mb


def fresh(trained: Path, scratch: Path, file: str = "", content: bytes = b"") -> Path:
    """A copy of the run in which one file has another content."""
    shutil.rmtree(scratch / "run", ignore_errors=True)
    run = shutil.copytree(trained / "run", scratch / "run", symlinks=True)
    if file:
        (run / file).write_bytes(content)
    return Path(run)


def addressed(words: list[str], run: Path, scratch: Path) -> list[str]:
    names = {
        "RUN": run,
        "GENERATOR": run / "generator.safetensors",
        "OUT.png": scratch / "out.png",
        "own:RUN": f"own:{run}",
    }
    return [str(names.get(word, word)) for word in words]


def contents(run: Path) -> dict[str, str]:
    """Every file of a run but locks, which whoever asks may hold."""
    return {
        str(path.relative_to(run)): sha256(path.read_bytes()).hexdigest()
        for path in run.rglob("*") if path.is_file() and not path.name.endswith("lock")
    }  # fmt: skip


def keep(spoilt: bytes, file: str, number: int) -> None:
    """Leave a mutant that was a fault where SOAK_KEEP says, for whoever mends it."""
    if folder := os.environ.get("SOAK_KEEP"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        (Path(folder) / f"{number:03d}-{Path(file).name}").write_bytes(spoilt)


# ---- the hand that spoils --------------------------------------------------------------------------------------------


def mutant(whole: bytes, file: str, chance: random.Random) -> tuple[str, bytes]:
    """How a file was spoilt, and its bytes."""
    if chance.random() < 0.3:
        return bytes_spoilt(whole, chance)
    if file.endswith(".safetensors"):
        return tensors_spoilt(whole, chance)
    lines = whole.decode().splitlines() if file.endswith(".jsonl") else [whole.decode()]
    which = chance.randrange(len(lines))
    how, lines[which] = json_spoilt(lines[which], chance)
    return f"line {which + 1}: {how}" if len(lines) > 1 else how, ("\n".join(lines) + "\n").encode(
        "utf-8", "surrogatepass"
    )


def bytes_spoilt(whole: bytes, chance: random.Random) -> tuple[str, bytes]:
    place, some = chance.randrange(len(whole)), chance.randbytes(chance.choice([1, 1, 8, 100]))
    return chance.choice([
        ("cut off", whole[:place]),
        ("emptied", b""),
        ("zeros", bytes(len(whole))),
        (f"bytes at {place}", whole[:place] + some + whole[place + len(some):]),
        ("a byte that isn't UTF-8", whole[:place] + b"\xff" + whole[place:]),
        ("a part doubled", whole[:place] + whole[place // 2:]),
        ("a part gone", whole[: place // 2] + whole[place:]),
        ("bits flipped", bytes(b ^ (1 << chance.randrange(8)) if chance.random() < 0.001 else b for b in whole)),
    ])  # fmt: skip


def json_spoilt(text: str, chance: random.Random) -> tuple[str, str]:
    """JSON with one value of it replaced, gone, renamed or nested."""
    document = json.loads(text)
    places = list(values(document))
    path = chance.choice(places)
    if chance.random() < 0.03:
        return "nested", text.replace("{", '{"deep": ' + "[" * DEEP + "]" * DEEP + ", ", 1)
    parent = document
    for key in path[:-1]:
        parent = parent[key]
    if not path:
        return "replaced whole", json.dumps(chance.choice(VALUES[:-1]))
    if chance.random() < 0.2:
        del parent[path[-1]]
        return f"{path} gone", json.dumps(document)
    if isinstance(parent, dict) and chance.random() < 0.1:
        parent[chance.choice(["extra", "", "é", "x" * 300])] = parent.pop(path[-1])
        return f"{path} renamed", json.dumps(document)
    before, parent[path[-1]] = parent[path[-1]], chance.choice(VALUES)
    if isinstance(before, int | float) and chance.random() < 0.5:
        parent[path[-1]] = chance.choice([-before, before * 1000, before + 0.5, 0, str(before), [before]])
    return f"{path} {str(before)[:40]!r} → {str(parent[path[-1]])[:40]!r}", json.dumps(document)


def values(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Paths to all values of a document, itself first."""
    yield path
    inner = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for key, value in inner:
        yield from values(value, (*path, key))


def tensors_spoilt(whole: bytes, chance: random.Random) -> tuple[str, bytes]:
    """A safetensors file whose header or numbers are spoilt."""
    length = struct.unpack("<Q", whole[:8])[0]
    header, data = json.loads(whole[8 : 8 + length]), bytearray(whole[8 + length :])
    names = [name for name in header if name != "__metadata__"]
    how = chance.choice(["facts", "header", "numbers", "type"])
    if how == "facts":
        how, header["__metadata__"]["figment"] = json_spoilt(header["__metadata__"]["figment"], chance)
        header["__metadata__"]["figment"] = header["__metadata__"]["figment"].encode("utf-8", "replace").decode()
    elif how == "header":
        how, text = json_spoilt(json.dumps(header), chance)
        return how, with_header(text.encode("utf-8", "replace"), data)
    elif how == "numbers":
        name = chance.choice(names)
        start, end = header[name]["data_offsets"]
        value = chance.choice([float("nan"), float("inf"), 3e38, -3e38])
        if header[name]["dtype"] == "F32" and end - start >= 4:
            place = start + 4 * chance.randrange((end - start) // 4)
            data[place : place + 4] = struct.pack("<f", value)
        how = f"{name}: {value}"
    else:
        name = chance.choice(names)
        header[name]["dtype"] = chance.choice(["F16", "BF16", "F64", "I32", "I64", "U8", "BOOL", "X9"])
        if chance.random() < 0.5:
            header[name]["shape"] = chance.choice([[], [0], [1], [2**40], [-1], [2, 2], header[name]["shape"][::-1]])
        how = f"{name}: {header[name]}"
    return how, with_header(json.dumps(header).encode("utf-8", "replace"), data)


def with_header(header: bytes, data: bytes | bytearray) -> bytes:
    return struct.pack("<Q", len(header)) + header + bytes(data)
