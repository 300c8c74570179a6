"""A picture looked at closely: what is nearest, where D looks, how D takes them all; and why not, where that can't be."""

import base64
import json
import shutil
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from figment.generator import load
from figment.studio.close_look import code_of
from figment.studio.studio import Studio
from figment.studio.work import GivenUp, Telling
from figtest.clip_nets import clip_generator
from figtest.runs import build
from figtest.studios import asking
from figtest.whole_runs import whole_run


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return whole_run(tmp_path_factory.mktemp("whole"))


def answer(run, path):
    """The kinds of events that were sent, and what the last one holds."""
    with asking(run.folder) as client:
        id = client.get("/api/runs").json()["runs"][0]["id"]
        text = client.get(f"/api/runs/{id}/{path}").text
    kinds = [line.removeprefix("event: ") for line in text.splitlines() if line.startswith("event: ")]
    return kinds, json.loads(text.rstrip().rpartition("data: ")[2])


def pixels(address):
    content = base64.b64decode(address.partition(",")[2])
    return np.asarray(Image.open(BytesIO(content)).convert("RGB")), content


def test_the_nearest_training_pictures_of_a_picture_at_a_moment(whole):
    kinds, found = answer(whole, "nearest?tile=3&images=2000")
    assert (kinds[0], kinds[-1]) == ("progress", "done")
    assert (found["number"], found["images"], len(found["nearest"])) == (3, 2560, 5)
    sample, content = pixels(found["sample"])
    drawn = load(whole.snapshot_file(2560)).sample(4, whole.recipe.seed)[3].permute(1, 2, 0).numpy()
    assert np.abs(sample.astype(int) - drawn).max() <= 1
    assert b"trainedAlgorithmicMedia" in content
    distances = [it["distance"] for it in found["nearest"]]
    assert distances == sorted(distances)
    real, content = pixels(found["nearest"][0]["src"])
    file = np.asarray(Image.open(whole.folder.parents[1] / "faces" / found["nearest"][0]["name"]))
    assert np.array_equal(real[:, ::-1] if found["nearest"][0]["mirrored"] else real, file)
    assert b"AlgorithmicMedia" not in content


def test_where_the_discriminator_looks(whole):
    kinds, found = answer(whole, "evidence?tile=0&images=10240")
    assert kinds[-1] == "done"
    assert [it["title"] for it in found["maps"]] == ["occlusion", "integrated gradients"]
    assert pixels(found["maps"][0]["src"])[0].shape == (16, 16, 3)
    assert 0 <= found["p_fake"] <= 1
    assert -1 <= found["agreement"] <= 1


def test_how_the_discriminator_takes_them(whole):
    kinds, found = answer(whole, "outputs?images=600")
    assert kinds[-1] == "done"
    assert (found["unit"], found["images"], found["why"]) == ("P(fake)", 640, None)
    assert set(found["shares"]) == {"fakes", "training", "held_out"}
    for shares in found["shares"].values():
        assert sum(shares) == pytest.approx(1)


def test_without_the_pictures_it_says_where_they_are_missing(tmp_path):
    run = whole_run(tmp_path, calibrated=False)
    shutil.rmtree(tmp_path / "faces")
    for path in ("nearest?tile=0&images=0", "evidence?tile=0&images=0"):
        kinds, found = answer(run, path)
        assert kinds[-1] == "refused"
        assert "aren't at" in found["error"]
    kinds, found = answer(run, "outputs?images=0")
    assert (kinds[-1], found["unit"], list(found["shares"])) == ("done", "logit", ["fakes"])
    assert "aren't at" in found["why"]


def test_without_a_discriminator_it_says_so(shelf, tmp_path):
    kinds, found = answer(build(tmp_path), "outputs?images=0")
    assert kinds[-1] == "refused"
    assert "discriminator" in found["error"]


def test_a_sheet_of_few_classes_has_a_row_for_each(tmp_path):
    run = build(tmp_path, choices={"labels": True, "classes": ["cat", "dog"]})
    generator = load(run.snapshot_file(0))
    assert [code_of(generator, tile) for tile in (0, 7, 8, 15)] == [(0, "cat"), (7, "cat"), (0, "dog"), (7, "dog")]
    assert code_of(load(build(tmp_path / "b").snapshot_file(0)), 9) == (9, None)


def test_a_sheet_of_clips_has_a_row_for_each():
    """Of 8 frames each; of two classes four clips each, and their frames show the sample of that number."""
    assert [code_of(clip_generator(), tile) for tile in (0, 7, 8, 63)] == [(0, None), (0, None), (1, None), (7, None)]
    generator = clip_generator(classes=("cat", "dog"))
    assert [code_of(generator, tile) for tile in (9, 31, 32, 63)] == [(1, "cat"), (3, "cat"), (0, "dog"), (3, "dog")]


def test_work_that_nobody_waits_for_is_given_up(tmp_path):
    telling = Telling(Studio((tmp_path,)))
    progress = telling.stage("long work")
    telling.is_given_up = True
    with pytest.raises(GivenUp):
        progress(1, 2)
    telling.work(lambda display: {})
    assert telling.answer[0] == "refused"
