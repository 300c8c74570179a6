"""What a run has on the bench: what reads its pictures."""

from pathlib import Path
from types import SimpleNamespace

import pytest

import figment
from figment import presets, workbench
from figment.common.progress import Silent
from figment.errors import InputError
from figment.workbench import attribute_predictor
from figtest.pictures import draw_shades


@pytest.fixture(scope="module")
def shades(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bright and dark pictures in a folder each."""
    return draw_shades(tmp_path_factory.mktemp("data") / "shades")


@pytest.fixture(scope="module")
def run(shades: Path, tmp_path_factory: pytest.TempPathFactory) -> figment.Run:
    out = tmp_path_factory.mktemp("runs") / "run"
    return figment.train(shades, images=64, recipe="dcgan", size=16, width=4, batch=16, out=out)


def test_a_run_is_read_by_its_own_labels_by_others_or_by_a_table(
    run: figment.Run, shades: Path, tmp_path: Path
) -> None:
    assert attribute_predictor(run, None, Silent()).names == ("bright", "dark")
    assert attribute_predictor(run, shades, Silent()).names == ("bright", "dark")
    table = tmp_path / "levels.csv"
    table.write_text(
        "file,level\n" + "".join(f"{k}/{i:02d}.png,{i % 3}\n" for k in ("bright", "dark") for i in range(60))
    )
    assert attribute_predictor(run, table, Silent()).names == ("level",)


@pytest.mark.usefixtures("without_report")
def test_a_run_without_labels_says_how_to_give_some(faces: Path, run: figment.Run, tmp_path: Path) -> None:
    run = figment.train(faces, images=16, recipe="dcgan", size=16, width=2, batch=16, out=tmp_path / "run")
    with pytest.raises(InputError, match=r"has no labels .* give --labels DATA"):
        attribute_predictor(run, None, Silent())
    with pytest.raises(InputError, match="put the pictures of each class into a folder"):
        attribute_predictor(run, faces, Silent())
    with pytest.raises(InputError, match=r"nowhere.csv can't be read"):
        attribute_predictor(run, tmp_path / "nowhere.csv", Silent())


def test_portraits_are_read_by_their_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(workbench, "portrait_reader", lambda size, tally: asked.append(size) or "reader")
    monkeypatch.setattr(workbench, "portrait_predictor", lambda reader: f"predictor with {reader}")
    made = presets.make("dcgan", size=32)
    run = SimpleNamespace(recipe=made, data=None, folder=None)
    assert attribute_predictor(run, None, Silent()) == "predictor with reader"  # type: ignore[arg-type]
    assert asked == [32]
