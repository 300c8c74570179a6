"""`figment doctor`: what it finds here is true, and what is broken is named with its mend."""

import json
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import torch

from figment.cli import doctor
from figment.common import packages
from figment.common.machine import this_machine
from figment.common.packages import Package
from figtest.command import command


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("FIGMENT_CACHE", str(folder))
    for name in ("WORLD_SIZE", "RANK"):
        monkeypatch.delenv(name, raising=False)
    return folder


def examined(capsys: pytest.CaptureFixture, status: int) -> dict[str, Any]:
    assert command("doctor", "--json") == status
    return json.loads(capsys.readouterr().out)


def test_what_is_here(cache: Path, capsys: pytest.CaptureFixture) -> None:
    (cache / "banks" / "one").mkdir(parents=True)
    (cache / "banks" / "one" / "0.bin").write_bytes(bytes(3000))
    (cache / "sets").mkdir()
    (cache / "sets" / "a.zip").write_bytes(bytes(500))
    found = examined(capsys, 0)
    assert found["problems"] == []
    assert found["torch"] == torch.__version__
    assert found["device"]["device"] == this_machine().device
    assert found["device"]["cores"] == this_machine().cores
    assert (found["cache"]["bytes"], found["cache"]["parts"]) == (3500, {"banks": 3000, "sets": 500})
    assert found["cache"]["free"] > 0
    assert {"parquet", "hub", "heic", "face", "onnx"} <= found["extras"].keys()
    assert not {"test", "dev", "docs", "all"} & found["extras"].keys()
    pyarrow = found["extras"]["parquet"]["packages"]["pyarrow"]
    assert pyarrow is None or pyarrow == version("pyarrow")


def test_lines_for_a_person(cache: Path, capsys: pytest.CaptureFixture) -> None:
    assert command("doctor") == 0
    said = capsys.readouterr().out
    assert f"torch    {torch.__version__}" in said
    assert said.rstrip().endswith("All is well.")
    assert not cache.exists()  # looking makes nothing


@pytest.fixture
def lacking(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine without pyarrow, and with an old Pillow."""
    found = {"pyarrow": None, "pillow": "9.0"}
    before = packages._installed
    monkeypatch.setattr(packages, "_installed", lambda name: found[name] if name in found else before(name))


@pytest.mark.usefixtures("lacking")
def test_what_is_missing_comes_with_its_line(capsys: pytest.CaptureFixture) -> None:
    assert command("doctor") == 1
    said = capsys.readouterr().out
    assert (
        "parquet (Parquet files, and data sets of the Hugging Face hub): missing: pip install 'figment-gan[parquet]'"
        in said
    )
    assert "wrong    pillow 9.0, and >=11.3 is needed: pip install 'pillow>=11.3'" in said
    assert said.rstrip().endswith("1 to be mended.")


def test_a_cache_that_cant_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv("FIGMENT_CACHE", str(tmp_path / "file" / "cache"))
    (problem,) = examined(capsys, 1)["problems"]
    assert problem.startswith("FIGMENT_CACHE ")
    assert "name another folder" in problem


def test_a_torch_that_doesnt_work(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    def broken(torch: Any, device: str) -> None:
        raise RuntimeError("CUDA error: no kernel image is available\nand more")

    monkeypatch.setattr(doctor, "_convolve", broken)
    found = examined(capsys, 1)
    assert found["torch"] is None
    assert found["problems"] == [
        "PyTorch doesn't work here (CUDA error: no kernel image is available): pip install --force-reinstall torch"
    ]
    assert command("doctor") == 1
    assert "wrong    PyTorch doesn't work here" in capsys.readouterr().out


@pytest.mark.skipif(torch.cuda.is_available(), reason="it is used here")
def test_a_gpu_that_isnt_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    (tmp_path / "version").write_text("NVRM version")
    monkeypatch.setattr(doctor, "NVIDIA", tmp_path / "version")
    monkeypatch.setattr(torch.version, "cuda", None)
    (problem,) = examined(capsys, 1)["problems"]
    assert "built without CUDA: take the build for it from https://pytorch.org/get-started" in problem


def test_what_is_left_over_of_other_programs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.setenv("WORLD_SIZE", "0")
    (sentence,) = [one for one in examined(capsys, 0)["advice"] if "WORLD_SIZE" in one]
    assert "unset WORLD_SIZE RANK" in sentence


def test_packages_are_those_of_the_metadata() -> None:
    found = {(one.extra, one.name) for one in packages.needed()}
    assert {("", "torch"), ("parquet", "pyarrow"), ("hub", "pyarrow"), ("onnx", "onnxruntime")} <= found
    assert not {extra for extra, _ in found} & packages.DEVELOPERS


@pytest.mark.parametrize(
    ("bounds", "installed", "fits"),
    [
        (">=16", "26.0.1", True),
        (">=16", "15.0", False),
        (">=16,<19", "19.1", False),
        ("", "1", True),
        (">=1", None, False),
    ],
)
def test_bounds(bounds: str, installed: str | None, fits: bool) -> None:
    assert Package("a", "", bounds, installed).fits is fits


def test_nothing_heavy_is_needed_to_tell_what_it_is(capsys: pytest.CaptureFixture) -> None:
    assert command("doctor", "--help") == 0
    assert "Exit status 0 where all is well" in capsys.readouterr().out
    assert sys.modules["figment.cli.doctor"]
