import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from figment.errors import InputError
from figment.metrics import features

WEIGHTS = Path(__file__).parents[2].parent / "shared" / "data" / "weights" / "mobilenet_v2_features.onnx"


def pictures(count, side=64, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, 3, side, side), dtype=np.uint8)


def test_random_features_are_the_same_every_time_and_in_any_batch():
    extractor = features.extractor("random")
    many = pictures(2 * features.RANDOM_BATCH + 3)
    found = extractor(many)
    assert extractor.name == "random"
    assert found.dtype == np.float32
    assert found.shape == (len(many), extractor.dimension)
    assert np.array_equal(found, features.extractor("random")(many))
    alone = np.concatenate([extractor(one[None]) for one in many[-4:]])
    assert np.allclose(found[-4:], alone, atol=1e-4)
    assert extractor(many[:0]).shape == (0, extractor.dimension)


def test_the_first_layer_computes_what_it_says(monkeypatch):
    monkeypatch.setattr(features, "WIDTHS", (5,))
    network = features.random_network(7)
    x = pictures(2)
    found = network(torch.from_numpy(x)).numpy()
    random = torch.Generator().manual_seed(7)
    filters = torch.linalg.qr(torch.randn(48, 5, generator=random))[0].T.numpy()
    bias = 0.1 * torch.randn(5, generator=random).numpy()
    squares = (x / 127.5 - 1).reshape(2, 3, 16, 4, 16, 4).transpose(0, 2, 4, 1, 3, 5).reshape(2, 256, 48)
    answer = squares @ (filters.T * np.sqrt(2 * 48 / 5 / 1.04)) + bias
    answer = np.where(answer > 0, answer, 0.2 * answer)
    assert np.allclose(found, np.concatenate([answer.mean(1), answer.std(1)], 1), atol=1e-4)


@pytest.mark.parametrize(
    "wrong", [np.zeros((1, 3, 8, 8)), np.zeros((3, 8, 8), np.uint8), np.zeros((1, 1, 8, 8), np.uint8)]
)
def test_other_arrays_are_refused(wrong):
    with pytest.raises(ValueError, match="uint8"):
        features.extractor("random")(wrong)


@pytest.mark.parametrize("name", ["inception", "onnx", "onnx:", "random:x", ""])
def test_unknown_names_list_what_there_is(name):
    with pytest.raises(InputError, match="random, onnx:FILE"):
        features.extractor(name)


def test_an_onnx_file_that_isnt_there_or_isnt_one(tmp_path, monkeypatch):
    pytest.importorskip("onnxruntime")
    with pytest.raises(InputError, match="no such file"):
        features.extractor(f"onnx:{tmp_path / 'a.onnx'}")
    (tmp_path / "a.onnx").write_bytes(b"not a network")
    with pytest.raises(InputError, match="isn't a readable ONNX network"):
        features.extractor(f"onnx:{tmp_path / 'a.onnx'}")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(InputError, match=r"figment-gan\[onnx\]"):
        features.extractor(f"onnx:{tmp_path / 'a.onnx'}")


@pytest.mark.skipif(not WEIGHTS.exists(), reason="needs the development network")
def test_an_onnx_network_gives_what_it_gives_by_itself():
    onnxruntime = pytest.importorskip("onnxruntime")
    extractor = features.extractor(f"onnx:{WEIGHTS}")
    assert (extractor.name, extractor.dimension) == ("onnx:mobilenet_v2_features.onnx", 1280)
    x = pictures(3)
    large = F.interpolate(torch.from_numpy(x).float(), (128, 128), mode="bicubic", antialias=True).round().clamp(0, 255)
    expected = onnxruntime.InferenceSession(str(WEIGHTS)).run(None, {"images": large.numpy()})[0]
    assert np.allclose(extractor(x), expected, atol=1e-3)


class FakeSession:
    """An ONNX network that wants N×H×W×3 from −1 to 1, two at a time, and answers with mean and first pixel."""

    def __init__(self, shape, note):
        self.shape, self.note, self.seen = shape, note, []

    def get_inputs(self):
        return [type("Input", (), {"name": "x", "shape": self.shape, "type": "tensor(float)"})]

    def get_outputs(self):
        return [type("Output", (), {"name": "y"})]

    def get_modelmeta(self):
        return type("Meta", (), {"custom_metadata_map": {"input": self.note}})

    def run(self, names, values):
        x = values["x"]
        self.seen.append(x.shape)
        return [np.stack([x.mean((1, 2, 3)), x[:, 0, 0, 0]], 1)]


def test_range_layout_and_batch_are_read_from_the_file(monkeypatch):
    session = FakeSession([2, 64, 64, 3], "images from -1 to 1")
    monkeypatch.setattr(features, "_session", lambda file: session)
    extractor = features.extractor("onnx:a.onnx")
    x = pictures(3)
    found = extractor(x)
    assert set(session.seen) == {(2, 64, 64, 3)}
    assert np.allclose(found[:, 0], (x / 127.5 - 1).mean((1, 2, 3)), atol=1e-4)
    assert np.allclose(found[:, 1], x[:, 0, 0, 0] / 127.5 - 1, atol=1e-5)


@pytest.mark.parametrize("shape", [[1, 3, "h", "w"], [1, 4, 8, 8], [1, 10]])
def test_networks_of_another_kind_are_refused(monkeypatch, shape):
    monkeypatch.setattr(features, "_session", lambda file: FakeSession(shape, ""))
    with pytest.raises(InputError, match="N×3×H×W or N×H×W×3"):
        features.extractor("onnx:a.onnx")
