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


@pytest.mark.parametrize("name", ["gradients", "random"])
def test_features_are_the_same_every_time_and_in_any_batch(name):
    extractor = features.extractor(name)
    many = pictures(2 * extractor.batch + 3)
    found = extractor(many)
    assert extractor.name == name
    assert found.dtype == np.float32
    assert found.shape == (len(many), extractor.dimension)
    assert np.array_equal(found, features.extractor(name)(many))
    alone = np.concatenate([extractor(one[None]) for one in many[-4:]])
    assert np.allclose(found[-4:], alone, atol=1e-4)
    assert extractor(many[:0]).shape == (0, extractor.dimension)


def test_gradients_are_counted_as_by_hand():
    x = pictures(2, seed=1)
    found = features.extractor("gradients")(x)
    for picture, row in zip(x.astype(float), found, strict=True):
        sizes, places = [], []
        for scale in range(features.SCALES):
            side = 32 >> scale
            red, green, blue = picture.reshape(3, side, 64 // side, side, 64 // side).mean((2, 4))
            planes = [(red + green + blue) / 3, (red - blue) / 2, (2 * green - red - blue) / 4]
            for axis in (1, 0):
                for plane in planes:
                    counts = np.histogram(np.abs(np.diff(plane, axis=axis)), [0, *features.EDGES, 1000])[0]
                    sizes.append(counts / counts.sum() / 9)
                if scale == 0:
                    differences = np.zeros((32, 32))
                    change = np.abs(np.diff(planes[0], axis=axis))
                    differences[: change.shape[0], : change.shape[1]] = change
                    cells = [
                        differences[i : i + 4, j : j + 4].mean() + 0.05
                        for i in range(0, 32, 4)
                        for j in range(0, 32, 4)
                    ]
                    places.append(np.array(cells) / np.sum(cells) / 2)
        assert np.allclose(row, np.concatenate([*sizes, *places]), atol=1e-6)
        assert row.sum() == pytest.approx(3, abs=1e-5)


def test_gradients_of_pictures_of_another_size_are_those_of_them_resized():
    large = np.repeat(np.repeat(pictures(2), 2, axis=2), 2, axis=3)
    resized = F.interpolate(torch.from_numpy(large).float(), (64, 64), mode="bicubic", antialias=True)
    gradients = features.extractor("gradients")
    assert np.array_equal(gradients(large), gradients(resized.round().clamp(0, 255).byte().numpy()))


def test_a_flat_picture_has_only_the_smallest_gradients():
    found = features.gradients(np.full((1, 3, 64, 64), 77, np.uint8))[0]
    bins = len(features.EDGES) + 1
    assert np.allclose(found[: 18 * bins].reshape(18, bins), np.eye(bins)[0] / 9)
    assert np.allclose(found[18 * bins :], 1 / 64 / 2)


def test_the_first_layer_computes_what_it_says(monkeypatch):
    monkeypatch.setattr(features, "WIDTHS", (5,))
    network = features.random_network(7)
    x = pictures(2)
    found = network(x)
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


@pytest.mark.parametrize("name", ["inception", "onnx", "onnx:", "random:x", "gradients:x", ""])
def test_unknown_names_list_what_there_is(name):
    with pytest.raises(InputError, match="gradients, random, onnx:FILE"):
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
