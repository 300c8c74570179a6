"""Pages name all that they are to name, files on them exist, and what cites the log finds its entry."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from figment.experiments import EXPERIMENTS
from figment.metrics.scores import KINDS
from figment.training.diagnosis import SIGNS
from figment.training.monitor import Reading

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
LOG = (ROOT / "LOG.md").read_text()
ENTRIES = [int(number) for number in re.findall(r"^## (\d+)\. \S", LOG, re.M)]
CITED = re.compile(r"\bLOG (\d+(?:, \d+)*)")


def test_the_python_page_has_every_experiment() -> None:
    page = (DOCS / "python.md").read_text()
    assert [kind for kind, row in EXPERIMENTS.items() if f"`{row.room}.{kind}`" not in page] == []


def test_the_page_of_words_has_every_sign_and_every_number_that_is_read() -> None:
    page = (DOCS / "words.md").read_text()
    names = [sign.name for sign in SIGNS] + [field.name for field in fields(Reading)]
    elsewhere = ("p_fake_real", "p_fake_held_out", "p_fake_fake", "calibration_pictures")  # in run-folder.md
    assert [name for name in names if f"`{name}`" not in page and name not in elsewhere] == []


def test_the_glossary_has_every_score_and_every_reading() -> None:
    terms = " ".join(
        line.split("|")[1] for line in (DOCS / "glossary.md").read_text().splitlines() if line.startswith("|")
    )
    readings = {field.name.partition("_")[0] for field in fields(Reading)} - {"calibration", "p"}
    scores = {kind.title.format(fd="FD") for kind in KINDS.values()}
    assert [name for name in readings | scores | {"kimg", "P(fake)", "calibration", "σ"} if name not in terms] == []


@pytest.mark.parametrize(
    "page", ["README.md", "CONTRIBUTING.md", "LOG.md", *(f"docs/{p.name}" for p in DOCS.glob("*.md"))]
)
def test_files_of_the_code_that_a_page_names_exist(page: str) -> None:
    named = set(re.findall(r"\b((?:[a-z_]+/)+[a-z_0-9]+\.py)\b", (ROOT / page).read_text()))
    places = (ROOT, ROOT / "src" / "figment")
    assert [file for file in sorted(named) if not any((place / file).exists() for place in places)] == []


def test_the_log_is_newest_first_and_skips_no_number() -> None:
    assert all(n - m == 1 for n, m in zip(ENTRIES, [*ENTRIES[1:], 0], strict=True))


def test_every_entry_that_is_cited_exists() -> None:
    folders = (ROOT / "src", ROOT / "tests", ROOT / "benchmarks", ROOT / "docs")
    texts = [file.read_text() for folder in folders for file in folder.rglob("*") if file.suffix in (".py", ".md")]
    cited = {int(n) for text in texts for list_of in CITED.findall(text) for n in list_of.split(", ")}
    within = {int(n) for n in re.findall(r"\[(\d+)\](?!\()", LOG)}
    assert cited, "no comment cites an entry any more: does it still look like (LOG 12)?"
    assert cited | within <= set(ENTRIES)
