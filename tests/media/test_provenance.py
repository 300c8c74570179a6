"""The marks of pages. Those of pictures and films are tested with what writes them."""

import json
import re
from typing import get_args

import pytest

from figment.media import provenance

SYNTHETIC = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"


@pytest.mark.parametrize("source", get_args(provenance.DigitalSourceType))
def test_a_pages_mark_is_read_back_and_known_for_ours(tmp_path, source):
    path = tmp_path / "a.html"
    path.write_text(f"<head>{provenance.page_mark(source)}</head>")
    data = json.loads(re.findall(r'<script type="application/ld\+json">(.*)</script>', path.read_text())[0])
    assert data["@context"] == "https://schema.org"
    assert data["digitalSourceType"].lower() == f"https://schema.org/{source}DigitalSource".lower()
    assert provenance.source_of(path) == source
    assert provenance.is_own(path)


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ('{"digitalSourceType": ["https://schema.org/DigitalCaptureDigitalSource"]}', "digitalCapture"),
        ('{ "digitalSourceType" : "TrainedAlgorithmicMediaDigitalSource" }', "trainedAlgorithmicMedia"),
        (f'{{"digitalSourceType":\n "{SYNTHETIC}"}}', "trainedAlgorithmicMedia"),
        (f'<link itemprop="digitalSourceType" href="{SYNTHETIC}">', "trainedAlgorithmicMedia"),
        (f"<p>The digitalSourceType {SYNTHETIC} says so</p>", None),
        (f'<p>"digitalSourceType"</p><a href="{SYNTHETIC}">its value</a>', None),
        ("<p>words</p>", None),
    ],
)
def test_a_pages_mark_is_read_as_others_write_it(tmp_path, page, expected):
    path = tmp_path / "a.htm"
    path.write_text(page)
    assert provenance.source_of(path) == expected
    assert not provenance.is_own(path)


def test_a_page_is_marked_as_all_its_pictures_are():
    learnt, drawn = "trainedAlgorithmicMedia", "algorithmicMedia"
    mixed = "compositeWithTrainedAlgorithmicMedia"
    for sources, expected in [
        ([], None), ([None, None], None), ([learnt, learnt], learnt), ([drawn], drawn), ([learnt, None], mixed),
        ([learnt, drawn], mixed), ([mixed], mixed), ([mixed, drawn], mixed), ([drawn, None], "compositeSynthetic"),
    ]:  # fmt: skip
        assert provenance.of_all(iter(sources)) == expected, sources
