"""A hook of MkDocs: links of the pages that lead out of docs/ as they lead in the repository, on the site.

The log, the changelog and CONTRIBUTING have pages on the site; the README is the start page, benchmarks and sources are told by
their names alone.
"""

import posixpath
import re
from typing import Any

LINK = re.compile(r"\[((?:[^\[\]]|\[[^\[\]]*\])*)\]\(([^()\s]+)\)")
PAGES = {name: f"project/{name}" for name in ("CONTRIBUTING.md", "CHANGELOG.md", "LOG.md")} | {"README.md": "start.md"}
START = {
    "two-commands": "install-figment"
}  # of the README's headings, those that the site's start page has under another name
BLOCK = re.compile(r"(^```.*?^```|`[^`\n]+`)", re.S | re.M)


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """The page's text with its links turned; code stays as it is."""
    place = page.file.src_uri
    at = posixpath.dirname(place.removeprefix("project/") if place.startswith("project/") else f"docs/{place}")
    here = posixpath.dirname(place)
    parts = BLOCK.split(markdown) if "](" in markdown else [markdown]
    if place.startswith("reference/"):
        return markdown
    joined, held = "", []
    for number, part in enumerate(parts):  # code is held back, also inside a link's words
        if number % 2:
            held.append(part)
            joined += f"\0{len(held) - 1}\0"
        else:
            joined += part
    turned = LINK.sub(lambda found: link(found[1], found[2], at, here), joined)
    return re.sub("\0(\\d+)\0", lambda found: held[int(found[1])], turned)


def link(words: str, target: str, at: str, here: str) -> str:
    """One link. at: the folder of the page in the repository; here: that on the site."""
    if "://" in target or target.startswith(("#", "mailto:")):
        return f"[{words}]({target})"
    path, _, anchor = target.partition("#")
    path = posixpath.normpath(posixpath.join(at, path))
    if path.startswith("docs/") and path.endswith(".md"):
        there = path.removeprefix("docs/")
    elif path in PAGES:
        there = PAGES[path]
        anchor = START.get(anchor, "") if path == "README.md" else anchor
    elif path.startswith("docs/images/"):
        there = path.removeprefix("docs/")
    else:  # a file of the repository that the site hasn't
        return words
    relative = posixpath.relpath(there, here or ".")
    return f"[{words}]({relative}{'#' + anchor if anchor else ''})"
