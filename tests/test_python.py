"""What Python shows of runs, generators, sheets and measurements."""

import ast
import base64
import importlib
import inspect
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import figment
from figment.media.picture import Picture
from figment.media.provenance import source_of
from figment.metrics.estimate import Estimate
from figment.metrics.scores import KINDS, Score, Scores


def test_a_run_says_what_it_is(finished: figment.Run, tmp_path: Path) -> None:
    run = figment.open_run(finished.folder)
    assert repr(run) == f"<Run '{finished.folder}': dcgan, 16×16, finished at 10,240 images>"
    html = run._repr_html_()
    assert "dcgan, 16×16, finished at 10,240 images" in html
    sheet = base64.b64decode(re.search(r"base64,([^\"]+)", html)[1])
    assert sheet == list(run.pictures().values())[-1].read_bytes()
    with pytest.raises(figment.InputError, match="name a run folder"):
        figment.open_run(tmp_path / "nothing")


def test_a_damaged_run_still_has_a_name(make_run) -> None:
    run = make_run(ticks=1)
    run.recipe_file.write_text("{")
    assert repr(run) == f"<Run '{run.folder}'>"
    assert "<img" in run._repr_html_()


def test_a_generator_says_what_it_is_and_shows_a_marked_sheet(finished: figment.Run, tmp_path: Path) -> None:
    file = finished.snapshot_file(10240)
    generator = figment.load(file)
    count = sum(numbers.numel() for numbers in generator.net.parameters())
    assert count > 0
    assert repr(generator) == f"<Generator dcgan: 16×16 colour, {count:,} parameters, from '{file}'>"
    (tmp_path / "shown.png").write_bytes(generator._repr_png_())
    assert source_of(tmp_path / "shown.png") == "trainedAlgorithmicMedia"


def test_a_sheet_is_an_array_that_saves_itself_marked(finished: figment.Run, tmp_path: Path) -> None:
    sheet = figment.load(finished.snapshot_file(10240)).sheet(4, seed=3)
    assert isinstance(sheet, Picture)
    assert np.asarray(sheet).shape == sheet.shape == (34, 34, 3)
    assert np.array_equal(np.asarray(sheet.image()), sheet)
    for name in ("a.png", "b.webp", "c.jpg"):
        assert sheet.save(tmp_path / "made" / name) == tmp_path / "made" / name
        assert source_of(tmp_path / "made" / name) == "trainedAlgorithmicMedia"
    with pytest.raises(figment.InputError, match=r"\.png"):
        sheet.save(tmp_path / "a.bmp")
    assert repr(sheet) == "<Picture 34×34>"


def test_a_sheet_is_shown_by_the_viewer(finished: figment.Run, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = []
    monkeypatch.setattr("PIL.ImageShow.show", lambda image, title=None, **options: shown.append(image))
    figment.load(finished.snapshot_file(10240)).sheet(4).show()
    assert [image.size for image in shown] == [(34, 34)]


def some_scores() -> Scores:
    value = Estimate(3.0, 0.1)
    return Scores(
        Score(key, KINDS[key.partition(":")[0]], key, value, value, value, 9, 9) for key in ("fd", "kid", "fd:own")
    )


def test_scores_go_by_key_and_in_order() -> None:
    scores = some_scores()
    assert [score.key for score in scores] == scores.keys() == ["fd", "kid", "fd:own"]
    assert scores["kid"] is scores[1]
    assert scores["fd:own"] is scores[-1]
    assert scores[:2].keys() == ["fd", "kid"]
    assert "kid" in scores
    assert "fid" not in scores
    assert float(scores["fd"].value) == 3.0
    assert repr(scores) == "Scores(fd 3.00 ± 0.10, kid 3.00 ± 0.10, fd:own 3.00 ± 0.10)"
    with pytest.raises(KeyError, match="no score 'fid' here; there are fd, kid, fd:own"):
        scores["fid"]


@pytest.mark.parametrize("name", ["train", "resume", "measure", "open_run"])
def test_public_functions_tell_of_every_parameter(name: str) -> None:
    """numpydoc's sections, and each parameter under its name."""
    function = getattr(figment, name)
    text = inspect.getdoc(function)
    for section in ("Parameters", "Returns", "Raises"):
        assert f"\n{section}\n{'-' * len(section)}\n" in text, section
    told = set(
        re.findall(
            r"\w+", " ".join(line.split(" : ")[0] for line in text.splitlines() if re.match(r"[\w, ]+ : ", line))
        )
    )
    assert set(inspect.signature(function).parameters) - {"choices"} <= told


def test_all_public_names_are_there_and_typed() -> None:
    package = Path(figment.__file__).parent
    assert (package / "py.typed").is_file()
    assert set(figment.__all__) <= set(dir(figment))
    for name in figment.__all__:
        assert getattr(figment, name) is not None
    # What a type checker sees under TYPE_CHECKING is what is looked up when it is used.
    tree = ast.parse((package / "__init__.py").read_text())
    told = {
        alias.asname or alias.name: node.module
        for block in tree.body if isinstance(block, ast.If)
        for node in ast.walk(block) if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }  # fmt: skip
    assert set(told) == set(figment.__all__)
    for name, module in told.items():
        assert inspect.unwrap(getattr(figment, name)) is getattr(importlib.import_module(module), name)


def test_importing_figment_costs_nothing() -> None:
    code = "import sys, figment; sys.exit(any(name in sys.modules for name in ('torch', 'rich', 'numpy')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
