"""Pages: what they say in the words of schema.org or IPTC, as JSON-LD or microdata."""

import re
from typing import BinaryIO

from figment.common.marks import has_own_mark
from figment.metadata.stored import Stored

SUFFIXES = frozenset({"html", "htm", "xhtml"})
MAX_PAGE_BYTES = 1 << 26  # that are read of a page, which may hold its pictures
MAX_WORDS = 16
MAX_FOUND = 1000  # places at which a declaration is looked for
NAME = b"digitalSourceType"
_DECLARED = re.compile(
    rb"""\bdigitalSourceType["'][^<>{}]{0,100}?(?:(?:schema\.org/|["'])(\w+)DigitalSource\b|digitalsourcetype/(\w+))"""
)


def read_page(file: BinaryIO, stored: Stored) -> None:
    file.seek(0)
    content = file.read(MAX_PAGE_BYTES)
    stored.own = has_own_mark(content)
    at = content.find(NAME)
    for _ in range(MAX_FOUND):
        if at < 0:
            break
        declared = _DECLARED.match(content, at)
        if declared is not None:
            of_schema, of_iptc = (part[:100].decode("latin-1") if part else "" for part in declared.groups())
            word = of_iptc or of_schema[0].lower() + of_schema[1:]
            if word not in stored.declared and len(stored.declared) < MAX_WORDS:
                stored.declared.append(word)
        at = content.find(NAME, at + len(NAME))
    if file.read(1):
        stored.note(f"it is a page of more than {MAX_PAGE_BYTES >> 20} MB, of which only the beginning was read")
