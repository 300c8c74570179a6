import numpy as np
import pytest

from figment.cli.data import inspect
from figment.cli.measure import measure
from figment.errors import InputError
from figment.features import registry
from figtest.paths import ROOT
from figtest.pictures import noise_batch


@pytest.mark.parametrize("name", ["gradients", "random", "lite0"])
def test_features_are_the_same_every_time_and_in_any_batch(name):
    extractor = registry.extractor(name)
    many = noise_batch(2 * extractor.batch + 3)
    found = extractor(many)
    assert extractor.name == name
    assert found.dtype == np.float32
    assert found.shape == (len(many), extractor.dimension)
    assert np.array_equal(found, registry.extractor(name)(many))
    alone = np.concatenate([extractor(one[None]) for one in many[-4:]])
    assert np.allclose(found[-4:], alone, atol=1e-4)
    assert extractor(many[:0]).shape == (0, extractor.dimension)
    assert extractor.label == f"FD-{name}"
    assert extractor.resize.startswith("bicubic, antialiased, to 64")
    assert (extractor.digest is None) == (name == "gradients")
    assert extractor.head is None


@pytest.mark.parametrize(
    "name",
    ["Inception", "inception:", "dinov2:", "dino", "onnx", "onnx:", "own", "own:", "random:x", "gradients:x", ""],
)
def test_unknown_names_list_what_there_is(name):
    with pytest.raises(InputError, match="lite0, gradients, random, onnx:FILE") as error:
        registry.extractor(name)
    assert "inception[:FILE], dinov2[:s|b|l|FILE], own:RUN" in str(error.value)


def test_the_help_texts_and_the_docs_name_every_network():
    documented = (ROOT / "docs" / "measure.md").read_text("utf-8")
    helps = [
        next(option for option in command.params if option.name == "features").help for command in (measure, inspect)
    ]
    for name, network in registry.NETWORKS.items():
        form = network.form.partition("[")[0]
        assert f"`{form}`" in documented
        assert form in helps[0]
        assert form in helps[1] or name == "own"  # a run's: pictures are inspected before there is one


@pytest.mark.parametrize("name", ["inception:none.pth", "dinov2:none.pth", "onnx:none.onnx"])
def test_files_that_arent_there(name):
    if name.startswith("onnx"):
        pytest.importorskip("onnxruntime")
    with pytest.raises(InputError, match=f"--features {name}: there is no such file: check the path"):
        registry.extractor(name)
