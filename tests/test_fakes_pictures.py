"""docs/fakes_pictures.py: what it says of spectra is true of patterns that were planted, and its pictures are marked."""

import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from figment.media.heatmaps import BLUE, RED
from figment.media.provenance import source_of
from figment.run import Run
from figtest.paths import ROOT

SIDE, DEVIATION, HEIGHT = 64, 6.0, 3.0


@pytest.fixture(scope="module")
def script() -> ModuleType:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [str(ROOT / "docs"), *sys.path])
        import fakes_pictures
    return fakes_pictures


def noise(seed: int, pattern: np.ndarray | float = 0.0) -> np.ndarray:
    """Sixty grey pictures of noise, and a pattern on each: uint8 (60, 3, SIDE, SIDE)."""
    grey = np.random.default_rng(seed).normal(128, DEVIATION, (60, 1, SIDE, SIDE)) + pattern
    return np.repeat(grey.round().astype(np.uint8), 3, 1)


def chequers() -> np.ndarray:
    """Every second pixel down, along and both, each ±HEIGHT."""
    y, x = np.mgrid[:SIDE, :SIDE]
    return HEIGHT * ((-1.0) ** x + (-1.0) ** y + (-1.0) ** (x + y))


def test_planted_chequers_are_as_high_as_they_are(script: ModuleType) -> None:
    """Under a window w a wave of ±a has the power a² (Σw)² / Σw² at its frequency, where noise has its variance."""
    real, made = noise(0), noise(1, chequers())
    known, found = script.powers(real, "as drawn"), script.powers(made, "as drawn")
    plane = script.above(found, known)
    window = np.outer(*(np.hanning(SIDE + 2)[1:-1],) * 2)
    expected = 10 * np.log10(1 + HEIGHT**2 * window.sum() ** 2 / np.square(window).sum() / DEVIATION**2)
    assert script.at(script.CHEQUERS, plane) == pytest.approx(expected, abs=1)
    assert script.standing_out(script.CHEQUERS, plane) == pytest.approx(expected, abs=1)
    assert script.at(script.COARSE, plane) == pytest.approx(0, abs=1)
    assert script.found_alone(found, known) > 0.9
    assert script.found_alone(known, known) < 0.05


def test_half_the_size_takes_chequers_away(script: ModuleType) -> None:
    half = [script.powers(pictures, "half the size") for pictures in (noise(1, chequers()), noise(0))]
    assert half[0].shape == (60, SIDE // 2, SIDE // 4 + 1)
    assert script.at(script.CHEQUERS, script.above(*half)) == pytest.approx(0, abs=1.5)


def test_a_map_has_the_finest_detail_on_its_edges_and_is_symmetric(script: ModuleType) -> None:
    plane = np.zeros((SIDE, SIDE // 2 + 1), np.float32)
    plane[SIDE // 2, SIDE // 2], plane[0, 0], plane[5, 9] = 99, -99, 99
    drawn = script.map_of(plane)
    middle = script.MAP_SIDE // 2
    assert {tuple(drawn[:, y, x]) for y in (0, -1) for x in (0, -1)} == {RED}
    assert tuple(drawn[:, middle, middle]) == BLUE
    assert (drawn == drawn[:, ::-1, ::-1]).all()
    assert (drawn == 255).all(0).mean() > 0.99


def test_pictures_and_table_are_made_of_runs_and_marked(
    script: ModuleType,
    finished: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in (("IMAGES", tmp_path), ("COUNT", 10), ("held_out", lambda run: noise(0)[:10, :, :16, :16])):
        monkeypatch.setattr(script, name, value)
    monkeypatch.setattr(sys, "argv", ["fakes_pictures.py", str(finished.folder)])
    script.main()
    told = capsys.readouterr().out
    assert told.count("| dcgan, seed 0 |") == 3
    assert "late: 1 min 00 s, 10,240 |" in told
    assert {file.name: source_of(file) for file in tmp_path.glob("*.webp")} == {
        "fakes-stages.webp": "trainedAlgorithmicMedia",
        "fakes-enlarged.webp": "compositeWithTrainedAlgorithmicMedia",
        "fakes-spectra.webp": None,
        "fakes-peaks.webp": None,
    }
