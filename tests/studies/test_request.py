"""What a study is asked for: files of one's own, named ones, and what is given beside them."""

from pathlib import Path

import pytest

from figment.errors import InputError
from figment.studies.plan import make_plan
from figment.studies.request import asked, named_studies, request_of, study_fields

FILE = """
format = 1
data = "my-pictures"
for = "2h"
seeds = 2

[vary]
dropout = [0, 0.3]
lr = "1e-4..1e-2:log"

[set]
size = 32
"""


def written(tmp_path: Path, text: str) -> str:
    file = tmp_path / "study.toml"
    file.write_text(text)
    return str(file)


def test_a_file_is_read_and_what_is_given_beside_it_counts(tmp_path: Path) -> None:
    file = written(tmp_path, FILE)
    request = request_of(file, {"images": "10k", "vary": {"width": (8, 16)}, "set": {"batch": 8}, "seeds": None})
    assert (request.time, request.images_each, request.seeds, request.data) == (None, 10_000, 2, "my-pictures")
    assert request.settings == {"size": 32, "batch": 8}
    assert list(request.vary) == ["dropout", "lr", "width"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (FILE.replace("format = 1", "format = 2"), "is of a newer figment (format 2): update with pip"),
        (
            FILE.replace("format = 1", ""),
            "doesn't say which format it is of, or one that there isn't: write format = 1.",
        ),
        (FILE.replace("format = 1", "format = true"), "doesn't say which format"),
        (FILE.replace("seeds", "sedes"), "sedes is nothing that a study has; did you mean seeds?"),
        (FILE.replace("seeds = 2", "seeds = 0"), "seeds must be"),
        (FILE.replace("[vary]", "[vary"), "is no TOML"),
        (FILE.replace("seeds = 2", 'search = "gird"'), "search must be"),
    ],
)
def test_a_file_that_is_none_is_refused_by_its_name(text: str, told: str, tmp_path: Path) -> None:
    file = written(tmp_path, text)
    with pytest.raises(InputError) as error:
        request_of(file, {})
    assert str(error.value).startswith(file)
    assert told in str(error.value)


def test_what_is_no_study_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"--study artikle: no such study; did you mean article\?"):
        study_fields("artikle")
    with pytest.raises(InputError, match=r"doesn't exist: name a study\.toml, or one of figment study list"):
        study_fields(str(tmp_path / "none.toml"))
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="is no study: it is no text"):
        study_fields(str(tmp_path / "bytes.toml"))


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, "a study needs a budget: --for 2h, all of it together, or --images 200k, of each run."),
        ({"for": "2h", "images": "2k"}, "--for and --images can't both be the budget"),
        ({"images": "2k", "score": "fid"}, "--score fid: no score to judge by; did you mean"),
        ({"images": "many"}, "--images many: no number of images"),
    ],
)
def test_a_budget_and_a_score_are_needed(fields: dict[str, object], told: str) -> None:
    with pytest.raises(InputError) as error:
        asked({"vary": {"dropout": [0, 0.3]}} | fields, "the study").checked()
    assert told in str(error.value)


@pytest.mark.parametrize("name", sorted(named_studies()))
def test_named_studies_can_be_planned(name: str) -> None:
    request = request_of(name, {"images": "10k"})
    plan = make_plan(request, request.recipe)
    assert plan.settings >= 4
    assert request.title


def test_who_judges_is_a_part_of_the_request() -> None:
    assert asked({"vary": {"dropout": [0, 0.3]}, "images": "1k", "features": "gradients"}, "x").features == "gradients"
    assert request_of("article", {"images": "1k"}).features == "gradients"  # by which the study was read (LOG 122)
