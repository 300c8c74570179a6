"""Labels from labels.csv, dataset.json and sub-folders, in folders and archives alike."""

import io
import json
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from figment.data.sources.labels import Classes, classes_of
from figment.data.sources.open import open_source
from figment.errors import InputError

PICTURES = ["a/1.png", "a/2.png", "b/3.png", "4.png"]
FOLDERS = {"a/1.png": "a", "a/2.png": "a", "b/3.png": "b", "4.png": None}


def store(kind: str, path: Path, files: dict[str, bytes]) -> Path:
    if kind == "folder":
        for name, content in files.items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(content)
    elif kind == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in files.items():
                archive.writestr(name, content)
    else:
        with tarfile.open(path, "w") as archive:
            for name, content in files.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    return path


def labels(path: Path) -> dict[str, str | None]:
    listing = open_source(path).listing
    assert listing.ignored == 0
    return dict(zip(listing.names, listing.labels, strict=True))


def with_tables(path: Path, **tables: bytes) -> dict[str, bytes]:
    names = {"csv": "labels.csv", "json": "dataset.json"}
    return dict.fromkeys(PICTURES, b"x") | {names[kind]: table for kind, table in tables.items()}


TABLES = {
    "header": b"file,label\na/1.png,cat\nb/3.png,dog\n",
    "columns in any place": b"id,width,class,filename\n7,3,cat,a/1.png\n8,3,dog,b/3.png\n",
    "quoted, with a mark of order": b'\xef\xbb\xbf"Image","Category"\r\n"a/1.png","cat"\r\n"b/3.png","dog"\r\n',
    "semicolons": b"path;target\na/1.png;cat\nb/3.png;dog\n",
    "tabs": b"path\ttarget\na/1.png\tcat\nb/3.png\tdog\n",
    "no header": b"a/1.png,cat\nb/3.png,dog\n",
    "label first": b"label,file_name\ncat,a/1.png\ndog,b/3.png\n",
    "one known column": b"picture,label\na/1.png,cat\nb/3.png,dog\n",
    "other slashes": b"file,label\na\\1.png,cat\n./b/3.png,dog\n",
    "without suffix": b"id,label\na/1,cat\nb/3,dog\n",
    "empty labels and short rows": b"file,label\na/1.png,cat\na/2.png,\n4.png\nb/3.png,dog\n",
    "others": b"file,label\na/1.png,cat\nnothing.png,cow\nb/3.png,dog\n",
}


@pytest.mark.parametrize("kind", ["folder", "zip", "tar"])
@pytest.mark.parametrize("table", TABLES)
def test_labels_csv(table, kind, tmp_path):
    path = store(kind, tmp_path / f"set.{kind}", with_tables(tmp_path, csv=TABLES[table]))
    assert labels(path) == {"a/1.png": "cat", "a/2.png": None, "b/3.png": "dog", "4.png": None}


@pytest.mark.parametrize("kind", ["folder", "zip", "tar"])
def test_dataset_json_of_stylegan(kind, tmp_path):
    table = {"labels": [["a/1.png", 6], ["b\\3.png", 0], ["4.png", [0, 1]]]}
    path = store(kind, tmp_path / f"set.{kind}", with_tables(tmp_path, json=json.dumps(table).encode()))
    assert labels(path) == {"a/1.png": "6", "a/2.png": None, "b/3.png": "0", "4.png": "[0, 1]"}


def test_dataset_json_without_labels_says_that_folders_are_none(tmp_path):
    path = store("folder", tmp_path / "set", with_tables(tmp_path, json=b'{"labels": null}'))
    assert set(labels(path).values()) == {None}


def test_a_dataset_json_of_another_kind_is_another_file(tmp_path):
    path = store("zip", tmp_path / "set.zip", with_tables(tmp_path, json=b'{"name": "set"}'))
    assert labels(path) == FOLDERS


def test_labels_csv_goes_before_dataset_json_before_folders(tmp_path):
    both = with_tables(tmp_path, csv=b"4.png,csv\n", json=b'{"labels": [["4.png", "json"]]}')
    assert labels(store("folder", tmp_path / "set", both))["4.png"] == "csv"
    (tmp_path / "set" / "labels.csv").unlink()
    assert labels(tmp_path / "set")["4.png"] == "json"
    (tmp_path / "set" / "dataset.json").unlink()
    assert labels(tmp_path / "set") == FOLDERS


def test_table_in_the_folder_that_wraps_an_archive(tmp_path):
    files = {f"set/{name}": content for name, content in with_tables(tmp_path, csv=TABLES["header"]).items()}
    for kind in ("zip", "tar"):
        found = labels(store(kind, tmp_path / f"set.{kind}", files))
        assert found == {"set/a/1.png": "cat", "set/a/2.png": None, "set/b/3.png": "dog", "set/4.png": None}
    flat = {"set/1.png": b"x", "set/labels.csv": b"1.png,cat\n"}
    assert labels(store("zip", tmp_path / "flat.zip", flat)) == {"set/1.png": "cat"}


def test_names_that_arent_text(tmp_path):
    name = b"\xff\xfe\n.png".decode("utf-8", "surrogateescape")
    (tmp_path / name).write_bytes(b"x")
    (tmp_path / "labels.csv").write_bytes(b'file,label\n"\xff\xfe\n.png",odd\n')
    assert labels(tmp_path) == {name: "odd"}
    assert len(open_source(tmp_path).fingerprint()) == 64


BAD = {
    "labels.csv": [b"", b"x\n", b"a,b,c\n1,2,3\n", b"file,label\n", b'file,label\n"a/1.png', b"file,label\nnothing.png,x\n",
                   b"file,label\na/1.png," + b"x" * 200_000],
    "dataset.json": [b"", b"{", b"\xff", b"[" * 100_000, b'{"labels": 3}', b'{"labels": [3]}', b'{"labels": [["no.png", 1]]}',
                     b'{"labels": "words"}'],
}  # fmt: skip


@pytest.mark.parametrize("kind", ["folder", "zip", "tar"])
@pytest.mark.parametrize("name", BAD)
def test_tables_that_cant_be_used_are_refused_in_a_sentence(name, kind, tmp_path):
    for number, content in enumerate(BAD[name]):
        path = store(kind, tmp_path / f"{number}.{kind}", dict.fromkeys(PICTURES, b"x") | {name: content})
        with pytest.raises(InputError) as caught:
            _ = open_source(path).listing
        sentence = str(caught.value)
        assert sentence.startswith(f"{path}: {name} ")
        assert "\n" not in sentence
        assert len(sentence) < 400


@pytest.mark.parametrize("kind", ["folder", "zip", "tar"])
def test_fingerprint_changes_with_the_labels(kind, tmp_path):
    def fingerprint(number: int, table: bytes) -> str:
        return open_source(store(kind, tmp_path / f"{number}.{kind}", with_tables(tmp_path, csv=table))).fingerprint()

    assert len({fingerprint(0, b"4.png,x\n"), fingerprint(1, b"4.png,y\n")}) == 2


def test_changed_labels_alone_change_a_folders_fingerprint(tmp_path):
    source = open_source(store("folder", tmp_path / "set", with_tables(tmp_path, csv=b"4.png,x\n")))
    before = source.fingerprint()
    assert source.fingerprint() == before
    (tmp_path / "set" / "labels.csv").write_bytes(b"4.png,y\n")
    assert source.fingerprint() != before
    assert "x" in source.listing.labels  # the listing stays the one it began with


@pytest.mark.parametrize("kind", ["folder", "zip", "tar"])
def test_a_table_of_absurd_size_is_refused(kind, tmp_path, monkeypatch):
    monkeypatch.setattr("figment.data.sources.base.MAX_PICTURE_BYTES", 1000)
    path = store(kind, tmp_path / f"set.{kind}", with_tables(tmp_path, csv=b"4.png,x\n" * 1000))
    with pytest.raises(InputError, match=r"labels\.csv can't be read as a labels file \(more than"):
        _ = open_source(path).listing


# --- classes -------------------------------------------------------------------------------------------------------


def of(*labels: str | None, train: list[int] | None = None) -> Classes:
    names = [f"{i}.png" for i in range(len(labels))]
    return classes_of(list(labels), names, np.array(range(len(labels)) if train is None else train), "pets")


def test_classes_are_the_labels_in_order() -> None:
    names, numbers = of("dog", "cat", "ant", "dog")
    assert names == ("ant", "cat", "dog")
    assert numbers.dtype == np.int64
    assert [names[k] for k in numbers] == ["dog", "cat", "ant", "dog"]


def test_numbers_are_in_their_own_order() -> None:
    assert of("10", "9", "-1", "2").names == ("-1", "2", "9", "10")
    assert of("10", "9", "b", "2").names == ("10", "2", "9", "b")
    assert of("07", "7", "08").names == ("07", "7", "08")  # different labels, though equal numbers


def test_lists_of_attributes_are_classes_like_others() -> None:
    assert of("[1, 0]", "[0, 1]", "[1, 0]").names == ("[0, 1]", "[1, 0]")


def test_bytes_that_are_no_text_become_names_that_can_be_shown() -> None:
    assert of("caf\udce9", "b").names == ("b", "caf\\xe9")


@pytest.mark.parametrize(
    ("labels", "train", "said"),
    [
        ([None] * 5, None, "pets has no labels: put"),
        (["a", None, "b", None], None, "2 of 4 pictures of pets have no label (such as 1.png)"),
        (["cat"] * 4, None, "the one label cat"),
        ([str(i) for i in range(10_001)], None, "10,001 different labels (such as 0)"),
        (["a", "b", "c", "c"], [0, 3], "1 of 3 classes of pets have no picture to train on (such as b)"),
    ],
)
def test_labels_that_make_no_classes(labels: list[str | None], train: list[int] | None, said: str) -> None:
    with pytest.raises(InputError) as error:
        of(*labels, train=train)
    assert str(error.value).startswith("--labels: ")
    assert said in str(error.value)
    assert "\n" not in str(error.value)
    assert str(error.value).endswith("train without labels (--no-labels).")
