"""A page looks the same whichever came before it: a style that was loaded once stays, so none may reach another page."""

import re
from collections import defaultdict
from pathlib import Path

from figment.studio import app

SOURCES = Path(app.__file__).with_name("web") / "src"
SHARED = "style.css"
ALONE = SOURCES / "visitor"  # the page of `figment export --page`, a document by itself


def roots(sheet: Path) -> set[str]:
    """What its selectors begin with: the first class of each, else the element."""
    text = re.sub(r"/\*.*?\*/", "", sheet.read_text("utf-8"), flags=re.DOTALL)
    found = (one.strip() for group in re.findall(r"([^{}]+)\{", text) for one in group.split(","))
    return {re.match(r"[a-z]*(\.[\w-]+)?", one)[0] for one in found if not one.startswith(("@", "("))}


def test_no_stylesheet_of_a_page_reaches_another():
    of = defaultdict(set)
    for sheet in set(SOURCES.rglob("*.css")) - set(ALONE.rglob("*.css")):
        for root in roots(sheet):
            of[root[root.find(".") :] if "." in root else root].add(sheet.name)
    assert len(of) > 50
    assert {root: sheets for root, sheets in of.items() if len(sheets) > 1} == {}
    assert [root for root, sheets in of.items() if not root.startswith(".") and sheets != {SHARED}] == []
