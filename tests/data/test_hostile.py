"""Hostile input: thousands of spoilt files at once, and archives that mean harm.

What has to hold: no crash and no hang, memory within a bound that is stated here, nothing written outside the cache, and
every picture either kept or told with a reason.
"""

import io
import json
import os
import resource
import stat
import struct
import subprocess
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from figment.data.bank.prepare import prepare
from figment.errors import InputError
from figtest.pictures import encoded

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory and open files are looked up in /proc")

MOST_MEMORY = 1200  # MB, of the parent and of the largest worker each; a picture of 89 megapixels takes 268 MB as RGB
MOST_SECONDS = 900


# ---- spoilt pictures ------------------------------------------------------------------------------------------------


def scene(random: np.random.Generator, side: int) -> Image.Image:
    """A picture that compresses like a photograph: smooth, with some noise."""
    small = Image.fromarray(random.integers(0, 256, (4, 5, 3), dtype=np.uint8))
    smooth = np.asarray(small.resize((side, side + 7), Image.Resampling.BICUBIC)).astype(int)
    return Image.fromarray(np.clip(smooth + random.integers(-9, 10, smooth.shape), 0, 255).astype(np.uint8))


def seeds(random: np.random.Generator) -> list[tuple[str, bytes]]:
    """A sound file of every kind: (suffix, content)."""
    picture = scene(random, 40)
    more = [scene(random, 40) for _ in range(3)]
    exif = Image.Exif()
    exif[0x0112] = 6
    files = [
        ("jpg", encoded(picture, "JPEG", exif=exif)),
        ("jpg", encoded(picture, "JPEG", progressive=True, quality=60)),
        ("jpeg", encoded(picture.convert("CMYK"), "JPEG")),
        ("jpg", encoded(picture.convert("L"), "JPEG")),
        ("png", encoded(picture, "PNG")),
        ("png", encoded(picture.convert("P"), "PNG", transparency=3)),
        ("png", encoded(picture.convert("RGBA"), "PNG", compress_level=1)),
        ("png", encoded(Image.fromarray(np.asarray(picture.convert("L")).astype(np.uint16) * 257), "PNG")),
        ("webp", encoded(picture, "WEBP")),
        ("webp", encoded(picture, "WEBP", lossless=True, save_all=True, append_images=more)),
        ("gif", encoded(picture, "GIF", save_all=True, append_images=more)),
        ("bmp", encoded(picture, "BMP")),
        ("tif", encoded(picture, "TIFF", compression="tiff_lzw")),
        ("tiff", encoded(picture, "TIFF", compression="tiff_deflate")),
        ("tif", encoded(picture, "TIFF", compression="jpeg")),
        ("tif", encoded(Image.fromarray(np.asarray(picture.convert("F"))), "TIFF")),
        ("ppm", encoded(picture, "PPM")),
        ("tga", encoded(picture, "TGA", compression="tga_rle")),
        ("jp2", encoded(picture, "JPEG2000")),
        ("avif", encoded(picture, "AVIF")),
        ("pcx", encoded(picture, "PCX")),
    ]
    try:
        import pillow_heif

        heic = io.BytesIO()
        pillow_heif.from_pillow(picture).save(heic)
        files.append(("heic", heic.getvalue()))
    except ImportError:
        pass
    return files


def flipped(content: bytes, random: np.random.Generator) -> bytes:
    spoilt = bytearray(content)
    for place in random.integers(0, len(content), int(random.integers(1, 40))).tolist():
        spoilt[place] ^= 1 << int(random.integers(8))
    return bytes(spoilt)


def flipped_at_the_start(content: bytes, random: np.random.Generator) -> bytes:
    """Headers decide most, so they are hit most."""
    spoilt = bytearray(content)
    for place in random.integers(0, min(64, len(content)), int(random.integers(1, 6))).tolist():
        spoilt[place] = int(random.integers(256))
    return bytes(spoilt)


def cut(content: bytes, random: np.random.Generator) -> bytes:
    return content[: int(random.integers(0, len(content)))]


def torn(content: bytes, random: np.random.Generator) -> bytes:
    start, end = sorted(random.integers(0, len(content), 2).tolist())
    return content[:start] + content[end:]


def stuffed(content: bytes, random: np.random.Generator) -> bytes:
    place = int(random.integers(0, len(content)))
    return content[:place] + random.bytes(int(random.integers(1, 500))) + content[place:]


def overwritten(content: bytes, random: np.random.Generator) -> bytes:
    start, end = sorted(random.integers(0, len(content), 2).tolist())
    return content[:start] + random.choice([b"\0", b"\xff", b"\x7f"]) * (end - start) + content[end:]


def huge(content: bytes, random: np.random.Generator) -> bytes:
    """Every number in the header that looks like this picture's side declares an absurd one."""
    declared = int(random.choice([2**15, 2**16 - 1, 30_000, 9_459]))
    spoilt = content[:600]
    for side in (40, 47):
        for kind in (">H", "<H", ">I", "<I"):
            wide = struct.calcsize(kind) == 4
            spoilt = spoilt.replace(struct.pack(kind, side), struct.pack(kind, declared * (3 if wide else 1)))
    if content.startswith(b"\x89PNG"):  # a size is believed only under the right checksum
        spoilt = spoilt[:29] + struct.pack(">I", zlib.crc32(spoilt[12:29])) + spoilt[33:]
    return spoilt + content[600:]


def nonsense(content: bytes, random: np.random.Generator) -> bytes:
    return content[: int(random.integers(0, 16))] + random.bytes(int(random.integers(0, 3000)))


def sound(content: bytes, random: np.random.Generator) -> bytes:
    return content


WAYS: list[Callable[[bytes, np.random.Generator], bytes]] = [
    flipped, flipped_at_the_start, cut, torn, stuffed, overwritten, huge, nonsense,
]  # fmt: skip

ODD_NAMES = [
    b"\xff\xfe\xe9t\xe9", "naïve-日本-🙂".encode(), b"new\nline", b"quote\"'<b>&", b"  spaces  ", b"-rf", b"%00%2e%2e",
    b"\x1b[31mred", b"a" * 240, "\u202egpj".encode(), b"con", b"~", b"$HOME", b"*?[x]",
]  # fmt: skip


def spoil(folder: Path, count: int) -> None:
    """Fill a folder with spoilt pictures, a tenth of them under wrong suffixes, some with odd names, some sound."""
    random = np.random.default_rng(0)
    base = os.fsencode(folder)
    for number in range(count):
        if number % 200 == 0:
            files = seeds(random)
        suffix, content = files[number % len(files)]
        way = sound if number % 25 == 0 else WAYS[int(random.integers(len(WAYS)))]
        if random.random() < 0.1:
            suffix = files[int(random.integers(len(files)))][0]
        name = f"{number:05d}".encode()
        if number % 17 == 0:
            name += ODD_NAMES[number // 17 % len(ODD_NAMES)]
        with open(os.path.join(base, name[:245] + b"." + suffix.encode()), "wb") as file:
            file.write(way(content, random))


def zeros(kind: bytes, length: int) -> bytes:
    """A PNG chunk of so many compressed zeros."""
    packer = zlib.compressobj(9)
    content = b"".join(packer.compress(bytes(2**20)) for _ in range(length >> 20)) + packer.flush()
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def bombs(folder: Path) -> int:
    """Small files that want to be large; returns how many."""

    def png(width: int, height: int, *chunks: bytes) -> bytes:
        header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
        start = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
        return start + b"".join(chunks) + b"\0\0\0\0IEND\xaeB`\x82"

    text = zeros(b"zTXt", 200 << 20)
    files = {
        "declares-a-lot.png": png(100_000, 100_000, zeros(b"IDAT", 1 << 20)),
        "just-below-the-line.png": png(9_400, 9_400, zeros(b"IDAT", 270 << 20)),
        "more-than-declared.png": png(40, 40, zeros(b"IDAT", 500 << 20)),
        "text.png": png(40, 40, text[:8] + b"x\0\0" + text[8:]),
        "many-frames.gif": encoded(
            Image.new("P", (2000, 2000)), "GIF", save_all=True, append_images=[Image.new("P", (2000, 2000), 1)] * 60
        ),
        "wide.gif": b"GIF89a" + struct.pack("<HHBBB", 65535, 65535, 0x80, 0, 0) + bytes(6) + b",\0\0\0\0"
        + struct.pack("<HHB", 65535, 65535, 0) + b"\x02\x01\0\0;",
        "tiles.tif": tiff_with(width=60_000, height=60_000),
        "strips.tif": tiff_with(width=8_000, height=8_000, strips=2**31),
        "scans.jpg": many_scans(),
        "huge.bmp": b"BM" + struct.pack("<IHHIIiiHHIIiiII", 2**31, 0, 0, 54, 40, 2**30, 2**30, 1, 24, 0, 0, 0, 0, 0, 0),
        "huge.ppm": b"P6 99999 99999 255\n" + bytes(1000),
        "a-picture.svg.png": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        "postscript.jpg": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/tmp/x) (w) file closefile\n",
    }  # fmt: skip
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return len(files)


def tiff_with(width: int, height: int, strips: int = 1) -> bytes:
    tags = [(256, 4, width), (257, 4, height), (258, 3, 8), (259, 3, 1), (262, 3, 1), (273, 4, 8), (277, 3, 1),
            (278, 4, height), (279, 4, strips)]  # fmt: skip
    rows = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    return b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", len(tags)) + rows + bytes(4)


def many_scans() -> bytes:
    """A progressive JPEG that draws its pixels again and again."""
    content = encoded(Image.new("RGB", (4000, 4000)), "JPEG", progressive=True, quality=5)
    last = content.rindex(b"\xff\xda")
    scan = content[last:-2]
    return content[:-2] + scan * 3000 + content[-2:]


RUN = """
import json, re, resource, sys
from pathlib import Path
from figment.data.bank.prepare import prepare
bank = prepare(sys.argv[1], 32)
own = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
worker = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
skipped = [[item.name.encode("utf-8", "surrogateescape").hex(), item.reason] for item in bank.skipped]
print(json.dumps({"kept": len(bank.pictures), "duplicates": len(bank.copies), "ignored": bank.ignored,
                  "skipped": skipped, "own": own / 1024, "worker": worker / 1024, "bank": str(bank.folder)}))
"""


def everything_below(root: Path) -> set[str]:
    return {os.path.join(folder, name) for folder, _, names in os.walk(root) for name in names}


def survive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    folder, cache, home = tmp_path / "data", tmp_path / "cache", tmp_path / "home"
    for made in (folder, cache, home):
        made.mkdir()
    spoil(folder, count)
    count += bombs(folder)
    before = {path: os.stat(path).st_mtime_ns for path in everything_below(tmp_path)}
    environment = dict(os.environ, FIGMENT_CACHE=str(cache), HOME=str(home), TMPDIR=str(home))
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", RUN, str(folder)],
        capture_output=True, text=True, env=environment, timeout=MOST_SECONDS, cwd=home,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""  # decoders' own complaints are kept off the terminal
    found = json.loads(done.stdout)
    assert found["kept"] + found["duplicates"] + len(found["skipped"]) == count
    assert found["ignored"] == 0
    assert found["kept"] >= count // 25  # the sound ones at least
    assert len(found["skipped"]) > count // 4
    assert len({name for name, _ in found["skipped"]}) == len(found["skipped"])
    reasons = {bytes.fromhex(name).decode("utf-8", "surrogateescape"): reason for name, reason in found["skipped"]}
    assert all(reason and len(reason) < 200 and "\n" not in reason for reason in reasons.values())
    for bomb in ("declares-a-lot.png", "wide.gif", "tiles.tif", "scans.jpg", "huge.bmp", "huge.ppm"):
        assert bomb in reasons
    for program in ("a-picture.svg.png", "postscript.jpg"):
        assert "not a picture" in reasons[program]
    memory = f"{found['own']:.0f} MB here, {found['worker']:.0f} MB in the largest worker"
    print(f"{count} files: {found['kept']} kept, {len(found['skipped'])} skipped; {memory}")
    assert found["own"] < MOST_MEMORY
    assert found["worker"] < MOST_MEMORY
    after = {path: os.stat(path).st_mtime_ns for path in everything_below(tmp_path) if not path.startswith(str(cache))}
    assert after == before  # nothing written, changed or removed outside the cache
    left = {Path(path).parent.name for path in everything_below(cache / "banks")} - {"banks"}
    assert left == {Path(found["bank"]).name}


@pytest.mark.slow
def test_hundreds_of_spoilt_files_cost_themselves_alone(tmp_path, monkeypatch):
    survive(tmp_path, monkeypatch, 200)


@pytest.mark.slow
def test_ten_thousand_spoilt_files_cost_themselves_alone(tmp_path, monkeypatch):
    survive(tmp_path, monkeypatch, 10_000)


# ---- archives that mean harm ----------------------------------------------------------------------------------------


@pytest.fixture
def pictures() -> list[bytes]:
    random = np.random.default_rng(1)
    return [encoded(scene(random, 20), "PNG") for _ in range(40)]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FIGMENT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def unharmed(tmp_path: Path, archive: Path) -> set[str]:
    """Prepare an archive; what has appeared outside the cache."""
    before = everything_below(tmp_path)
    bank = prepare(archive, 16)
    assert len(bank.pictures) >= 40
    return {path for path in everything_below(tmp_path) - before if "/cache/" not in path}


def member(name: str, content: bytes = b"", **fields: object) -> tuple[tarfile.TarInfo, io.BytesIO]:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for field, value in fields.items():
        setattr(info, field, value)
    return info, io.BytesIO(content)


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:xz"])
def test_tar_entries_that_would_escape(tmp_path, pictures, mode):
    path = tmp_path / "evil.tar"
    (tmp_path / "secret.png").write_bytes(pictures[0])
    with tarfile.open(path, mode) as archive:
        for number, content in enumerate(pictures):
            archive.addfile(*member(f"{number}.png", content))
        archive.addfile(*member("../escaped.png", pictures[0]))
        archive.addfile(*member("../../../../../../tmp/escaped-figment.png", pictures[1]))
        archive.addfile(*member("/tmp/absolute-figment.png", pictures[2]))
        archive.addfile(*member("link.png", type=tarfile.SYMTYPE, linkname="../secret.png"))
        archive.addfile(*member("loop.png", type=tarfile.SYMTYPE, linkname="loop.png"))
        archive.addfile(*member("hard.png", type=tarfile.LNKTYPE, linkname="/etc/passwd"))
        archive.addfile(*member("device.png", type=tarfile.CHRTYPE, devmajor=1, devminor=5))
        archive.addfile(*member("pipe.png", type=tarfile.FIFOTYPE))
        archive.addfile(*member("\x1b]0;title\x07.png", pictures[3]))
        archive.addfile(*member("x" * 5000 + ".png", pictures[4]))
    assert unharmed(tmp_path, path) == set()
    assert not Path("/tmp/escaped-figment.png").exists()
    assert not Path("/tmp/absolute-figment.png").exists()


def test_zip_entries_that_would_escape_or_burst(tmp_path, pictures):
    path = tmp_path / "evil.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, content in enumerate(pictures):
            archive.writestr(f"{number}.png", content)
        archive.writestr("../../escaped.png", pictures[0])
        archive.writestr("/tmp/absolute-figment.png", pictures[1])
        archive.writestr("C:\\windows\\figment.png", pictures[2])
        link = zipfile.ZipInfo("link.png")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        with archive.open("bomb.png", "w", force_zip64=True) as bomb:
            for _ in range(600):
                bomb.write(bytes(2**20))
        inner = io.BytesIO(path.read_bytes())
        for depth in range(8):
            outer = io.BytesIO()
            with zipfile.ZipFile(outer, "w", zipfile.ZIP_DEFLATED) as nested:
                nested.writestr(f"{depth}.zip", inner.getvalue())
                nested.writestr(f"{depth}.png", pictures[depth])
            inner = outer
        archive.writestr("deep.zip", inner.getvalue())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert unharmed(tmp_path, path) == set()
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak) / 1024
    assert (
        grown < 2 * 256 + 100
    )  # MB: one member is read up to MAX_PICTURE_BYTES, and the pipe to the worker holds a copy
    bank = prepare(path, 16)
    assert "more than 256 MB" in {item.name: item.reason for item in bank.skipped}["bomb.png"]
    assert bank.ignored == 2  # the zip in the zip, and what lies beneath ..: like everything under a dot it is hidden


@pytest.mark.parametrize("count", [0, 1, 7, 60])
@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "npz", "npy", "parquet"])
def test_spoilt_archives_are_refused_or_read_but_never_crash(tmp_path, pictures, kind, count):
    """Bytes of a container are changed at `count` places; headers and directories are hit as well as pictures."""
    path = tmp_path / f"set.{kind}"
    fill(path, kind, pictures)
    content = bytearray(path.read_bytes())
    random = np.random.default_rng(count)
    for trial in range(6 if count else 1):
        spoilt = bytearray(content)
        for place in random.integers(0, len(content), count).tolist():
            spoilt[place] = int(random.integers(256))
        if trial % 2 and count:
            del spoilt[int(random.integers(len(spoilt))) :]
        path.write_bytes(bytes(spoilt))
        refusal = None
        try:
            bank = prepare(path, 16, channels=3)
        except InputError as error:
            refusal = str(error)
        if refusal is None:
            assert len(bank.pictures) + len(bank.skipped) + len(bank.copies) <= 40 + 2
            assert count or len(bank.pictures) == 40
        else:
            assert count
            assert str(path) in refusal
            assert "\n" not in refusal


def fill(path: Path, kind: str, pictures: list[bytes]) -> None:
    arrays = np.random.default_rng(0).integers(0, 256, (40, 16, 16, 3), dtype=np.uint8)
    if kind == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            for number, content in enumerate(pictures):
                archive.writestr(f"{number}.png", content)
    elif kind.startswith("tar"):
        with tarfile.open(path, "w:gz" if kind.endswith("gz") else "w") as archive:
            for number, content in enumerate(pictures):
                archive.addfile(*member(f"{number}.png", content))
    elif kind == "npz":
        np.savez_compressed(path, pictures=arrays, labels=np.arange(40))
    elif kind == "npy":
        np.save(path, arrays)
    else:
        pyarrow = pytest.importorskip("pyarrow")
        import pyarrow.parquet as parquet

        rows = [{"bytes": content, "path": f"{number}.png"} for number, content in enumerate(pictures)]
        parquet.write_table(pyarrow.table({"image": rows, "label": list(range(40))}), path)
