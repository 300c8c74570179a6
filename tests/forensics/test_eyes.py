import dataclasses

import numpy as np
import pytest

from figment.common.progress import Silent
from figment.discriminator import load_discriminator
from figment.errors import InputError
from figment.features.efficientnet_lite import lite0_extractor
from figment.features.registry import extractor
from figment.features.resize import resized_array
from figment.forensics.detector import eye_of_net, load_detector
from figment.forensics.eyes import check_names, lite0_eye, seen, spectrum_eye
from figment.forensics.spectrum import spectrum
from figment.forensics.teaching import taught
from figment.forensics.views import boxes
from figtest.detectors import textures, two_sets
from figtest.whole_runs import whole_run


def test_lite0_sees_views_of_any_size_at_its_own():
    views = [textures(1, 0, 40)[0], textures(1, 1, 64)[0]]
    found = lite0_eye("cpu").look(views)
    network = lite0_extractor("cpu", 64)
    assert found[0] == pytest.approx(network(resized_array(views[0][None], (64, 64)))[0], abs=1e-4)
    assert found[1] == pytest.approx(network(views[1][None])[0], abs=1e-4)


def test_pictures_of_several_sizes_are_seen_in_order():
    pictures = [textures(1, i, side)[0] for i, side in enumerate((24, 40, 33, 24))]
    (found,) = seen({"spectrum": spectrum_eye()}, iter(pictures), boxes)
    assert found["spectrum"].shape == (4, 5, 180)
    assert (found["spectrum"][2, 0] == spectrum(pictures[2])).all()
    assert (found["spectrum"][1, 4] == spectrum(boxes(40, 40)[4].of(pictures[1]))).all()


def test_a_runs_discriminator_goes_into_the_file_with_its_weights(tmp_path):
    run = whole_run(tmp_path)
    known = load_discriminator(run.folder)
    state = {name: tensor.clone() for name, tensor in known.net.state_dict().items()}
    eye = eye_of_net(state, known.recipe, "d1", "cpu")
    views = textures(3, 0, 16)
    assert (eye.look(views) == extractor(f"own:{run.folder}")(views)).all()
    made = taught(two_sets(160), {"discriminator": eye}, 0, Silent(), (state, known.recipe))
    file = tmp_path / "detector.safetensors"
    file.write_bytes(made.packed())
    again = load_detector(file)
    assert again.packed() == made.packed()
    assert (again.read(textures(3, 5)).views["discriminator"] == made.read(textures(3, 5)).views["discriminator"]).all()
    broken = dataclasses.replace(
        made, discriminator=({**state, next(iter(state)): state[next(iter(state))][:1]}, known.recipe)
    )
    file.write_bytes(broken.packed())
    with pytest.raises(InputError, match="doesn't fit its recipe"):
        load_detector(file)


def test_other_weights_than_those_that_were_learnt_by_are_refused(detector, tmp_path):
    other = {"spectrum": dataclasses.replace(detector.eyes["spectrum"], digest="other")}
    (tmp_path / "a.safetensors").write_bytes(dataclasses.replace(detector, eyes=other).packed())
    with pytest.raises(InputError, match="other weights of spectrum"):
        load_detector(tmp_path / "a.safetensors")


def test_names_are_checked_and_ordered():
    assert check_names(("lite0", "spectrum", "lite0")) == ("spectrum", "lite0")
    with pytest.raises(InputError, match="--by ears: a detector sees by spectrum, lite0, discriminator"):
        check_names(("ears",))
    assert np.array_equal(check_names(()), ())
