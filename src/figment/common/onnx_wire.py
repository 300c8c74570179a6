"""What an ONNX file says of itself, read from its bytes: a protobuf message. No network is built, nothing is run.

Numbers of fields are those of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

_VARINT, _EIGHT, _BYTES, _FOUR = 0, 1, 2, 5  # kinds of fields on the wire
_METADATA, _OPSETS = 14, 8  # of a model
_TRAINING, _FUNCTIONS = 20, 25
_DOMAIN_OF_NODE, _EXTERNAL_DATA, _DATA_LOCATION = 7, 13, 14
# Which fields of which messages hold further messages that are to be looked at.
_INSIDE = {
    "model": {7: "graph"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
}  # fmt: skip


@dataclass
class OnnxFile:
    """opsets: version by domain; of ONNX itself it is "". metadata: texts by name. has_external: whether numbers of it lie in
    other files. domains: of its operators. has_more: whether it holds functions of its own, or a training."""

    opsets: dict[str, int] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    domains: set[str] = field(default_factory=set)
    has_external: bool = False
    has_more: bool = False


def onnx_file(content: bytes) -> OnnxFile:
    """What a file's bytes say. Raises ValueError where they are no ONNX file, or not all of one."""
    found = OnnxFile()
    left: list[tuple[str, memoryview]] = [("model", memoryview(content))]
    has_graph = False
    while left:
        kind, message = left.pop()
        if kind == "node":
            found.domains.add(
                next((_text(value) for number, value in _fields(message) if number == _DOMAIN_OF_NODE), "")
            )
        for number, value in _fields(message):
            if inside := _INSIDE.get(kind, {}).get(number):
                left.append((inside, _message(value)))
                has_graph |= inside == "graph"
            elif kind == "tensor":
                found.has_external |= number == _EXTERNAL_DATA or (number == _DATA_LOCATION and value != 0)
            elif kind == "model":
                _note(found, number, value)
    if not has_graph:
        raise ValueError("it holds no network")
    return found


def _note(found: OnnxFile, number: int, value: "int | memoryview") -> None:
    """Take down a field of a model."""
    if number == _OPSETS:
        entries = dict(_fields(_message(value)))
        version = entries.get(2, 0)
        found.opsets[_text(entries.get(1, memoryview(b"")))] = version if isinstance(version, int) else 0
    elif number == _METADATA:
        entries = dict(_fields(_message(value)))
        found.metadata[_text(entries.get(1, memoryview(b"")))] = _text(entries.get(2, memoryview(b"")))
    found.has_more |= number in (_TRAINING, _FUNCTIONS)


def _fields(message: memoryview) -> Iterator[tuple[int, "int | memoryview"]]:
    """Numbers and values of a message's fields. Raises ValueError where it ends within one, or holds what none can be."""
    place = 0
    while place < len(message):
        tag, place = _varint(message, place)
        number, wire = tag >> 3, tag & 7
        if wire == _VARINT:
            value, place = _varint(message, place)
            yield number, value
            continue
        length = {_EIGHT: 8, _FOUR: 4}.get(wire, 0)
        if wire == _BYTES:
            length, place = _varint(message, place)
        elif not length:
            raise ValueError("it is no ONNX file")
        if not number or place + length > len(message):
            raise ValueError("it is cut off, or no ONNX file")
        yield number, message[place : place + length]
        place += length


def _varint(message: memoryview, place: int) -> tuple[int, int]:
    """A whole number, and the place behind it."""
    value = 0
    for shift in range(0, 70, 7):
        if place >= len(message):
            raise ValueError("it is cut off, or no ONNX file")
        byte = message[place]
        value, place = value | (byte & 0x7F) << shift, place + 1
        if byte < 0x80:
            return value, place
    raise ValueError("it is no ONNX file")


def _message(value: "int | memoryview") -> memoryview:
    if isinstance(value, int):
        raise ValueError("it is no ONNX file")
    return value


def _text(value: "int | memoryview") -> str:
    return bytes(_message(value)).decode()  # UnicodeDecodeError is a ValueError
