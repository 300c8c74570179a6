import dataclasses
import json

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from figment.common.progress import Silent
from figment.forensics.conditions import SWEEP
from figment.forensics.detect_page import page
from figment.forensics.examining import examined
from figment.forensics.words import found_lines
from figtest.detectors import two_sets


@pytest.fixture(scope="module")
def found(detector):
    return examined(detector, [one.rows(np.arange(60)) for one in fresh_sets()], 0, 20, Silent())


def fresh_sets():
    """Others than those that it has learnt from."""
    return [dataclasses.replace(one, fingerprint=f"new {one.name}") for one in two_sets(80, seed=7)]


def test_its_numbers_are_scikit_learns(found):
    told = found.told
    assert told.accuracy(0).auroc.value == pytest.approx(roc_auc_score(told.is_fake, told.scores))
    assert told.accuracy(0).auroc.value > 0.9
    assert (told.is_fake.sum(), (~told.is_fake).sum()) == (60, 60)


def test_it_is_tried_under_every_condition(found):
    assert list(found.sweep) == list(SWEEP)
    assert all(len(told.scores) == 40 for told in found.sweep.values())
    blurred, plain = (found.sweep[name].accuracy(0).auroc for name in ("blurred by 2 px", "as they are"))
    assert blurred.value < plain.value


def test_the_record_is_json_and_the_same_again(found):
    record = found.as_record()
    assert json.loads(json.dumps(record, allow_nan=False)) == record
    assert found.as_record() == record
    curves = record["readings"]["spectrum"]["curves"]
    assert curves["roc"][0] == [0, 0]
    assert curves["roc"][-1] == [1, 1]
    assert curves["risk"][-1][0] == pytest.approx(1)


def test_of_what_it_learnt_from_only_the_rest_counts(detector):
    sets = two_sets()
    again = examined(detector, sets, 0, 0, Silent())
    tested = [int((one.roles == "test").sum()) for one in sets]
    assert [one["pictures"] for one in again.sets] == [tested[0], 240]  # the made ones are a generator's: fresh samples
    assert list(again.seen) == ["real"]
    files = [sets[0], dataclasses.replace(sets[1], made_by="made")]  # those are files, which stay the same
    learnt = [{"name": one.name, "fingerprint": one.fingerprint, "made_by": one.made_by} for one in files]
    own = dataclasses.replace(detector, card=detector.card | {"sets": learnt})
    assert [one["pictures"] for one in examined(own, files, 0, 0, Silent()).sets] == tested


def test_it_is_told_in_tables(found):
    lines = found_lines(found.as_record())
    assert any(line.startswith("spectrum") and "(" in line for line in lines)
    assert all(any(line.startswith(name) for line in lines) for name in SWEEP)


def test_the_page_is_whole_and_the_same_again(found):
    text = page(found.as_record(), "<detector>")
    assert page(found.as_record(), "<detector>") == text
    assert "&lt;detector&gt;" in text
    assert text.count("<svg") == 4
    assert "http://" not in text.replace("http://www.w3.org", "")
    assert "JPEG 75" in text
