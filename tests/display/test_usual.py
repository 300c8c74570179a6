"""What functions show that are called from Python: on a terminal, in a notebook, elsewhere, and nothing."""

import io
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from rich.panel import Panel

from figment.common.bars import Bars, shown_on
from figment.common.progress import Silent
from figment.display.terminal import Terminal, display_for

TICK = {
    "event": "tick", "images": 64_000, "seconds": 80.0, "loss_discriminator": 0.9, "loss_generator": 1.5, "separation": 0.91,
    "memorising": None, "p_fake_real": None, "p_fake_held_out": None, "p_fake_fake": None, "spread": 0.8,
    "images_per_second": 800.0, "diagnosis": ["the two nets are in balance"],
}  # fmt: skip


class Notebook:
    """IPython in a notebook: what its cell has shown, output by output, as each was drawn one after the other."""

    def __init__(self) -> None:
        self.outputs: list[list[Any]] = []

    def display(self, shown: Any, display_id: bool = False) -> Any:
        self.outputs.append([shown])
        return SimpleNamespace(update=self.outputs[-1].append) if display_id else None


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> Notebook:
    cell, ipython, shown = Notebook(), ModuleType("IPython"), ModuleType("IPython.display")
    ipython.get_ipython = lambda: SimpleNamespace(kernel=object())  # type: ignore[attr-defined]
    shown.display, shown.HTML = cell.display, lambda text: f"HTML({text})"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", shown)
    return cell


def test_a_notebook_gets_a_panel_that_is_drawn_anew_and_goes(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("figment.common.bars.REFRESHES", 1e9)
    shown = display_for("auto")
    assert isinstance(shown, Terminal)
    shown.begin(None, 160.0, 0, 0.0)
    shown.progress(16_000, 20.0)
    shown.tick(TICK)
    (panel,) = notebook.outputs
    assert all(isinstance(one, Panel) for one in panel)
    html = panel[-1]._repr_mimebundle_([], [])["text/html"]
    assert "16.0 kimg seen" in html
    assert "the two nets are in balance" in html
    shown.end()
    assert panel[-1] == "HTML()"


def test_a_notebook_gets_a_bar_for_a_stage(notebook: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("figment.common.bars.REFRESHES", 1e9)
    with shown_on("auto") as shown:
        advance = shown.stage("samples")
        advance(3, 10)
        assert "3 of 10" in notebook.outputs[0][-1]._repr_mimebundle_([], [])["text/html"]
        advance(10, 10)
    assert notebook.outputs[0][-1] == "HTML()"


def test_elsewhere_lines_go_to_standard_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("figment.common.bars.LINE_SECONDS", 0.0)
    monkeypatch.setattr(sys, "stdout", out := io.StringIO())
    monkeypatch.setattr(sys, "stderr", err := io.StringIO())
    with shown_on("auto") as shown:
        shown.stage("samples")(3, 10)
    assert (out.getvalue(), err.getvalue()) == ("", "samples: 3 of 10\n")


def test_none_is_silent_and_one_s_own_is_taken() -> None:
    own = Terminal()
    assert display_for(None) is None
    assert display_for(own) is own
    with shown_on(None) as shown:
        assert isinstance(shown, Silent)
    with shown_on(own) as shown:
        assert shown is own


def test_a_display_of_one_s_own_isn_t_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who made it goes on with it."""
    own = Bars()
    monkeypatch.setattr(own, "end", lambda: pytest.fail("ended"))
    with shown_on(own):
        pass
