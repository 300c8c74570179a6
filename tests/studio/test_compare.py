"""Runs side by side: what is said of them, the same codes, and a blind test that tells nothing before it is answered."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from scipy.stats import binom

from figment.generator import load
from figment.studio.blind import weighed
from figtest.scored_runs import look, scored_run
from figtest.studios import asking
from figtest.whole_runs import whole_run


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pair")
    scored_run(folder, "near", looks=[look(5000, 80.0), look(10240, 40.0)])
    scored_run(folder, "far", looks=[look(5000, 90.0), look(10240, 70.0)], choices={"lr": 0.001})
    return folder


@pytest.fixture
def client(pair):
    with asking(pair) as it:
        yield it


@pytest.fixture
def ids(client):
    return {row["name"]: row["id"] for row in client.get("/api/runs").json()["runs"]}


def test_what_differs_and_which_scores_better(client, ids):
    found = client.get(f"/api/compare?runs={ids['near']},{ids['far']}").json()
    assert "which differ in lr" in found["sentences"][0]
    assert {(one["section"], one["field"]) for one in found["differences"]} >= {("recipe", "lr")}
    assert found["scores"][1][0] == "FD-lite0 while it trained"
    assert (found["pairs"][0]["sure"], "one seed" in found["pairs"][0]["by"]) == (False, True)  # one seed is no proof
    assert [run["id"] for it in found["settings"] for run in it["runs"]] == [ids["near"], ids["far"]]


@pytest.mark.parametrize(
    ("runs", "status"), [("", 400), ("{near}", 400), ("{near},{near}", 400), ("{near},nobody", 404), ("x" * 400, 400)]
)
def test_what_can_not_be_compared_is_refused(client, ids, runs, status):
    answer = client.get("/api/compare", params={"runs": runs.format(**ids)})
    assert answer.status_code == status
    assert answer.json()["error"]


def test_the_same_codes_by_the_nearest_generator(client, ids, pair):
    answer = client.get(f"/api/runs/{ids['near']}/samples?images=3000&start=8&count=4")
    assert answer.headers["x-images"] == "2560"
    assert b"trainedAlgorithmicMedia" in answer.content
    drawn = load(pair / "near" / "snapshots" / "000002560.safetensors").sample(4, 0, start=8)
    shown = np.asarray(Image.open(BytesIO(answer.content)).convert("RGB")).astype(int)
    assert shown.shape == (16, 4 * 18 - 2, 3)
    assert np.abs(shown[:, :16] - drawn[0].permute(1, 2, 0).numpy()).mean() < 12  # JPEG


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return whole_run(tmp_path_factory.mktemp("whole"))


def begun(client, kind, runs, pairs=10):
    answer = client.post("/api/compare/tests", json={"kind": kind, "runs": runs, "pairs": pairs})
    assert answer.status_code == 200, answer.text
    return answer.json()["test"]


def test_which_is_real_is_told_after_the_answer_and_never_before(whole):
    with asking(whole.folder) as client:
        (row,) = client.get("/api/runs").json()["runs"]
        test = begun(client, "real", [row["id"]])
        rights, sides = 0, set()
        for number in range(10):
            picture = client.get(f"/api/compare/tests/{test}/pairs/{number}")
            assert b"compositeWithTrainedAlgorithmicMedia" in picture.content
            shown = np.asarray(Image.open(BytesIO(picture.content)))
            halves = shown[:, :16], shown[:, 18:]
            assert client.get(f"/api/compare/tests/{test}").status_code == 400  # no result yet
            assert client.get(f"/api/compare/tests/{test}/pairs/{number + 2}").status_code == 404
            told = client.post(f"/api/compare/tests/{test}/answers", json={"pair": number, "side": "left"}).json()
            assert is_real(whole, halves[told["real"] == "right"])
            assert not is_real(whole, halves[told["real"] == "left"])
            again = client.post(f"/api/compare/tests/{test}/answers", json={"pair": number, "side": "right"})
            assert again.status_code == 400
            rights, sides = rights + told["right"], sides | {told["real"]}
        found = client.get(f"/api/compare/tests/{test}").json()
    assert found["taken"] == rights
    assert found["chance"] == pytest.approx(binom.sf(rights - 1, 10, 0.5))


def is_real(run, picture):
    files = (run.folder.parents[1] / "faces").iterdir()
    return any(np.array_equal(np.asarray(Image.open(file)), picture) for file in files)


def test_which_run_is_better_is_told_at_the_end(client, ids):
    test = begun(client, "better", [ids["near"], ids["far"]], 5)
    for number in range(5):
        assert client.get(f"/api/compare/tests/{test}/pairs/{number}").status_code == 200
        told = client.post(f"/api/compare/tests/{test}/answers", json={"pair": number, "side": "right"}).json()
        assert told == {"answered": number + 1, "real": None, "right": None}
    found = client.get(f"/api/compare/tests/{test}").json()
    assert found["names"] == ["near", "far"]
    assert "near" in found["sentence"]
    for kind, runs in (("better", [ids["near"]]), ("real", [ids["near"], ids["far"]]), ("better", [ids["near"]] * 2)):
        assert client.post("/api/compare/tests", json={"kind": kind, "runs": runs}).status_code == 400
    assert (
        client.post("/api/compare/tests", json={"kind": "real", "runs": [ids["near"]]}).status_code == 400
    )  # no reals
    assert client.get("/api/compare/tests/none").status_code == 404


@pytest.mark.parametrize(
    ("kind", "taken", "says"),
    [("real", 15, "you can tell them apart"), ("real", 13, "no more than guessing"), ("real", 2, "no more than guessing"),
     ("better", 16, "you find a better"), ("better", 4, "you find b better"), ("better", 13, "no difference shows")],
)  # fmt: skip
def test_the_answers_are_weighed_by_the_exact_binomial(kind, taken, says):
    found = weighed(kind, ("a", "b"), taken, 20)
    tail = binom.sf(taken - 1, 20, 0.5) if kind == "real" else min(1, 2 * binom.cdf(min(taken, 20 - taken), 20, 0.5))
    assert found["chance"] == pytest.approx(tail)
    assert says in found["sentence"]
    assert found["low"] < taken / 20 < found["high"]
