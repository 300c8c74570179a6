"""A generator as a web page that draws on its visitor's own machine: one file, or a folder for any static host.

What the page does is TypeScript: studio/web/src/visitor, built into sharing/visitor. Here it is put together with the generator
as ONNX, onnxruntime-web, and what the page must know: the recipe's facts, its directions, the phases of the invisible mark.
"""

import base64
import gzip
import json
from collections.abc import Sequence
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from figment.common.text import printable
from figment.errors import InputError
from figment.generator import Generator
from figment.media.provenance import DigitalSourceType, page_mark, xmp
from figment.sharing.browser_runtime import SCRIPT, WASM, BrowserRuntime
from figment.version import __version__

BUILT = Path(__file__).with_name("visitor")
INDEX, GENERATOR = "index.html", "generator.onnx"
SYNTHETIC: DigitalSourceType = "trainedAlgorithmicMedia"
MAX_INLINE_BYTES = 200_000_000  # of a generator inside a page: browsers refuse texts of more than half a GB
LEVEL = 6  # of gzip: 9 takes twice as long for .5 % less
NOTICE = "Every picture here is synthetic: a generator draws it on this machine. This page needs JavaScript."


class Way(NamedTuple):
    """A direction that a slider moves codes along. vector: float32 (code_size,), of length 1, in Gaussian space. is_named:
    whether its name says what it changes."""

    name: str
    vector: NDArray[np.float32]
    is_named: bool


def one_file(generator: Generator, name: str, onnx: bytes, runtime: BrowserRuntime, ways: Sequence[Way]) -> bytes:
    """The page as one file that needs no other, nor a network. onnx: the generator as sharing.onnx_file writes it.

    name: of the run, its title. Raises InputError for a generator that is too large for a page.
    """
    if len(onnx) > MAX_INLINE_BYTES:
        raise InputError(
            f"--page: {len(onnx) / 1e6:,.0f} MB are too many for one file, which browsers open up to "
            f"{MAX_INLINE_BYTES / 1e6:.0f} MB of: name a folder."
        )
    parts = {"runtime": runtime.script, "wasm": runtime.wasm, "generator": onnx}
    packed = "\n".join(f'<script type="text/plain" id="{key}">{_packed(part)}</script>' for key, part in parts.items())
    return _page(name, facts(generator, name, ways, None), packed, "connect-src 'none'")


def folder_files(
    generator: Generator, name: str, onnx: bytes, runtime: BrowserRuntime, ways: Sequence[Way]
) -> dict[str, bytes]:
    """The page as files of a folder, by name, the page itself last."""
    files = {"runtime": SCRIPT, "wasm": WASM, "generator": GENERATOR}
    page = _page(
        name, facts(generator, name, ways, files), "", "connect-src 'self'; worker-src 'self' blob:", "'self' "
    )
    return {SCRIPT: runtime.script, WASM: runtime.wasm, GENERATOR: onnx, INDEX: page}


def facts(generator: Generator, name: str, ways: Sequence[Way], files: dict[str, str] | None) -> dict[str, Any]:
    """What the page must know of its generator: studio/web/src/visitor/facts.ts reads it."""
    recipe = generator.recipe
    height, width = recipe.shape
    return {
        "name": printable(name), "version": __version__, "size": recipe.code_size, "prior": recipe.prior,
        "classes": [printable(kind) for kind in recipe.classes], "channels": int(recipe.channels), "height": height,
        "width": width, "clips": bool(recipe.frames), "phases": generator.mark.phases.ravel().tolist(),
        "packet": xmp(SYNTHETIC).decode(), "files": files,
        "directions": [
            {"name": printable(way.name), "named": way.is_named, "vector": _base64(way.vector.astype("<f4").tobytes())}
            for way in ways
        ],
    }  # fmt: skip


def _page(name: str, known: dict[str, Any], parts: str, policy: str, scripts: str = "") -> bytes:
    """The document. Its policy lets in this one script, onnxruntime's, and, of a folder, the files beside it; nothing else."""
    script = "\n" + (BUILT / "page.js").read_text("utf-8").replace("</script", "<\\/script") + "\n"
    style = (BUILT / "page.css").read_text("utf-8")
    allowed = f"'sha256-{_base64(sha256(script.encode()).digest())}'"
    rules = (
        f"default-src 'none'; script-src {allowed} {scripts}blob: 'wasm-unsafe-eval'; style-src 'unsafe-inline'; "
        f"img-src blob: data:; {policy}; base-uri 'none'; form-action 'none'"
    )
    data = json.dumps(known, ensure_ascii=False).replace("<", "\\u003c")
    text = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{escape(printable(name))}: new pictures, synthetic · figment</title>
<meta http-equiv="Content-Security-Policy" content="{rules}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="figment {__version__}">
{page_mark(SYNTHETIC)}
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body>
<div id="page"></div>
<noscript>{NOTICE}</noscript>
<script type="application/json" id="facts">{data}</script>
{parts}
<script type="module">{script}</script>
</body>
</html>
"""
    return text.encode()


def _packed(content: bytes) -> str:
    """Bytes as text for a page: gzip, which browsers undo, in base64. The same bytes give the same text."""
    return _base64(gzip.compress(content, LEVEL, mtime=0))


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
