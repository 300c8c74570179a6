"""Every example of the pages runs: fenced commands and Python in their order, in small; what can't is read at least."""

import os
import shutil
from contextlib import nullcontext
from pathlib import Path

import pytest
from filelock import FileLock

from figment.common import rehearsal
from figment.common.rehearsal import VARIABLE
from figtest.command import command
from figtest.desk import lay_out
from figtest.examples import (
    SHELL,
    Example,
    commands,
    examples,
    faults,
    faults_of_figment,
    help_examples,
    inline_commands,
)
from figtest.hubs import model_hub
from figtest.paths import ROOT

PAGES = ["README.md", "CONTRIBUTING.md", *sorted(f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md"))]
ON_A_HUB = {"docs/share.md"}  # pages that give to a hub and take from it: one on this machine
# Whose examples take long even in small: .ci/run has them run all the same.
LONG = {
    f"docs/{name}.md"
    for name in ("compare", "data", "detect", "measure", "python", "sample", "sizes", "train", "understand", "video")
}
WITH_EXAMPLES = [
    pytest.param(page, marks=[pytest.mark.slow] if page in LONG else []) for page in PAGES if examples(page)
]


@pytest.fixture(scope="module")
def laid_out(tmp_path_factory: pytest.TempPathFactory, own_cache: Path) -> Path:
    """What the pages speak of, made once for all of pytest-xdist's processes, with the public sets put into this one's cache."""
    base = tmp_path_factory.getbasetemp()
    place = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "desk"
    with FileLock(place.with_suffix(".lock")), pytest.MonkeyPatch.context() as patch:
        patch.setenv("FIGMENT_CACHE", str(place / "cache"))
        patch.setenv(VARIABLE, "1")
        patch.setattr(rehearsal, "IMAGES", 6000)  # so many that portraits are told apart, which conditions ask for
        if not (place / "done").exists():
            lay_out(place / "desk")
            (place / "done").touch()
    shutil.copytree(place / "cache", own_cache, dirs_exist_ok=True)
    return place / "desk"


@pytest.fixture
def desk(laid_out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A desk of the page's own, to work at."""
    from huggingface_hub import (
        constants,
    )  # before the variable is set, which it looks at once, when it is first imported

    own = Path(shutil.copytree(laid_out, tmp_path / "desk"))
    monkeypatch.chdir(own)
    monkeypatch.setenv(VARIABLE, "1")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    return own


@pytest.mark.parametrize("page", WITH_EXAMPLES)
def test_every_example_of_a_page_runs(
    page: str, desk: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    names = {"__name__": "page"}
    with model_hub(desk, monkeypatch) if page in ON_A_HUB else nullcontext():
        failed = [fault for example in examples(page) for fault in ran(example, names, capsys)]
    assert failed == []


def ran(example: Example, names: dict[str, object], capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What failed of an example, a line each."""
    where = f"{example.page}:{example.line}"
    if example.language == "python":
        if example.reason("") is not None:
            compile(example.text, where, "exec")
            return []
        try:
            exec(compile("\n" * (example.line - 1) + example.text, example.page, "exec"), names)
        except Exception as error:  # told with its place; the others are run all the same
            return [f"{where}: {type(error).__name__}: {error}"]
        return []
    return [
        f"{where}: {fault}" for text, words in commands(example.text) for fault in done(example, text, words, capsys)
    ]


def done(example: Example, text: str, words: list[str], capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What is wrong with a command, run where it is figment's and not marked."""
    if found := faults(words):
        return found
    program = Path(words[0]).name
    if example.reason(text) is not None or program in SHELL | {"pip", "make", "source", ".", "pytest"}:
        return []
    if program == "python3" and words[1:3] == ["-m", "venv"]:
        return []
    if program != "figment":
        return [f"`{text}` isn't figment's: say above the block why it isn't run (tests/support/figtest/examples.py)"]
    status = command(*words[1:])
    said = capsys.readouterr()
    return [f"`{text}` ends with {status}: {said.err.strip()[-400:]}"] if status else []


@pytest.mark.parametrize("page", PAGES)
def test_commands_in_the_prose_of_a_page_can_be_given(page: str) -> None:
    assert [fault for words in inline_commands(page) for fault in faults_of_figment(words[1:])] == []


def test_the_examples_of_every_help_can_be_given() -> None:
    found = help_examples()
    assert len(found) > 30
    assert [fault for words in found for fault in faults_of_figment(words[1:])] == []


@pytest.mark.parametrize(
    ("command_line", "fault"),
    [
        ("figment train --sise 64", "No such option '--sise'"),
        ("figment train --size 64 && figment pain", "figment pain: no such command"),
        ("figment measure runs/x -n none", "'none' is not a valid integer"),
        ("torchrun --nproc-per-node=2 -m figment resume runs/x --fore 1h", "No such option '--fore'"),
        ("python docs/figures.py --lost", "docs/figures.py doesn't know --lost"),
        ("python docs/none.py", "docs/none.py isn't there"),
        (".venv/bin/pip install 'figment-gan[parket]'", "no extra is called parket"),
        ("pip install -c constraint.txt .", "constraint.txt isn't there"),
        ("make tea", "make tea: no such target"),
        ("curl https://example.org", "say above the block why it isn't run"),
    ],
)
def test_what_an_example_has_wrong_is_found(
    command_line: str, fault: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(globals(), "command", lambda *words: 0)
    found = ran(Example("page", 1, "bash", f"{command_line}  # a comment\n", ()), {}, capsys)
    assert [fault in line for line in found] == [True]


def test_python_that_fails_is_told_with_its_place(capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, object] = {}
    assert ran(Example("page", 7, "python", "x = 1\n", ()), names, capsys) == []
    assert ran(Example("page", 9, "python", "x + y\n", ()), names, capsys) == [
        "page:9: NameError: name 'y' is not defined"
    ]


def test_a_mark_keeps_a_block_or_some_of_its_commands_from_being_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = "<!-- not run (hf:): needs the network -->\n```bash\nfigment train hf:a/b\nfigment train \\\n  c\n```\n"
    (tmp_path / "page.md").write_text(page + "\n<!-- not run: long -->\n```bash\nsky up\n```\n\n```\nshown\n```\n")
    monkeypatch.setattr("figtest.examples.ROOT", tmp_path)
    some, whole = examples("page.md")
    assert (some.line, whole.line) == (3, 10)
    assert [some.reason(text) for text, _ in commands(some.text)] == ["needs the network", None]
    assert whole.reason("sky up") == "long"
    assert [words for _, words in commands(some.text)][1] == ["figment", "train", "c"]
