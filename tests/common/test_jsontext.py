"""JSON of another hand."""

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from figment.common.jsontext import fault, parsed, parsed_line
from figment.run_files import Counters, Facts, FindingRecord


@pytest.mark.parametrize(
    "text", ["[" * 200_000, '{"a":' * 200_000, "NaN", "[-Infinity]", "", b"\xff", '"\n"', "1" * 5000]
)
def test_whatever_is_no_json_is_a_value_error(text: str | bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parsed(text)


def test_what_json_is() -> None:
    assert parsed(b'\xef\xbb\xbf{"a": "\\udcff"}') == {"a": "\udcff"}  # an editor's mark, and a name that isn't text
    assert parsed_line(b"[NaN, 1.5, -Infinity]") == [None, 1.5, None]


@pytest.mark.parametrize(
    ("model", "found", "said"),
    [
        (Counters, None, "must be an object"),
        (Counters, {"images": 1.5, "seconds": 1.0}, "images must be a whole number"),
        (Counters, {"seconds": 1.0}, "images is missing"),
        (Facts, {"images": -1}, "images must be greater than or equal to 0"),
        (Facts, {"data": 5}, "data must be a text"),
        (Facts, {"seconds": float("nan")}, "seconds must be a finite number"),
        (FindingRecord, {"format": 1, "kind": "a", "sentence": "", "sheets": [{"file": "../a", "caption": ""}]},
         "sheets.0.file: it names no file of the same folder"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_words(model: type[BaseModel], found: Any, said: str) -> None:
    with pytest.raises(ValidationError) as error:
        model.model_validate(found)
    assert fault(error.value) == said
