"""Which files of a set on the hub are asked for by a configuration, a split, a limit."""

import pytest

from figment.data.sources.hub_parts import Request, parts_of
from figment.errors import InputError


@pytest.mark.parametrize(
    ("text", "name", "revision", "words", "limit"),
    [
        ("hf:me/set", "me/set", "main", (), None),
        ("hf:me/set@v1.0", "me/set", "v1.0", (), None),
        ("hf:me/set:train", "me/set", "main", ("train",), None),
        ("hf:me/set@refs/pr/2:big:test#50", "me/set", "refs/pr/2", ("big", "test"), 50),
        ("hf:me/set.x-1#7", "me/set.x-1", "main", (), 7),
    ],
)
def test_requests(text, name, revision, words, limit):
    assert Request.parse(text) == Request(text, name, revision, words, limit)


@pytest.mark.parametrize(
    "text", ["hf:set", "hf:me/set:", "hf:me/set:a:b:c", "hf:me/set#0", "hf:me/set:train[:9]", "hf:me/set#x"]
)
def test_what_is_no_request(text):
    with pytest.raises(InputError, match=r"isn't hf:OWNER/NAME.*\[:CONFIG\]\[:SPLIT\]"):
        Request.parse(text)


SHARDS = [f"data/{split}-{n:05d}-of-00002.parquet" for split in ("train", "test") for n in range(2)]
CONFIGS = [
    "small/train-00000-of-00001.parquet",
    "large/train-00000-of-00001.parquet",
    "large/test-00000-of-00001.parquet",
]


@pytest.mark.parametrize(
    ("files", "parts"),
    [
        (SHARDS, {"default": {"train": SHARDS[:2], "test": SHARDS[2:]}}),
        (CONFIGS, {"small": {"train": CONFIGS[:1]}, "large": {"train": CONFIGS[1:2], "test": CONFIGS[2:]}}),
        (["valid/a.jpg", "training/b.jpg"], {"default": {"validation": ["valid/a.jpg"], "train": ["training/b.jpg"]}}),
        (["cats/1.jpg", "dogs/2.jpg"], {"default": {"train": ["cats/1.jpg", "dogs/2.jpg"]}}),
        (["data/faces-00000-of-00001.parquet"], {"default": {"faces": ["data/faces-00000-of-00001.parquet"]}}),
        (["trains/1.jpg", "contest/2.jpg"], {"default": {"train": ["trains/1.jpg", "contest/2.jpg"]}}),
    ],
)
def test_files_tell_by_their_names(files, parts):
    assert parts_of([*files, "README.md", ".gitattributes"], None) == parts


def test_a_card_tells_better():
    files = ["x/1.parquet", "x/2.parquet", "y/1.parquet"]
    card = {"configs": [
        {"config_name": "first", "data_files": [{"split": "train", "path": "x/*"}, {"split": "dev", "path": ["y/1.*"]}]},
        {"config_name": "second", "data_files": "y/*.parquet"},
        {"config_name": "third", "data_files": {"odd": "x/2.parquet"}},
        {"config_name": "gone", "data_files": "z/*"},
    ]}  # fmt: skip
    assert parts_of(files, card) == {
        "first": {"train": files[:2], "dev": files[2:]}, "second": {"train": files[2:]}, "third": {"odd": files[1:2]}
    }  # fmt: skip


@pytest.mark.parametrize(
    "configs", [None, "x", [], ["x"], [{}], [{"data_files": 7}], [{"data_files": [{"split": 1}]}], {"a": 1}]
)
def test_a_card_that_tells_nothing(configs):
    assert parts_of(SHARDS, {"configs": configs}) == parts_of(SHARDS, None)


def test_what_is_chosen():
    parts = parts_of(CONFIGS, None)
    assert Request.parse("hf:me/set:large").choose(parts) == [CONFIGS[2], CONFIGS[1]]
    assert Request.parse("hf:me/set:large:train").choose(parts) == [CONFIGS[1]]
    assert Request.parse("hf:me/set:test").choose(parts_of(SHARDS, None)) == SHARDS[2:]


@pytest.mark.parametrize(
    ("text", "files", "said"),
    [
        ("hf:me/set:dev", SHARDS, r"^hf:me/set:dev: there is no 'dev' in it, but the splits train, test$"),
        (
            "hf:me/set:large:dev",
            CONFIGS,
            r"no 'large:dev' in it, but the configurations small \(train\), large \(train, test\)",
        ),
        ("hf:me/set:train", CONFIGS, r"no 'train' in it, but the configurations small"),
    ],
)
def test_what_isnt_there_is_answered_with_what_is(text, files, said):
    with pytest.raises(InputError, match=said):
        Request.parse(text).choose(parts_of(files, None))
