"""The built pages, as the wheel has them: small, whole, and asking nobody else for anything."""

import gzip
import re

from figment.studio.app import STATIC

MAX_BYTES = 120_000  # compressed, all of them
SCHEMES = re.compile(r"""["'`(](?:https?:)?//([a-z0-9.-]+\.[a-z]{2,})""", re.I)
NAMED = {"www.w3.org"}  # the name of a language, SVG's, which is never asked for


def test_all_pages_together_are_small():
    files = [file for file in STATIC.rglob("*") if file.is_file()]
    assert sum(len(gzip.compress(file.read_bytes(), 9, mtime=0)) for file in files) <= MAX_BYTES


def test_the_document_loads_what_is_there():
    page = (STATIC / "index.html").read_text("utf-8")
    loaded = re.findall(r'(?:src|href)="(/[^"]+)"', page)
    assert loaded
    assert all((STATIC / name.lstrip("/")).is_file() for name in loaded)
    assert "<style" not in page
    assert not re.search(r"<script(?![^>]*\bsrc=)", page)  # the content policy would refuse it


def test_no_address_elsewhere_is_named():
    for file in STATIC.rglob("*"):
        if file.is_file():
            assert set(SCHEMES.findall(file.read_text("utf-8"))) <= NAMED, file.name
