"""Tables with a column of pictures: Parquet files, and the Arrow files of Hugging Face `datasets`, streamed."""

import json
from abc import abstractmethod
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from io import BytesIO
from pathlib import Path
from typing import Any

from figment.common.extras import require
from figment.common.mapping import mapped
from figment.data.decoding.decode import MAX_PICTURE_BYTES, PILLOW_FORMATS, TOO_MANY_BYTES, Broken
from figment.data.sources.archives import MAX_EXPANSION, bomb, check_expansion
from figment.data.sources.aside import MASKS, Aside, names_masks
from figment.data.sources.base import MAX_PICTURES, Chunks, ColumnReader, FileSource, Listing, chunked, payload_bytes
from figment.data.sources.label_tables import LABEL_COLUMNS
from figment.errors import InputError

BATCH_BYTES = 2**24  # about as much of a Parquet file is unpacked at once,
MAX_BATCH_ROWS = 2**14  # in at most so many rows,
MAX_BATCH_BYTES = 2**28  # and so much at most, where a dictionary holds one value that all rows share
END_OF_STREAM = b"\xff\xff\xff\xff\0\0\0\0"  # of Arrow


@dataclass(frozen=True)
class Columns:
    """Where the pictures and their labels are."""

    picture: str
    in_struct: bool  # as the field `bytes` beside a `path`
    has_path: bool
    label: str | None
    classes: list[str]  # names of the labels where they are numbers
    others: list[str]  # further columns of pictures


class Table(FileSource):
    """A table with a column of encoded pictures, as binary or as Hugging Face's struct of bytes and path.

    Raises InputError at once where the file can't be read, or has no such column.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        with self.naming_damage():
            self._columns = self._find_columns()
        self.note = f" (column {self._columns.picture})" if self._columns.others else ""
        self.display += self.note

    @abstractmethod
    def _schema(self) -> Any:
        """The table's pyarrow.Schema."""

    @abstractmethod
    def _batches(self, columns: list[str]) -> Iterator[Any]:
        """All rows as pyarrow.RecordBatch of bounded size, with at least these columns ("column.field" in structs)."""

    @cached_property
    def listing(self) -> Listing:
        names: list[str] = []
        labels: list[str | None] = []
        picture, label = self._columns.picture, self._columns.label
        paths = self._columns.has_path
        with self.naming_damage():
            for batch in self._batches([*([f"{picture}.path"] if paths else []), *([label] if label else [])]):
                if len(labels) + batch.num_rows > MAX_PICTURES:
                    raise InputError(f"{self.path} declares more than {MAX_PICTURES:,} rows: split it up")
                if paths:
                    names += map(_file_name, batch.column(picture).field("path").to_pylist())
                labels += self._labels(batch.column(label).to_pylist()) if label else [None] * batch.num_rows
        # The files' own names, where they tell the pictures apart.
        unique = paths and all(names) and len(set(names)) == len(names)
        names = names if unique else [f"{row:06d}" for row in range(len(labels))]
        aside = [Aside(f"column {name}", MASKS, len(labels)) for name in self._columns.others if names_masks(name)]
        return Listing(names, labels, aside=aside)

    def chunks(self, only: Collection[int] | None = None) -> Chunks:
        with self.naming_damage():
            yield from chunked((slot, content, payload_bytes(content)) for slot, content in self._pictures(only))

    def columns(self) -> Mapping[str, ColumnReader]:
        with self.naming_damage():
            words = [field.name for field in self._schema() if _is_word(field.type)]
        return {name: partial(self._column, name) for name in words}

    def _column(self, name: str) -> list[str | None]:
        with self.naming_damage():
            values = (value for batch in self._batches([name]) for value in batch.column(name).to_pylist())
            return [None if value in (None, "") else str(value) for value in values]

    def _pictures(self, only: Collection[int] | None) -> Iterator[tuple[int, bytes | Broken]]:
        column = self._columns.picture
        slot = held = 0
        for batch in self._batches([f"{column}.bytes" if self._columns.in_struct else column]):
            held += batch.nbytes
            check_expansion(self.path, held)  # a dictionary holds a picture once for any number of rows
            for row in batch.column(column):
                if only is None or slot in only:
                    yield slot, _content(row["bytes"] if self._columns.in_struct and row.is_valid else row)
                slot += 1

    def _labels(self, values: list[Any]) -> list[str | None]:
        classes = self._columns.classes
        if classes:  # -1 is Hugging Face's for none
            return [classes[value] if value is not None and 0 <= value < len(classes) else None for value in values]
        return [None if value in (None, "") else str(value) for value in values]

    def _find_columns(self) -> Columns:
        import pyarrow as pa

        schema = self._schema()
        types = {field.name: field.type for field in schema}
        features = _features(schema.metadata or {})
        structs = [name for name, kind in types.items() if _holds_bytes(kind)]
        binary = [name for name, kind in types.items() if _is_binary(kind)]
        declared = [name for name in features if features[name].get("_type") == "Image"]
        found = [name for name in declared if name in structs or name in binary] or structs
        found = found or [name for name in binary if self._starts_with_picture(name)]
        if not found:
            held = ", ".join(f"{name} ({kind})" for name, kind in types.items())[:200] or "nothing"
            raise InputError(
                f"{self.path} has no column of pictures, but {held}: give one with encoded pictures as binary"
            )
        found = sorted(found, key=names_masks)  # masks are pictures where there are no others
        classes = {name: feature["names"] for name, feature in features.items() if _is_class_label(feature)}
        usable = [name for name, kind in types.items() if _is_word(kind)]
        labels = [name for name in LABEL_COLUMNS if name in usable]
        label = next((name for name in [*labels, *classes] if name in classes and name in usable), None)
        label = label or next(iter(labels), None)
        kind = types[found[0]]
        return Columns(
            picture=found[0],
            in_struct=found[0] in structs,
            has_path=found[0] in structs and kind.get_field_index("path") >= 0,
            label=label,
            classes=classes.get(label or "", []) if label and pa.types.is_integer(types[label]) else [],
            others=found[1:],
        )

    def _starts_with_picture(self, column: str) -> bool:
        """Whether the first value of a binary column is a picture by its first bytes."""
        from PIL import Image, UnidentifiedImageError

        for batch in self._batches([column]):
            for row in batch.column(column):
                if row.is_valid:
                    try:
                        Image.open(BytesIO(row.as_py()), formats=PILLOW_FORMATS).close()
                    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError):
                        return False
                    return True
        return False

    @contextmanager
    def naming_damage(self) -> Iterator[None]:
        require("parquet", str(self.path))
        with super().naming_damage():
            yield


class Parquet(Table):
    """A Parquet file with a column of pictures."""

    kind = "Parquet file"

    def _schema(self) -> Any:
        with self._opened() as file:
            return file.schema_arrow

    def _batches(self, columns: list[str]) -> Iterator[Any]:
        with self._opened() as file:
            for group in range(file.metadata.num_row_groups):
                facts = file.metadata.row_group(group)
                packed, size = _bytes_of(facts, columns)
                if size > max(MAX_BATCH_BYTES, MAX_EXPANSION * packed):
                    raise bomb(self.path, MAX_BATCH_BYTES)
                rows = min(MAX_BATCH_ROWS, facts.num_rows * BATCH_BYTES // (size + 1), MAX_BATCH_BYTES // (size + 1))
                rows = max(1, rows)
                yield from file.iter_batches(rows, row_groups=[group], columns=columns, use_threads=False)

    @contextmanager
    def _opened(self) -> Iterator[Any]:
        import pyarrow.parquet as pq

        # Read through a small buffer: without it a group of rows, often 100 MB and more, is taken into memory at once.
        with self.path.open("rb") as content, pq.ParquetFile(content, buffer_size=2**16) as file:
            yield file


class Arrow(Table):
    """A file of Hugging Face's `save_to_disk`, in Arrow's stream or file format, mapped into memory as it is there."""

    kind = "Arrow file"

    def _schema(self) -> Any:
        with self._opened(None) as reader:
            return reader.schema

    def _batches(self, columns: list[str]) -> Iterator[Any]:
        names = self._schema().names
        wanted = [i for i, name in enumerate(names) if any(f"{column}.".startswith(f"{name}.") for column in columns)]
        with self._opened(wanted or [0]) as reader:
            # A file may be anybody's: unchecked, offsets that lead outside of it would end the process.
            if hasattr(reader, "num_record_batches"):
                batches = (reader.get_batch(index) for index in range(reader.num_record_batches))
            else:
                batches = iter(reader)
            for batch in batches:
                batch.validate(full=True)
                yield batch

    @contextmanager
    def _opened(self, fields: list[int] | None) -> Iterator[Any]:
        import pyarrow as pa

        options = pa.ipc.IpcReadOptions(included_fields=fields)
        with self.path.open("rb") as file:
            content = mapped(file.fileno()) or file.read()
        in_file_format = content[:6] == b"ARROW1"
        if not in_file_format and content[-8:] != END_OF_STREAM:  # pyarrow takes any end for the end
            raise EOFError
        opened = pa.ipc.open_file if in_file_format else pa.ipc.open_stream
        with opened(pa.BufferReader(pa.py_buffer(content)), options=options) as reader:
            yield reader


def _features(metadata: dict[bytes, bytes]) -> dict[str, dict[str, Any]]:
    """What Hugging Face's `datasets` notes of each column."""
    try:
        features = json.loads(metadata[b"huggingface"])["info"]["features"]
        return {name: feature for name, feature in features.items() if isinstance(feature, dict)}
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        return {}


def _is_class_label(feature: dict[str, Any]) -> bool:
    names = feature.get("names")
    return feature.get("_type") == "ClassLabel" and isinstance(names, list) and all(isinstance(n, str) for n in names)


def _is_word(kind: Any) -> bool:
    """Whether a column's values can name a class or a group."""
    import pyarrow as pa

    sorts = pa.types.is_integer, pa.types.is_string, pa.types.is_large_string, pa.types.is_dictionary
    return any(sort(kind) for sort in sorts)


def _is_binary(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _holds_bytes(kind: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_struct(kind)) and any(field.name == "bytes" and _is_binary(field.type) for field in kind)


def _bytes_of(group: Any, columns: list[str]) -> tuple[int, int]:
    """Bytes of a group of rows in the columns: packed, and unpacked."""
    chunks = [
        chunk
        for chunk in (group.column(index) for index in range(group.num_columns))
        if any(f"{chunk.path_in_schema}.".startswith(f"{column}.") for column in columns)
    ]
    return sum(chunk.total_compressed_size for chunk in chunks), sum(chunk.total_uncompressed_size for chunk in chunks)


def _file_name(path: str | None) -> str:
    return (path or "").replace("\\", "/").rpartition("/")[2]


def _content(value: Any) -> bytes | Broken:
    """A picture's bytes from a pyarrow scalar."""
    if not value.is_valid:
        return Broken("the table holds no content for it, at most the path of a file elsewhere")
    if value.as_buffer().size > MAX_PICTURE_BYTES:
        return Broken(TOO_MANY_BYTES)
    content: bytes = value.as_py()
    return content
