"""The notebooks: their code runs in small, cell by cell; they hold no outputs, and install figment where it isn't."""

import json
from pathlib import Path
from typing import Any

import pytest

from figment.common.rehearsal import VARIABLE
from figtest.paths import ROOT

NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))


def cells(notebook: Path, kind: str) -> list[dict[str, Any]]:
    return [cell for cell in json.loads(notebook.read_text("utf-8"))["cells"] if cell["cell_type"] == kind]


def test_there_are_three() -> None:
    assert [notebook.stem for notebook in NOTEBOOKS] == ["compare", "start", "understand"]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda notebook: notebook.stem)
def test_it_holds_no_outputs_and_installs_first(notebook: Path) -> None:
    facts = json.loads(notebook.read_text("utf-8"))
    assert facts["nbformat"] == 4
    assert len({cell["id"] for cell in facts["cells"]}) == len(facts["cells"])
    code = cells(notebook, "code")
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    assert '"pip", "install"' in "".join(code[0]["source"])
    assert "".join(cells(notebook, "markdown")[0]["source"]).startswith("# ")


@pytest.mark.slow  # .ci/run runs it by itself: 20 seconds of a core each
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda notebook: notebook.stem)
def test_it_runs(notebook: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(VARIABLE, "1")
    shown: list[object] = []
    names: dict[str, Any] = {"__name__": "notebook", "display": shown.append}
    for number, cell in enumerate(cells(notebook, "code")):
        exec(compile("".join(cell["source"]), f"{notebook.name}, cell {number}", "exec"), names)
    for picture in shown:
        assert picture._repr_png_()  # type: ignore[attr-defined]
