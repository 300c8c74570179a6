"""What keeps pictures together: patterns, columns of tables, files of names and groups."""

import re
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from figment.data.bank.prepare import prepare
from figment.data.sources.groups import grouping
from figment.data.sources.open import open_source
from figment.errors import InputError
from figtest.banks import held_out_names
from figtest.pictures import noise_folder

# Three pictures of each person, by the pictures' numbers.
PERSON = {f"{number:04d}.png": str(100 + number // 3) for number in range(90)}


def groups(data: Any, group: str) -> dict[str, str | None]:
    source = open_source(data)
    return dict(zip(source.listing.names, grouping(group).of(source), strict=True))


def table(header: str = "file,label,Person ID", join: str = ",") -> str:
    rows = [join.join((name, "face", person)) for name, person in PERSON.items()]
    return "\n".join([header.replace(",", join), *rows]) + "\n"


@pytest.fixture
def faces(tmp_path: Path) -> Path:
    return noise_folder(tmp_path / "faces", 90)


def packed(kind: str, faces: Path, path: Path) -> Path:
    if kind == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            for file in faces.iterdir():
                archive.write(file, file.name)
    else:
        with tarfile.open(path, "w") as tar:
            tar.add(faces, ".")
    return path


@pytest.mark.parametrize("kind", ["folder", "zip", "tar"])
def test_a_column_of_labels_csv(faces: Path, tmp_path: Path, kind: str):
    (faces / "labels.csv").write_text(table())
    data = faces if kind == "folder" else packed(kind, faces, tmp_path / f"faces.{kind}")
    assert groups(data, "person_id") == PERSON
    assert groups(data, "Person ID") == PERSON
    assert set(groups(data, "label").values()) == {"face"}
    with pytest.raises(InputError, match="has no such column; did you mean person_id"):
        groups(data, "person")
    with pytest.raises(InputError, match=r"no column of this name \(it has file, label, person_id\).*a file of names"):
        groups(data, "scene")


def test_a_table_of_two_columns_whatever_parts_them(faces: Path):
    (faces / "labels.tsv").write_text("\n".join(f"{name}\t{person}" for name, person in PERSON.items()))
    assert groups(faces, "label") == PERSON  # of two columns without a header the second is the label
    (faces / "labels.tsv").write_text(table("image,label,person", "\t"))
    assert groups(faces, "person") == PERSON


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("identity.txt", "".join(f"{name} {person}\n" for name, person in PERSON.items())),  # as CelebA's own
        ("no-header.csv", "".join(f"{name},{person}\n" for name, person in PERSON.items())),
        ("header.csv", table("image,hair,identity")),
        ("semicolons.csv", "person;hair;file\n" + "".join(f"{who};brown;{name}\n" for name, who in PERSON.items())),
        ("names.txt", "image identity\n" + "".join(f"{name} {person}\n" for name, person in PERSON.items())),
    ],
)
def test_a_file_of_names_and_groups(faces: Path, tmp_path: Path, name: str, text: str):
    (tmp_path / name).write_text(text)
    assert groups(faces, str(tmp_path / name)) == PERSON


def test_whole_groups_are_held_out_whatever_tells_them(faces: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "people.txt").write_text("".join(f"{name} {person}\n" for name, person in PERSON.items()))
    by_file = prepare(faces, 8, group=str(tmp_path / "people.txt"))
    held = held_out_names(by_file)
    assert len(held) in range(3, 15, 3)
    assert {PERSON[name] for name in held}.isdisjoint(PERSON[by_file.names[i]] for i in by_file.train)
    monkeypatch.chdir(tmp_path)
    assert prepare(faces, 8, group="people.txt").folder == by_file.folder
    (tmp_path / "people.txt").write_text("".join(f"{name} {int(name[:4]) // 9}\n" for name in PERSON))
    assert prepare(faces, 8, group="people.txt").folder != by_file.folder
    (faces / "labels.csv").write_text(table())
    assert held_out_names(prepare(faces, 8, group="person_id")) == held  # the same people by the same names


def test_pictures_in_no_group_are_told(faces: Path, tmp_path: Path):
    lines = [f"{name} {person}\n" for name, person in PERSON.items()]
    (tmp_path / "people.txt").write_text("".join(lines[:60]))
    bank = prepare(faces, 8, group=str(tmp_path / "people.txt"))
    assert "--group: 30 of 90 pictures are in no group" in bank.summary()


def test_a_column_of_several_sources(faces: Path, tmp_path: Path):
    (faces / "labels.csv").write_text(table())
    more = noise_folder(tmp_path / "more", 40)
    found = groups([faces, more], "person_id")
    assert found["faces/0005.png"] == "101"
    assert found["more/0005.png"] is None


def test_a_column_of_a_parquet_file(tmp_path: Path):
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    folder = noise_folder(tmp_path / "noise", 40)
    pictures = [{"bytes": file.read_bytes(), "path": file.name} for file in sorted(folder.iterdir())]
    pq.write_table(
        pa.table({"image": pictures, "celeb_id": [number // 4 for number in range(40)]}), tmp_path / "faces.parquet"
    )
    assert groups(tmp_path / "faces.parquet", "celeb_id") == {f"{n:04d}.png": str(n // 4) for n in range(40)}
    with pytest.raises(InputError, match="celeb_id"):
        groups(tmp_path / "faces.parquet", "person")


@pytest.mark.parametrize(
    ("group", "reason"),
    [
        ("person", "it has none"),
        ("people.txt", "is no file that is there"),
        ("/nowhere/people", "is no file that is there"),
        ("", "has no bracket"),
        ("^celeb", "has no bracket"),
        (r"^\d+_", re.escape(r"'^\d+_' has no bracket")),  # as it was typed, to be mended and typed again
        ("[", "isn't a regular expression"),
        (r"^(\d+", re.escape(r"'^(\d+' isn't a regular expression")),
        ("(nobody)", "matches no picture's name"),
    ],
)
def test_what_tells_nothing_is_refused(tmp_path: Path, group: str, reason: str):
    data = tmp_path / "arrays.npy"
    np.save(data, np.random.default_rng(0).integers(0, 256, (40, 8, 8, 3), np.uint8))
    with pytest.raises(InputError, match=reason):
        groups(data, group)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a.png 1\nb.png 2\n", "speaks of 'a.png' and others, but of none of the pictures, such as '0000.png'"),
        ("a,b,c\n1,2,3\n", "needs two columns"),
        ("", "needs two columns"),
    ],
)
def test_files_that_tell_nothing(faces: Path, tmp_path: Path, text: str, reason: str):
    (tmp_path / "people.txt").write_text(text)
    with pytest.raises(InputError, match=reason):
        groups(faces, str(tmp_path / "people.txt"))
