"""The log's entries have numbers for good, and what cites one finds it."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOG = (ROOT / "LOG.md").read_text()
ENTRIES = [int(number) for number in re.findall(r"^## (\d+)\. \S", LOG, re.M)]
CITED = re.compile(r"\bLOG (\d+(?:, \d+)*)")


def test_the_log_is_newest_first_and_skips_no_number() -> None:
    assert all(n - m == 1 for n, m in zip(ENTRIES, [*ENTRIES[1:], 0], strict=True))


def test_every_entry_that_is_cited_exists() -> None:
    folders = (ROOT / "src", ROOT / "tests", ROOT / "benchmarks", ROOT / "docs")
    texts = [file.read_text() for folder in folders for file in folder.rglob("*") if file.suffix in (".py", ".md")]
    cited = {int(n) for text in texts for list_of in CITED.findall(text) for n in list_of.split(", ")}
    within = {int(n) for n in re.findall(r"\[(\d+)\](?!\()", LOG)}
    assert cited, "no comment cites an entry any more: does it still look like (LOG 12)?"
    assert cited | within <= set(ENTRIES)
