"""Tables of pictures, written by pyarrow as Hugging Face's libraries write them."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from figment.data.decoding.chunks import StoredChunk
from figment.data.decoding.decode import Broken, decode
from figment.data.sources.aside import MASKS, Aside
from figment.data.sources.open import Source, open_source
from figment.errors import InputError

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")


def noise(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (6, 5, 3), dtype=np.uint8)


def png(seed: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(noise(seed)).save(buffer, "PNG")
    return buffer.getvalue()


def structs(contents: list[bytes | None], paths: list[str | None]) -> "pa.Array":
    return pa.StructArray.from_arrays(
        [pa.array(contents, pa.binary()), pa.array(paths, pa.string())], ["bytes", "path"]
    )


def noted(table: "pa.Table", **features: object) -> "pa.Table":
    """A table with the note that `datasets` leaves in its schema."""
    return table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})


IMAGE = {"_type": "Image"}


def label(*names: str) -> dict:
    return {"_type": "ClassLabel", "names": list(names)}


def example(count: int = 5, first: int = 0) -> "pa.Table":
    contents = [png(seed) for seed in range(first, first + count)]
    columns = {
        "image": structs(contents, [f"deep/{seed}.png" for seed in range(first, first + count)]),
        "label": pa.array([seed % 3 - 1 for seed in range(first, first + count)]),
        "caption": pa.array(["words"] * count),
    }
    return noted(pa.table(columns), image=IMAGE, label=label("cat", "dog"), caption={"_type": "Value"})


def write_arrow(table: "pa.Table", path: Path, rows: int = 2) -> Path:
    """As `save_to_disk` does: the stream format, a few rows a batch."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, table.schema) as writer:
        writer.write_table(table, max_chunksize=rows)
    return path


def contents(source: Source, only: set[int] | None = None) -> dict[int, object]:
    found: dict[int, object] = {}
    for chunk in source.chunks(only):
        assert isinstance(chunk, StoredChunk)
        for slot, payload in zip(chunk.slots, chunk.payloads, strict=True):
            assert slot not in found
            found[slot] = payload
    return found


@pytest.mark.parametrize("form", ["parquet", "arrow", "feather"])
def test_struct_column_with_the_notes_of_datasets(form, tmp_path):
    path = tmp_path / f"a.{form}"
    if form == "parquet":
        pq.write_table(example(), path, row_group_size=2)
    elif form == "arrow":
        write_arrow(example(), path)
    else:
        with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, example().schema) as writer:
            writer.write_table(example(), max_chunksize=2)
    source = open_source(path)
    assert source.display == path.name
    assert source.listing.names == ["0.png", "1.png", "2.png", "3.png", "4.png"]
    assert source.listing.labels == [None, "cat", "dog", None, "cat"]
    found = contents(source)
    assert sorted(found) == list(range(5))
    for slot, payload in found.items():
        assert np.array_equal(np.asarray(decode(payload)), noise(slot))
    assert sorted(contents(source, {1, 4})) == [1, 4]
    if form != "arrow":  # a stream begins with no mark of its own
        path.rename(tmp_path / "no_suffix")
        assert open_source(tmp_path / "no_suffix").listing.names == source.listing.names


@pytest.mark.parametrize("kind", ["binary", "large_binary"])
def test_plain_binary_is_found_by_its_first_bytes(kind, tmp_path):
    key = pa.array([b"\0\1"] * 3)
    pictures = pa.array([None, png(1), png(2)], getattr(pa, kind)())
    pq.write_table(
        pa.table({"key": key, "content": pictures, "fine_label": pa.array(["x", None, "y"])}), tmp_path / "a.parquet"
    )
    source = open_source(tmp_path / "a.parquet")
    assert source.listing.names == ["000000", "000001", "000002"]
    assert source.listing.labels == ["x", None, "y"]
    found = contents(source)
    assert isinstance(found[0], Broken)
    assert np.array_equal(np.asarray(decode(found[2])), noise(2))


def test_without_paths_and_labels_rows_are_counted(tmp_path):
    pq.write_table(
        pa.table({"image": pa.array([png(seed) for seed in range(7)])}), tmp_path / "a.parquet", row_group_size=3
    )
    listing = open_source(tmp_path / "a.parquet").listing
    assert (listing.names, listing.labels) == ([f"{row:06d}" for row in range(7)], [None] * 7)
    write_arrow(pa.table({"image": pa.array([png(seed) for seed in range(7)])}), tmp_path / "a.arrow")
    assert open_source(tmp_path / "a.arrow").listing == listing


def test_names_that_dont_tell_apart_give_way_to_numbers(tmp_path):
    for paths in (["a.png", "a.png"], ["a.png", None], ["x/a.png", "y/a.png"], ["a/", "b"]):
        pq.write_table(pa.table({"image": structs([png(0), png(1)], paths)}), tmp_path / "a.parquet")
        assert open_source(tmp_path / "a.parquet").listing.names == ["000000", "000001"]


def test_path_alone_is_a_broken_picture(tmp_path):
    whole = pa.table(
        {"image": pa.array([{"bytes": png(0), "path": "a"}, {"bytes": None, "path": "b"}, None], structs([], []).type)}
    )
    pq.write_table(whole, tmp_path / "a.parquet")
    write_arrow(whole, tmp_path / "a.arrow")
    for name in ("a.parquet", "a.arrow"):
        found = contents(open_source(tmp_path / name))
        assert found[0] == png(0)
        assert all(isinstance(found[slot], Broken) and "no content" in found[slot].reason for slot in (1, 2))


def test_of_several_columns_the_first_noted_is_taken_and_said(tmp_path):
    table = pa.table(
        {"mask": structs([png(0)], ["m"]), "photo": structs([png(1)], ["p"]), "other": structs([png(2)], ["o"])}
    )
    pq.write_table(noted(table, photo=IMAGE, mask=IMAGE), tmp_path / "a.parquet")
    source = open_source(tmp_path / "a.parquet")
    assert source.display == "a.parquet (column photo)"
    assert contents(source)[0] == png(1)
    assert open_source(tmp_path).display == f"{tmp_path.name} (column photo)"
    assert source.listing.aside == [Aside("column mask", MASKS, 1)]
    pq.write_table(table, tmp_path / "a.parquet")
    assert open_source(tmp_path / "a.parquet").display == "a.parquet (column photo)"


def test_class_labels_go_before_names_of_columns(tmp_path):
    table = pa.table({"image": structs([png(0)], ["a"]), "label": pa.array([7]), "breed": pa.array([1])})
    pq.write_table(noted(table, breed=label("pug", "lab")), tmp_path / "a.parquet")
    assert open_source(tmp_path / "a.parquet").listing.labels == ["lab"]
    pq.write_table(table, tmp_path / "a.parquet")
    assert open_source(tmp_path / "a.parquet").listing.labels == ["7"]


def test_downloaded_repository(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "assets").mkdir()
    (tmp_path / "README.md").write_text("---\n---\n")
    (tmp_path / "assets" / "logo.png").write_bytes(png(9))
    pq.write_table(example(3), tmp_path / "data" / "train-00000-of-00002.parquet")
    pq.write_table(example(2, 3), tmp_path / "data" / "train-00001-of-00002.parquet")
    source = open_source(tmp_path)
    assert source.display == tmp_path.name
    assert source.listing.names == [f"data/train-0000{i > 2:d}-of-00002.parquet/{i}.png" for i in range(5)]
    assert source.listing.labels == [None, "cat", "dog", None, "cat"]
    assert [contents(source)[slot] for slot in range(5)] == [png(seed) for seed in range(5)]
    assert contents(source, {4}) == {4: png(4)}


def test_save_to_disk_of_several_splits(tmp_path):
    (tmp_path / "dataset_dict.json").write_text('{"splits": ["train", "test"]}')
    for split, first, count in (("train", 0, 3), ("test", 3, 2)):
        write_arrow(example(count, first), tmp_path / split / "data-00000-of-00001.arrow")
        write_arrow(example(1, 7), tmp_path / split / "cache-0123456789abcdef.arrow")
        (tmp_path / split / "state.json").write_text('{"_data_files": [{"filename": "data-00000-of-00001.arrow"}]}')
        (tmp_path / split / "dataset_info.json").write_text("{}")
    source = open_source(tmp_path)
    names = [f"test/data-00000-of-00001.arrow/{i}.png" for i in (3, 4)]
    assert source.listing.names == names + [f"train/data-00000-of-00001.arrow/{i}.png" for i in range(3)]
    assert [contents(source)[slot] for slot in range(5)] == [png(seed) for seed in (3, 4, 0, 1, 2)]


def refused(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        contents(open_source(path))
    sentence = str(caught.value)
    assert sentence.startswith(str(path))
    assert "\n" not in sentence
    return sentence


def test_tables_without_pictures_say_what_they_hold(tmp_path):
    pq.write_table(pa.table({"text": ["a"], "raw": pa.array([b"not a picture"])}), tmp_path / "a.parquet")
    assert "no column of pictures, but text (string), raw (binary)" in refused(tmp_path / "a.parquet")


@pytest.mark.parametrize("form", ["parquet", "arrow"])
def test_damaged_tables(form, tmp_path):
    path = tmp_path / f"a.{form}"
    pq.write_table(example(40), path, row_group_size=7) if form == "parquet" else write_arrow(example(40), path)
    whole = path.read_bytes()
    for content in (b"", b"rubbish" * 99, whole[: len(whole) // 2], whole[:-30] if form == "parquet" else whole[:-200]):
        path.write_bytes(content)
        assert "isn't a readable" in refused(path)
    if form == "arrow":  # a stream that ends between two batches looks whole but for its end mark
        path.write_bytes(whole[:-8])
        assert "isn't a readable" in refused(path)
    told = 0
    generator = np.random.default_rng(0)
    for _ in range(60):
        spoilt = bytearray(whole)
        for place in generator.integers(0, len(whole), 4):
            spoilt[place] ^= int(generator.integers(1, 256))
        path.write_bytes(spoilt)
        try:
            found = contents(open_source(path))
            assert len(found) <= 40
        except InputError as error:
            told += str(path) in str(error)
    assert told > 0


def test_without_pyarrow_a_sentence_says_what_to_install(tmp_path, monkeypatch):
    import sys

    pq.write_table(example(), tmp_path / "a.parquet")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert "pip install 'figment-gan[parquet]'" in refused(tmp_path / "a.parquet")
