"""What a tick costs: the same after a hundred thousand others as after none."""

from pathlib import Path

import pytest

import figment
from figment.run import Run
from figment.run_files import Log
from figment.training import schedule, ticks
from figtest.runs import tick

pytestmark = pytest.mark.usefixtures("without_report")

TINY = dict(recipe="dcgan", size=16, width=2, batch=16, snapshots=4)


@pytest.fixture
def readings_of_events(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A word for each time that a log is read from its start."""
    read, each = [], Log.__iter__

    def counted(log: Log):
        read.append(log.file.name)
        return each(log)

    monkeypatch.setattr(Log, "__iter__", counted)
    return read


def test_events_are_read_as_often_however_many_ticks_there_are(
    faces: Path, tmp_path: Path, readings_of_events: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    figment.train(faces, images=64, out=tmp_path / "few", **TINY)
    few = len(readings_of_events)
    monkeypatch.setattr(schedule, "tick_images", lambda recipe: recipe.batch)
    run = figment.train(faces, images=320, out=tmp_path / "many", **TINY)
    assert len(readings_of_events) == 2 * few
    assert len(run.events("tick")) == 20


def test_of_many_readings_the_last_few_and_the_widest_spread_are_kept(faces: Path, tmp_path: Path) -> None:
    run = figment.train(faces, images=32, out=tmp_path / "run", **TINY)
    bank = figment.reals.bank_of(run, figment.common.progress.Silent())
    feed = figment.planning.resolve.loader_for(bank, run.recipe, figment.training.distributed.World.alone("cpu"))
    past = [tick(i, 0.5, spread=0.9 if i == 7 else 0.1) for i in range(1000)]
    past.append({"event": "tick", "images": 1000})  # damaged, or of another hand
    kept = ticks.Ticks(past, bank, run.recipe, feed)
    assert kept.widest == 0.9
    assert [e["images"] for e in kept.events] == [995, 996, 997, 998, 999]
    assert len(kept.readings) == 5


def test_a_run_with_damaged_events_goes_on(faces: Path, tmp_path: Path) -> None:
    run = figment.train(faces, images=64, out=tmp_path / "run", **TINY)
    with run.events_file.open("ab") as file:
        file.write(
            b'\xff\xfe\n{"event": "tick", "images": 60}\n{"event": "score", "images": 60}\n' + b"[" * 200_000 + b"\n"
        )
    said: list[str] = []

    class Listening(figment.common.progress.Silent):
        def say(self, sentence: str) -> None:
            said.append(sentence)

    again = figment.resume(run, images=32, display=Listening())
    assert again.facts["state"] == "finished"
    assert [s for s in said if "events.jsonl are damaged" in s] == [s for s in said if s.startswith("4 of ")] != []
    assert Run(run.folder).events("tick")[-1]["images"] == 96
