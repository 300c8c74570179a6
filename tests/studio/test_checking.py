"""A dropped file: its mark is told, and nothing of it stays."""

import tempfile
from pathlib import Path

import pytest

from figment.studio import checking
from figment.studio.operation import Operation


@pytest.fixture
def marked(shelf) -> Path:
    return shelf / "x-1" / "pictures" / "000000640.png"


def test_a_marked_picture_is_told_of(ask, marked):
    found = ask.post("/api/check?name=../../x.png", content=marked.read_bytes()).json()
    assert found["metadata"]["source_type"] == "trainedAlgorithmicMedia"
    assert "as figment writes it" in found["sentence"]
    assert found["file"] == "../../x.png"


@pytest.mark.parametrize(
    "name", ["", "x", "x.png", "x.mp4", "x.html", "x.\0", "x." + "p" * 900, "/etc/passwd", "é.pñg"]
)
def test_nonsense_is_told_of_by_its_own_name(ask, name):
    found = ask.post("/api/check", params={"name": name}, content=b"nonsense")
    assert found.status_code == 200
    assert "figment-check-" not in found.text


def test_nothing_stays(ask, marked, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    ask.post("/api/check?name=x.png", content=marked.read_bytes())
    assert not list(tmp_path.iterdir())


def test_what_is_too_large_is_refused(ask, monkeypatch):
    (row,) = checking.OPERATIONS
    assert isinstance(row, Operation)
    assert ask.post("/api/check", content=b"0" * (row.max_bytes + 1)).status_code == 413


def test_on_the_page(served, open_page, marked):
    page = open_page(served.home + "/check?" + served.address.split("?")[1])
    page.get_by_label("Drop files here").set_input_files(marked)
    page.get_by_text("as figment writes it").wait_for()
