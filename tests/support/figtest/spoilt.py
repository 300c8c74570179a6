"""Sources of every form, small and sound, and ways to spoil them that get past checksums into the readers."""

import bz2
import gzip
import io
import json
import lzma
import random
import re
import struct
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import zstandard
from PIL import Image

from figment.data.sources.open import open_source
from figment.errors import InputError
from figtest.pictures import encoded

COUNT = 40  # pictures in each
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "tar": bytes, "tar.gz": gzip.compress, "tar.bz2": bz2.compress, "tar.xz": lzma.compress,
    "tar.zst": zstandard.compress, "tar.lzma": lambda content: lzma.compress(content, lzma.FORMAT_ALONE),
}  # fmt: skip
# What damaged numbers look like in the text and number fields of headers.
ODD_TEXTS = [b"x", b"-1", b"", b"9" * 30, b"1e9", b"0x10", b"\xff\xfe", b"NaN", b"-9999999999", b" ", b"4294967296"]
ODD_NUMBERS = [b"\xff" * 8, bytes(8), b"\x80" + bytes(6) + b"\xff", b"-0000001", b"99999999", b"\x7f" + b"\xff" * 7]


def sound_sources() -> dict[str, bytes]:
    """A sound file of every form, by a name that it may have; packed forms of tar are made of their tar when spoilt."""
    numbers = np.random.default_rng(0)
    arrays = numbers.integers(0, 256, (COUNT, 8, 8, 3), dtype=np.uint8)
    pictures = {f"{n % 3}/{n:03d}.png": encoded(Image.fromarray(a), "PNG") for n, a in enumerate(arrays)}
    labels = np.arange(COUNT, dtype=np.uint8) % 3
    made = {f"{name}.tar": content for name, content in _tars(pictures).items()}
    for method in ("stored", "deflated", "bzip2", "lzma"):
        made[f"{method}.zip"] = _zip(pictures, getattr(zipfile, f"ZIP_{method.upper()}"))
    labelled = {"labels": [[name, n % 3] for n, name in enumerate(pictures)]}
    made["stylegan.zip"] = _zip(pictures | {"dataset.json": json.dumps(labelled).encode()}, zipfile.ZIP_STORED)
    for name, save in (("plain", np.savez), ("packed", np.savez_compressed)):
        save(buffer := io.BytesIO(), pictures=arrays, labels=labels)
        made[f"{name}.npz"] = buffer.getvalue()
    np.save(buffer := io.BytesIO(), arrays)
    made["array.npy"] = buffer.getvalue()
    idx = b"\0\0\x08\x03" + struct.pack(">3I", COUNT, 8, 8) + arrays[..., 0].tobytes()
    made |= {"train-images-idx3-ubyte": idx, "t10k-images-idx3-ubyte.gz": gzip.compress(idx)}
    made["data_batch_1.bin"] = b"".join(bytes([n % 10]) + numbers.bytes(3072) for n in range(COUNT))
    return made | _tables(pictures, labels.tolist())


def _tars(pictures: dict[str, bytes]) -> dict[str, bytes]:
    long = {"a folder of a long name/" * 9 + name: content for name, content in pictures.items()}
    labels = {name.replace(".png", ".cls"): b"3" for name in pictures}
    made = {
        "ustar": _tar(pictures, tarfile.USTAR_FORMAT), "gnu": _tar(long, tarfile.GNU_FORMAT),
        "pax": _tar(long, tarfile.PAX_FORMAT, {"mtime": "1.5", "size": "", "SCHILY.xattr.user.x": "y"}),
        "webdataset": _tar(pictures | labels, tarfile.USTAR_FORMAT), "sparse": _sparse(pictures),
    }  # fmt: skip
    return made | {"twice": made["ustar"] + made["gnu"]}


def _tar(files: dict[str, bytes], kind: int, facts: dict[str, str] | None = None) -> bytes:
    with tarfile.open(fileobj=(buffer := io.BytesIO()), mode="w", format=kind) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            member.pax_headers = {key: value or str(member.size) for key, value in (facts or {}).items()}
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def _sparse(pictures: dict[str, bytes]) -> bytes:
    """The three ways in which GNU tar writes sparse files in pax headers, version 1.0 with its map before the content."""
    with tarfile.open(fileobj=(buffer := io.BytesIO()), mode="w", format=tarfile.PAX_FORMAT) as archive:
        for number, (name, content) in enumerate(pictures.items()):
            member, size = tarfile.TarInfo(name), str(len(content))
            facts = {"GNU.sparse.name": name, "GNU.sparse.realsize": size}
            if number % 3 == 0:
                facts |= {"GNU.sparse.major": "1", "GNU.sparse.minor": "0"}
                content = f"1\n0\n{size}\n".encode().ljust(512, b"\0") + content
            elif number % 3 == 1:
                facts |= {"GNU.sparse.map": f"0,{size}", "GNU.sparse.size": size}
            else:
                facts |= {"GNU.sparse.size": size, "GNU.sparse.offset": "0", "GNU.sparse.numbytes": size}
            member.size, member.pax_headers = len(content), facts
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def _zip(files: dict[str, bytes], method: int) -> bytes:
    with zipfile.ZipFile(buffer := io.BytesIO(), "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _tables(pictures: dict[str, bytes], labels: list[int]) -> dict[str, bytes]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        return {}
    rows = [{"bytes": content, "path": name} for name, content in pictures.items()]
    table = pa.table({"image": rows, "label": labels, "word": [f"word {label}" for label in labels]})
    made = {}
    for kind in ("snappy", "zstd", "none"):
        pq.write_table(table, buffer := io.BytesIO(), compression=kind, row_group_size=15)
        made[f"{kind}.parquet"] = buffer.getvalue()
    for name, begin, packing in (("s", pa.ipc.new_stream, None), ("f", pa.ipc.new_file, None), ("l", pa.ipc.new_stream, "lz4")):  # fmt: skip # noqa: E501
        with begin(buffer := io.BytesIO(), table.schema, options=pa.ipc.IpcWriteOptions(compression=packing)) as writer:
            writer.write_table(table, 15)
        made[f"{name}.arrow"] = buffer.getvalue()
    return made


# ---- spoiling --------------------------------------------------------------------------------------------------------


def spoilt_sources(sound: dict[str, bytes], seed: int, count: int) -> Iterator[tuple[str, bytes]]:
    """So many spoilt files as (name, content), the forms in turn."""
    names = list(sound)
    for number in range(seed, seed + count):
        chance = random.Random(number)
        name = names[number % len(names)]
        if name.endswith(".tar"):
            packing = chance.choice(list(PACKERS))
            content = PACKERS[packing](_spoilt_tar(sound[name], chance))
            name = name.replace("tar", packing)
        elif name.endswith(".npz") and chance.random() < 0.6:
            content = _spoilt_npz(sound[name], chance)
        else:
            content = sound[name]
        yield name, content if content != sound.get(name) and chance.random() < 0.8 else _spoilt(content, chance)


def _spoilt(content: bytes, chance: random.Random) -> bytes:
    """Bytes changed, lost, added: anywhere, or where headers and directories are."""
    changed = bytearray(content)
    ends = (0, min(200, len(content))), (max(0, len(content) - 1500), len(content)), (0, len(content))
    low, high = chance.choice(ends)
    for _ in range(chance.choice([1, 1, 2, 5, 30])):
        way, place = chance.randrange(6), chance.randrange(low, high)
        if way < 2:
            changed[place : place + 1] = bytes([chance.randrange(256)])
        elif way == 2:
            changed[place : place + 4] = chance.choice(ODD_NUMBERS)[:4]
        elif way == 3:
            changed[place : place + 8] = chance.choice(ODD_NUMBERS)
        elif way == 4:
            changed[place:place] = chance.randbytes(chance.randrange(1, 40))
        elif chance.random() < 0.3:
            del changed[place : place + chance.randrange(1, 600)]
    return bytes(changed)


def _spoilt_tar(content: bytes, chance: random.Random) -> bytes:
    """Fields of headers replaced, the checksums of the headers made right again; numbers in pax records likewise."""
    changed = bytearray(content)
    heads = [place for place in range(0, len(content), 512) if content[place + 257 : place + 262] == b"ustar"]
    for _ in range(chance.choice([1, 1, 2, 6])):
        head = chance.choice(heads)
        records = list(re.finditer(rb"=?[\d,.]+\n", changed[head : head + 1536]))
        if records and chance.random() < 0.6:
            found = chance.choice(records)
            low, high = head + found.start() + 1, head + found.end() - 1
            changed[low:high] = chance.choice(ODD_TEXTS)[: high - low].ljust(
                high - low, chance.choice([b"0", b" ", b"x"])
            )
        else:
            field, length = chance.choice(
                [(124, 12), (124, 12), (0, 100), (156, 1), (136, 12), (257, 8), (345, 155), (100, 8)]
            )
            odd = chance.choice([*ODD_NUMBERS, *ODD_TEXTS, chance.choice([b"L", b"x", b"S", b"g", b"K", b"1", b"5"])])
            changed[head + field : head + field + length] = odd[:length].ljust(length, b"\0")
        if chance.random() < 0.9:
            block = changed[head : head + 148] + b" " * 8 + changed[head + 156 : head + 512]
            changed[head + 148 : head + 156] = b"%06o\0 " % sum(block)
    return bytes(changed)


def _spoilt_npz(content: bytes, chance: random.Random) -> bytes:
    """The headers of the arrays changed, in a zip whose sums are right."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    name = chance.choice(list(files))
    head = bytearray(files[name][:128])
    for _ in range(chance.choice([1, 2, 4])):
        place = chance.randrange(6, 100)
        odd = chance.choice(
            [
                *ODD_TEXTS,
                b"(",
                b"]",
                b"'",
                b",",
                b"|O",
                b">u8",
                b"True",
                b"{",
                b"*9",
                b"**99",
                bytes([chance.randrange(256)]),
            ]
        )
        head[place : place + len(odd)] = odd
    files[name] = bytes(head[:128]) + files[name][128:]
    return _zip(files, chance.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]))


def outcome(path: Path) -> str:
    """Read a source as preparing does: "read", or the sentence that refuses it. Whatever else is raised is a fault."""
    try:
        source = open_source(path)
        source.fingerprint()
        count = len(source.listing.names)
        slots = [slot for chunk in source.chunks() for slot in chunk.slots]  # type: ignore[union-attr]
        assert len(set(slots)) == len(slots) <= count
    except InputError as error:
        sentence = str(error)
        assert str(path) in sentence, sentence
        assert "\n" not in sentence
        return sentence
    return "read"
