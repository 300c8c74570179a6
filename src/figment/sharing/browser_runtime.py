"""onnxruntime-web, which runs a generator in a browser: 14 MB, so it comes neither with figment nor with its source.

It is fetched once, from npm's registry, the place where its makers publish it, and its two files that a page needs are kept in
the cache. What they must hold is pinned here by sha256. A package on PyPI that brings it isn't there, and one of our own would be
14 MB more of somebody else's to publish for the few who make pages.
"""

import tarfile
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from figment.common.cache import cache_folder, locked
from figment.common.files import write_outputs
from figment.common.progress import Progress
from figment.data.public.download import download, mirrored
from figment.errors import InputError

VERSION = "1.30.0"
ARCHIVE = f"onnxruntime-web-{VERSION}.tgz"  # what `npm pack` calls it, too
URLS = (f"https://registry.npmjs.org/onnxruntime-web/-/{ARCHIVE}",)
HOME = f"https://www.npmjs.com/package/onnxruntime-web (npm pack onnxruntime-web@{VERSION})"
SIZE = 33_106_585  # bytes
SHA256 = "d2228df7e4616bc3348bf504ee888f3bec43789a273f0a63f3e68d203ce3bf71"
SCRIPT, WASM = "ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm"
DIGESTS = {
    SCRIPT: "11e64bd8ffe11bd1a2a2f0d6275fdfbbba7262f0b76b99b53d228a8a22ef3d90",
    WASM: "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2",
}


class BrowserRuntime(NamedTuple):
    """onnxruntime-web's two files, as bytes: the script, an ES module, and what it runs."""

    script: bytes
    wasm: bytes


def browser_runtime(progress: Progress | None = None) -> BrowserRuntime:
    """onnxruntime-web out of the cache; where it isn't there it is fetched. progress(done, total): bytes of the download.

    Raises InputError where it can't be had, with how to put it there by hand; Interrupted as download does.
    """
    cache = cache_folder()
    folder = cache / "browser"
    with locked(folder / f"{ARCHIVE}.lock", cache, "onnxruntime-web"):
        found = _kept(folder)
        if found is None:
            _fetch(folder, progress)
            found = _kept(folder)
    assert found is not None  # what was written had the right digests
    return found


def _kept(folder: Path) -> BrowserRuntime | None:
    """The two files of the cache; None where one isn't there, or was changed."""
    try:
        contents = {name: (folder / VERSION / name).read_bytes() for name in DIGESTS}
    except OSError:
        return None
    are_right = all(sha256(contents[name]).hexdigest() == digest for name, digest in DIGESTS.items())
    return BrowserRuntime(contents[SCRIPT], contents[WASM]) if are_right else None


def _fetch(folder: Path, progress: Progress | None) -> None:
    archive = folder / ARCHIVE
    try:
        download(
            mirrored(URLS, "browser", ARCHIVE), archive, size=SIZE, checksum=f"sha256:{SHA256}", home=HOME,
            progress=progress,
        )  # fmt: skip
    except InputError as error:
        raise InputError(f"--page needs onnxruntime-web once, which isn't in the cache yet: {error}") from None
    write_outputs(folder / VERSION, _unpacked(archive))
    archive.unlink(missing_ok=True)


def _unpacked(archive: Path) -> dict[str, bytes]:
    """The two files of npm's archive, whose bytes are the pinned ones. Nothing of it is written under a name of its own."""
    contents = {}
    with tarfile.open(archive, "r:gz") as packed:
        for name in DIGESTS:
            member = packed.extractfile(f"package/dist/{name}")
            assert member is not None  # the archive is the pinned one, to the byte
            contents[name] = member.read()
    return contents
