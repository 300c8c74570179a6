"""The Python on the pages runs, files that they name exist, and what cites the log finds its entry."""

import re
from collections.abc import Callable, Iterator
from dataclasses import fields
from inspect import signature
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import figment
from figment import start
from figment.data.portraits.table import portraits
from figment.experiments import EXPERIMENTS
from figment.presets import make
from figment.training.diagnosis import SIGNS
from figment.training.monitor import Reading

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
LOG = (ROOT / "LOG.md").read_text()
ENTRIES = [int(number) for number in re.findall(r"^## (\d+)\. \S", LOG, re.M)]
CITED = re.compile(r"\bLOG (\d+(?:, \d+)*)")
PAGES = ("README.md", "docs/python.md")
CODE = [
    pytest.param(code, id=f"{page} {number}")
    for page in PAGES
    for number, code in enumerate(re.findall(r"^```python\n(.*?)^```", (ROOT / page).read_text(), re.M | re.S), 1)
]
# What the run that the pages speak of is made with.
QUICK: dict[str, Any] = dict(
    size=16, width=4, code_size=8, batch=16, labels=True, snapshots=2, scores="none", compile="off"
)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with what the pages speak of: my-pictures, of two kinds, and a run that has learnt which is which."""
    desk = tmp_path_factory.mktemp("desk")
    for number, kind in enumerate(("neutral", "smiling")):
        (desk / "my-pictures" / kind).mkdir(parents=True)
        for i, picture in enumerate(portraits(150, number, 16)[0] // 2 + np.uint8(120 * number)):
            Image.fromarray(picture.transpose(1, 2, 0)).save(desk / "my-pictures" / kind / f"{i:03d}.png")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FIGMENT_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
        patch.chdir(desk)
        figment.train("my-pictures", images=2000, recipe="dcgan-r1", **QUICK)
        yield desk


@pytest.mark.parametrize("code", CODE)
def test_the_code_on_the_pages_runs(code: str, desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All but training, which others test: that is only asked whether it takes what it is given."""
    run = figment.Run("runs/my-pictures-1")
    for function in (start.train, start.resume):
        monkeypatch.setattr(start, function.__name__, asked(function, run))
    exec(compile(code, "page", "exec"), {"__name__": "page"})


def asked(function: Callable[..., figment.Run], run: figment.Run) -> Callable[..., figment.Run]:
    """The same for those who look: it refuses what the function would refuse, and gives the run."""

    def stand_in(*values: Any, **named: Any) -> figment.Run:
        given = signature(function).bind(*values, **named)
        make("dcgan", **given.arguments.get("choices", {}))
        return run

    return stand_in


def test_the_python_page_has_every_experiment() -> None:
    page = (DOCS / "python.md").read_text()
    assert [kind for kind, row in EXPERIMENTS.items() if f"`{row.room}.{kind}`" not in page] == []


def test_the_page_of_words_has_every_sign_and_every_number_that_is_read() -> None:
    page = (DOCS / "words.md").read_text()
    names = [sign.name for sign in SIGNS] + [field.name for field in fields(Reading)]
    elsewhere = ("p_fake_real", "p_fake_held_out", "p_fake_fake", "calibration_pictures")  # in run-folder.md
    assert [name for name in names if f"`{name}`" not in page and name not in elsewhere] == []


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
