"""Pages that are made of foreign text."""

import pytest
from jinja2 import DictLoader

from figment.media import pages


@pytest.mark.parametrize("number", [0xD800, 0xDCFF, 0xDFFF])
def test_halves_of_characters_are_replaced_in_a_page(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages.jinja2, "PackageLoader", lambda name: DictLoader({"page": "{{ word }}"}))
    assert pages.rendered("page", {"word": f"a{chr(number)}b"}, None).encode() == "a\ufffdb".encode()
