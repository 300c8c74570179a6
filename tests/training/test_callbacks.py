"""What is called as a run trains: told of all that is written, and unable to cost the run; the page's examples for other
programs, with these programs where they are installed."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import figment
from figment.errors import Notice
from figment.metadata.xmp import source_types
from figtest.command import command
from figtest.paths import ROOT

TINY: dict[str, Any] = dict(
    size=16, width=2, code_size=4, batch=16, snapshots=2, scores="none", compile="off", recipe="dcgan"
)
EXAMPLES = {
    re.search(r"(?:def|class) (\w+)", code)[1]: code.split("\n\n\nrun = ")[0]
    for code in re.findall(r"```python\n(.*?)^```", (ROOT / "docs" / "loggers.md").read_text(), re.M | re.S)
    if "def " in code
}
pytestmark = pytest.mark.usefixtures("without_report")


def example(name: str) -> Any:
    """A callback of the page, by its name."""
    space: dict[str, Any] = {}
    exec(EXAMPLES[name], space)
    return space[name]


class Failing:
    """Fails at its first tick; counts how often it was called."""

    calls = 0

    def __call__(self, run: figment.Run, event: dict[str, Any]) -> None:
        self.calls += 1
        if event["event"] == "tick":
            raise LookupError("no network")


def test_callbacks_are_told_of_all_events_and_can_t_cost_the_run(faces: Path, tmp_path: Path, capsys: Any) -> None:
    heard: list[dict[str, Any]] = []
    failing = Failing()
    with pytest.warns(Notice, match="callback Failing failed at tick") as warned:  # silent as the display is
        run = figment.train(
            str(faces),
            images=320,
            out=tmp_path / "run",
            display=None,
            callbacks=[failing, lambda run, event: heard.append(event)],
            **TINY,
        )
    assert run.state == "finished"
    assert heard[0] == {"event": "begin", "images": 0, "seconds": heard[0]["seconds"]}
    # A NaN isn't equal to itself, so lines are compared.
    assert [json.dumps(event) for event in heard[1:]] == [json.dumps(event) for event in run.events()]
    before = [event["event"] for event in heard[: failing.calls]]
    assert before.count("tick") == 1
    noted = run.events("callback")
    assert len(noted) == 1
    assert re.fullmatch(
        r"callback Failing failed at tick and is called no more: LookupError: no network \(.*, line \d+\)",
        noted[0]["text"],
    )
    assert [str(one.message) for one in warned if issubclass(one.category, Notice)] == [noted[0]["text"]]
    heard.clear()
    figment.resume(run, images=64, display=None, callbacks=[lambda run, event: heard.append(event)])
    assert (heard[0]["event"], heard[0]["images"]) == ("begin", 320)
    assert heard[-1]["event"] == "end"
    assert capsys.readouterr() == ("", "")  # display=None is silent


def test_what_can_t_be_called_is_refused_before_any_work(tmp_path: Path) -> None:
    for wrong in (print, ["wandb"]):
        with pytest.raises(figment.InputError, match="callbacks isn't a list of functions"):
            figment.train(str(tmp_path / "nothing"), callbacks=wrong)  # type: ignore[arg-type]


def test_warnings_that_are_errors_don_t_cost_the_run(faces: Path, tmp_path: Path) -> None:
    run = figment.train(str(faces), images=64, out=tmp_path / "run", display=None, callbacks=[Failing()], **TINY)
    assert (run.state, len(run.events("callback"))) == ("finished", 1)


def test_without_tensorboard_it_is_said_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "tensorboard", None)
    assert command("train", tmp_path, "--log", "tensorboard") == 2
    assert "pip install 'figment-gan[tensorboard]'" in capsys.readouterr().err


def test_tensorboard_has_curves_sheets_and_words(faces: Path, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    run = figment.train(str(faces), images=320, out=tmp_path / "run", display=None, **TINY)
    shutil.rmtree(run.folder / "tensorboard", ignore_errors=True)
    figment.resume(run, images=64, display=None, callbacks=[figment.TensorBoard()])  # what was before is written, too
    figment.resume(run, images=64, display=None, callbacks=[figment.TensorBoard()])  # and gone on with
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found = EventAccumulator(str(run.folder / "tensorboard"), {"images": 0, "scalars": 0}).Reload()
    told = {e["images"]: e["loss_generator"] for e in run.events("tick")}
    drawn = {point.step: point.value for point in found.Scalars("loss/generator")}
    assert drawn.keys() == told.keys()
    assert np.allclose([drawn[at] for at in told], list(told.values()), rtol=1e-5)
    sheets = {image.step: image.encoded_image_string for image in found.Images("samples")}
    assert sheets.keys() == run.pictures().keys()
    assert all(sheets[at] == file.read_bytes() for at, file in run.pictures().items())
    assert all(source_types([png]) == ["trainedAlgorithmicMedia"] for png in sheets.values())
    assert "words/text_summary" in found.Tags()["tensors"]


@pytest.mark.filterwarnings("default")  # those of the package
def test_the_page_s_callback_for_mlflow(faces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mlflow = pytest.importorskip("mlflow")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    mlflow.set_tracking_uri((tmp_path / "mlruns").as_uri())
    run = figment.train(
        str(faces), images=320, out=tmp_path / "run", display=None, callbacks=[example("to_mlflow")], **TINY
    )
    assert not run.events("callback")
    client = mlflow.MlflowClient()
    (kept,) = client.search_runs(["0"])
    points = client.get_metric_history(kept.info.run_id, "spread")
    assert [(p.step, p.value) for p in points] == [(e["images"], e["spread"]) for e in run.events("tick")]
    assert len(client.list_artifacts(kept.info.run_id, "samples")) == len(run.pictures())
    assert kept.info.status == "FINISHED"


@pytest.mark.filterwarnings("default")
def test_the_page_s_callback_for_wandb(faces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wandb = pytest.importorskip("wandb")
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SILENT", "true")
    monkeypatch.setenv("WANDB_DIR", str(tmp_path))
    run = figment.train(
        str(faces), images=320, out=tmp_path / "run", display=None, callbacks=[example("to_wandb")], **TINY
    )
    assert not run.events("callback")
    assert wandb.run is None
    (folder,) = (tmp_path / "wandb").glob("offline-run-*")
    assert list(folder.glob("*.wandb"))
    assert len(list((folder / "files" / "media" / "images").glob("*.png"))) == len(run.pictures())


@pytest.mark.filterwarnings("default")
def test_the_page_s_callback_for_aim(faces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    aim = pytest.importorskip("aim")
    from aim.storage.context import Context

    monkeypatch.chdir(tmp_path)
    aim.Repo.from_path(str(tmp_path), init=True)
    to_aim, kept = example("ToAim")(), []

    def look(run: figment.Run, event: dict[str, Any]) -> None:
        """What Aim has by the end; once it is closed its index takes a while."""
        if event["event"] == "end":
            kept.extend(to_aim.to.get_metric("spread", Context({"event": "tick"})).values.sparse_numpy())

    run = figment.train(str(faces), images=320, out=tmp_path / "run", display=None, callbacks=[look, to_aim], **TINY)
    assert not run.events("callback")
    assert sorted(kept[1].tolist()) == sorted(event["spread"] for event in run.events("tick"))  # it keeps no order


def test_every_example_is_tested() -> None:
    assert set(EXAMPLES) == {"to_wandb", "to_mlflow", "ToAim"}
