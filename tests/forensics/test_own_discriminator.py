import numpy as np
import pytest
import torch

from figment.common.progress import Silent
from figment.discriminator import load_discriminator
from figment.errors import InputError
from figment.forensics import own_discriminator
from figment.forensics.own_discriminator import of_run
from figment.forensics.scoring import answers
from figment.media.images import write
from figtest import whole_runs
from figtest.pictures import noise


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setattr(whole_runs, "PICTURES", 500)
    monkeypatch.setattr(own_discriminator, "default_eyes", lambda: ("spectrum",))
    run = whole_runs.whole_run(tmp_path)
    run.generator_file.write_bytes(run.snapshot_file(10240).read_bytes())
    return run


def test_it_says_what_the_discriminator_says_for_pictures_like_its_own_alone(run, tmp_path):
    detector = of_run(run, "cpu", Silent())
    known = load_discriminator(run.folder)
    picture = noise(16, 16).transpose(2, 0, 1)
    logit = float(known.logits(torch.from_numpy(picture[None])))
    assert detector.read([picture]).views["discriminator"][0, 0] == pytest.approx(-logit, abs=1e-5)
    files = sorted((tmp_path / "faces").iterdir())[:40]
    told = [one for one in answers(detector, files) if one.p_fake is not None]
    assert len(told) > 30
    assert all(one.interval[0] <= one.p_fake <= one.interval[1] for one in told)
    write(tmp_path / "smooth.png", np.tile(np.arange(64, dtype=np.uint8)[:, None, None] * 4, (1, 64, 3)), None)
    assert next(answers(detector, [tmp_path / "smooth.png"])).verdict == "don't know"


def test_larger_files_are_brought_to_its_size_and_smaller_ones_not_known(run, tmp_path):
    detector = of_run(run, "cpu", Silent())
    assert detector.sides[0] == 12
    write(tmp_path / "large.png", noise(50, 70), None)
    found = next(answers(detector, [tmp_path / "large.png"]))
    assert found.error is None
    assert not any("pixels are" in why for why in found.unlike)


def test_too_few_held_out_pictures_are_told(tmp_path):
    run = whole_runs.whole_run(tmp_path)
    run.generator_file.write_bytes(run.snapshot_file(10240).read_bytes())
    with pytest.raises(InputError, match=r"held out .* and it takes 30"):
        of_run(run, "cpu", Silent())
