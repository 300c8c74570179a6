"""What a text names, without opening anything: drawn sets with count and seed, and what may have been meant."""

from pathlib import Path

import pytest

from figment.common.addresses import near_path
from figment.data.sources.names import DrawnRequest, drawn_request, drawn_text, refuse_missing
from figment.data.sources.open import Portraits, World, open_source
from figment.errors import InputError, MissingData
from figment.reals import absolute_data, are_portraits


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("portraits", DrawnRequest("portraits", 10_000, 0)),
        ("world:500", DrawnRequest("world", 500, 0)),
        ("portraits:10000:7", DrawnRequest("portraits", 10_000, 7)),
        ("portrait", None),
        ("portraits:", None),
        ("world:5:x", None),
        ("world:-5", None),
    ],
)
def test_a_drawn_set_is_asked_for_by_name_count_and_seed(text: str, asked: DrawnRequest | None) -> None:
    assert drawn_request(text) == asked
    if asked is not None:
        assert drawn_text(asked.name, asked.count, asked.seed) == text


@pytest.mark.parametrize("source", [Portraits(), Portraits(60), Portraits(60, seed=3), World(10_000, seed=9), World(7)])
def test_what_a_run_notes_of_a_drawn_set_opens_it_again(source: Portraits | World) -> None:
    noted = absolute_data(source)
    assert isinstance(noted, str)
    again = open_source(noted)
    assert (type(again), again.fingerprint()) == (type(source), source.fingerprint())
    assert again.display == source.drawn_set  # which names its runs
    assert are_portraits(noted) == isinstance(source, Portraits)
    assert absolute_data([source, "world"]) == [noted, "world"]


def test_more_than_can_be_is_refused() -> None:
    with pytest.raises(InputError, match=r"^count of world is 999,999,999: give 0 to 33,554,432\.$"):
        open_source("world:999999999")
    with pytest.raises(InputError, match=r"^seed of portraits is -1: give 0 to"):
        Portraits(5, seed=-1)


def test_the_nearest_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "holidays" / "cats").mkdir(parents=True)
    for text, near in [("holidais", "holidays"), ("holidais/cats", "holidays/cats"), ("holidays/cast", "holidays/cats"),
                       ("holidais/dogs", "holidays"), ("portrait", "portraits"), ("celaba", "celeba")]:  # fmt: skip
        with pytest.raises(MissingData, match=rf"^{text} doesn't exist: did you mean {near}\?$"):
            refuse_missing(text)
    assert near_path(tmp_path / "zebra") is None
    assert near_path(Path("/nowhere/at/all")) is None
    with pytest.raises(MissingData, match="check the path"):
        refuse_missing("holidays/zebra")
    for text in ("holidays", "portraits:5:3", "hf:owner/name", "shards-{0..9}.tar", "mnist"):
        refuse_missing(text)
