"""Git-LFS pointers are told from damaged files, wherever a large file is expected."""

import tarfile
import zipfile
from pathlib import Path

import pytest

from figment.common.pointers import POINTER_START
from figment.common.tensorfiles import opened
from figment.data.bank.prepare import prepare
from figment.data.sources.open import open_source
from figment.errors import InputError

POINTER = POINTER_START + b"v1\noid sha256:" + b"0" * 64 + b"\nsize 12345\n"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder of pictures as git-LFS leaves it."""
    folder = tmp_path / "clone"
    folder.mkdir()
    for i in range(40):
        (folder / f"{i}.jpg").write_bytes(POINTER)
    return folder


def pack(folder: Path, form: str) -> Path:
    """As the web page of a repository packs it."""
    packed = folder.with_suffix(form)
    if form == ".zip":
        with zipfile.ZipFile(packed, "w") as archive:
            for file in folder.iterdir():
                archive.write(file, file.name)
    else:
        with tarfile.open(packed, "w") as archive:
            archive.add(folder, "clone")
    return packed


@pytest.mark.parametrize("form", ["", ".zip", ".tar"])
def test_pointers_in_place_of_pictures(clone: Path, form: str) -> None:
    with pytest.raises(InputError, match=r"git-LFS pointer.*git lfs pull") as told:
        prepare(str(pack(clone, form) if form else clone), 16)
    assert "add more" not in str(told.value)


@pytest.mark.parametrize(
    "name", ["faces.zip", "faces.tar.gz", "faces.parquet", "faces.npz", "faces.npy", "faces", "faces.arrow"]
)
def test_a_pointer_in_place_of_data(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(POINTER)
    with pytest.raises(InputError, match=f"{name} is a git-LFS pointer.*git lfs pull"):
        open_source(tmp_path / name)


def test_a_pointer_in_place_of_labels_or_tensors(clone: Path, tmp_path: Path) -> None:
    (clone / "labels.csv").write_bytes(POINTER)
    with pytest.raises(InputError, match="git lfs pull"):
        open_source(clone).listing  # noqa: B018
    (tmp_path / "generator.safetensors").write_bytes(POINTER)
    with pytest.raises(InputError, match="git lfs pull"), opened(tmp_path / "generator.safetensors"):
        pass
