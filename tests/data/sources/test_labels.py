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


# --- names that are nearly the pictures' ----------------------------------------------------------------------------


def told(path: Path) -> tuple[dict[str, str | None], list[str]]:
    listing = open_source(path).listing
    return dict(zip(listing.names, listing.labels, strict=True)), listing.notes


NEARLY = {  # the table, what becomes of a/1.png, a/2.png, b/3.png and 4.png, and the words that tell
    "UTF-16": ("file,label\na/1.png,x\nb/3.png,y\n".encode("utf-16"), "x-y-", ""),
    "UTF-16 without its mark, with tabs": ("file\tlabel\na/1.png\tx\n".encode("utf-16-le"), "x---", ""),
    "Excel's own line": (b"sep=;\nfile;label\na/1.png;x\n", "x---", ""),
    "bars": (b"file|label\na/1.png|x\n", "x---", ""),
    "a name that isn't the file's": (b"name,path,label\nAnn,a/1.png,x\nBob,4.png,y\n", "x--y", "column path"),
    "a column of any name": (b"id,where,label\n7,a/1.png,x\n8,4.png,y\n", "x--y", "column where"),
    "the set's own name before": (b"file,label\nset/a/1.png,x\nset/4.png,y\n", "x--y", "folders before them"),
    "absolute": (b"file,label\n/home/me/set/a/1.png,x\nC:\\set\\b\\3.png,y\n", "x-y-", "folders before them"),
    "bare names": (b"file,label\n1.png,x\n3.png,y\n4.png,z\n", "x-yz", "folders that they lie in"),
    "another case": (b"file,label\nA/1.PNG,x\nb/3.Png,y\n", "x-y-", "in another case"),
    "another suffix": (b"file,label\na/1.jpg,x\n3.jpeg,y\n", "x-y-", "with another suffix"),
    "rows that contradict each other": (b"file,label\n/x/1.png,x\n/y/1.png,y\na/2.png,z\n", "-z--", ""),
}


@pytest.mark.parametrize("kind", ["folder", "zip"])
@pytest.mark.parametrize("case", NEARLY)
def test_names_that_are_nearly_the_pictures_are_matched_and_told(case, kind, tmp_path):
    table, expected, words = NEARLY[case]
    path = store(kind, tmp_path / f"set.{kind}", with_tables(tmp_path, csv=table))
    found, notes = told(path)
    assert "".join(found[name] or "-" for name in PICTURES) == expected
    assert bool(notes) == bool(words)
    assert all(words in note for note in notes[:1])


def test_bare_names_that_two_pictures_have_are_given_to_none(tmp_path):
    files = {"a/1.png": b"x", "b/1.png": b"x", "b/2.png": b"x", "labels.csv": b"file,label\n1.png,x\n2.png,y\n"}
    assert told(store("folder", tmp_path / "set", files))[0] == {"a/1.png": None, "b/1.png": None, "b/2.png": "y"}


def test_rows_that_contradict_each_other_are_told_and_the_last_counts(tmp_path):
    rows = b"file,label\na/1.png,cat\na/2.png,cat\na/1.png,dog\na/2.png,cat\nb/3.png,dog\n"
    found, notes = told(store("folder", tmp_path / "set", with_tables(tmp_path, csv=rows)))
    assert (found["a/1.png"], found["a/2.png"], found["b/3.png"]) == ("dog", "cat", "dog")
    assert notes == ["labels.csv: rows contradict each other on a/1.png: the last row counts."]


def test_accents_taken_apart_are_the_same_names(tmp_path):
    files = {
        "cafe\u0301.png": b"x",
        "e\u0301/1.png": b"x",
        "labels.csv": "file,label\ncaf\u00e9.png,cafe\u0301\n\u00e9/1.png,caf\u00e9\n".encode(),
    }
    found, notes = told(store("folder", tmp_path / "set", files))
    assert set(found.values()) == {"caf\u00e9"}
    assert "accents" in notes[0]
    folders = {"train/cafe\u0301/1.png": b"x", "test/caf\u00e9/2.png": b"x"}
    assert set(told(store("zip", tmp_path / "set.zip", folders))[0].values()) == {"caf\u00e9"}


# --- Hugging Face's folders -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["folder", "zip", "tar"])
def test_metadata_of_hugging_face_is_of_its_folders_pictures(kind, tmp_path):
    files = {
        "train/1.png": b"x", "train/sub/2.png": b"x", "test/1.png": b"x",
        "train/metadata.csv": b"file_name,label\n1.png,cat\nsub/2.png,dog\n",
        "test/metadata.jsonl": b'{"file_name": "1.png", "label": 3}\n\n',
    }  # fmt: skip
    found = labels(store(kind, tmp_path / f"set.{kind}", files))
    assert found == {"train/1.png": "cat", "train/sub/2.png": "dog", "test/1.png": "3"}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("metadata.csv", b"file_name,text\n1.png,a cat\n"),  # captions
        ("metadata.csv", b"camera,label\n1.png,cat\n"),
        ("metadata.jsonl", b'{"file_name": "1.png", "objects": {"bbox": []}}\n'),
        ("metadata.jsonl", b"no JSON"),
        ("metadata.csv", b"file_name,label\nnothing.png,cat\n"),
    ],
)
def test_metadata_that_label_nothing_leave_it_to_the_folders(name, content, tmp_path):
    files = {"a/1.png": b"x", "b/1.png": b"x", f"a/{name}": content, "README.md": b"x"}
    assert told(store("folder", tmp_path / "set", files))[0] == {"a/1.png": "a", "b/1.png": "b"}


def test_metadata_that_end_in_no_json_are_refused(tmp_path):
    content = b'{"file_name": "1.png", "label": "cat"}\n{"file_na'
    path = store("folder", tmp_path / "set", {"1.png": b"x", "metadata.jsonl": content})
    with pytest.raises(InputError, match=r"metadata\.jsonl can't be read as a labels file \(line 2 isn't JSON"):
        _ = open_source(path).listing


# --- folders that are no classes ------------------------------------------------------------------------------------

LAYOUTS = {  # names, and their labels
    "parts of a set": ("train/cat/1.png Valid/dog/1.png test/cat/1.png", "cat dog cat"),
    "parts without labels": ("train/1.png test/2.png", "- -"),
    "a part without labels": ("train/cat/1.png train/dog/1.png test/1.png", "cat dog -"),
    "wrapped": ("images/cat/1.png images/dog/1.png cover.png", "cat dog -"),
    "wrapped twice": ("a/b/cat/1.png a/b/dog/1.png", "cat dog"),
    "wrapped parts": ("data/train/cat/1.png data/val/dog/1.png", "cat dog"),
    "parts that wrap": ("train/images/cat/1.png test/images/dog/1.png", "cat dog"),
    "classes of such names": ("test/1.png drive/1.png", "test drive"),
    "parts within classes": ("cat/train/1.png cat/test/1.png dog/train/1.png", "cat cat dog"),
}


@pytest.mark.parametrize("kind", ["folder", "zip"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_folders_that_wrap_or_part_a_set_are_no_classes(layout, kind, tmp_path):
    names, expected = (text.split() for text in LAYOUTS[layout])
    found, notes = told(store(kind, tmp_path / f"set.{kind}", dict.fromkeys(names, b"x")))
    assert [found[name] or "-" for name in names] == expected
    assert any("parts of one set" in note for note in notes) == ("part" in layout and "within" not in layout)


def test_a_table_in_the_folder_that_wraps_all(tmp_path):
    files = {"set/a/1.png": b"x", "set/b/2.png": b"x", "set/labels.csv": b"a/1.png,cat\n2.png,dog\n"}
    assert told(store("folder", tmp_path / "set", files))[0] == {"set/a/1.png": "cat", "set/b/2.png": "dog"}
    files = {"a/1.png": b"x", "b/2.png": b"x", "a/labels.csv": b"1.png,cat\n"}
    assert told(store("folder", tmp_path / "two", files))[0] == {"a/1.png": "a", "b/2.png": "b"}


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


@pytest.mark.parametrize(
    "folders", [("training set", "Test Set"), ("train2017", "val2017"), ("seg_train", "seg_test"), ("fold_1", "fold_2")]
)
def test_parts_of_a_set_by_other_names(tmp_path: Path, folders: tuple[str, ...]) -> None:
    files = {f"{part}/{kind}/{part}.png": b"x" for part in folders for kind in "ab"}
    listing = open_source(store("folder", tmp_path, files)).listing
    assert listing.labels == [name.split("/")[1] for name in listing.names]
    assert "are parts of one set" in listing.notes[0]


def test_classes_that_sound_like_parts(tmp_path: Path) -> None:
    files = {f"{kind}/{n}/1.png": b"x" for kind in ("steam_train", "toy_train") for n in "12"}
    assert set(open_source(store("folder", tmp_path, files)).listing.labels) == {"steam_train", "toy_train"}


def test_parts_that_hold_one_folder_each_have_no_labels(tmp_path: Path) -> None:
    files = {f"{part}/images/1.png": b"x" for part in ("train", "val")}
    listing = open_source(store("folder", tmp_path, files)).listing
    assert listing.labels == [None, None]
    assert listing.notes == ["train, val are parts of one set, and no labels."]


@pytest.mark.parametrize(("encoding", "words"), [("cp1252", "é à ü"), ("cp932", "写真 日本 東京")])
def test_tables_in_a_country_s_own_encoding(tmp_path: Path, encoding: str, words: str) -> None:
    names = {f"{word}.png": word for word in words.split()}
    table = "file; label\r\n" + "".join(f'{name}; "{word}"\r\n' for name, word in names.items())
    listing = open_source(
        store("folder", tmp_path, dict.fromkeys(names, b"x") | {"Labels.CSV": table.encode(encoding)})
    ).listing
    assert dict(zip(listing.names, listing.labels, strict=True)) == names
    assert encoding in listing.notes[0]
