"""Networks from ONNX files: a real one where it is there, and made-up ones of every shape."""

import sys
from hashlib import sha256

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from figment.errors import InputError
from figment.features import onnx_network, registry
from figtest.paths import DATA
from figtest.pictures import noise_batch

WEIGHTS = DATA / "weights" / "mobilenet_v2_features.onnx"


def test_an_onnx_file_that_isnt_there_or_isnt_one(tmp_path, monkeypatch):
    pytest.importorskip("onnxruntime")
    with pytest.raises(InputError, match="no such file"):
        registry.extractor(f"onnx:{tmp_path / 'a.onnx'}")
    (tmp_path / "a.onnx").write_bytes(b"not a network")
    with pytest.raises(InputError, match="isn't a readable ONNX network"):
        registry.extractor(f"onnx:{tmp_path / 'a.onnx'}")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(InputError, match=r"figment-gan\[onnx\]"):
        registry.extractor(f"onnx:{tmp_path / 'a.onnx'}")


@pytest.mark.skipif(not WEIGHTS.exists(), reason="needs the development network")
def test_an_onnx_network_gives_what_it_gives_by_itself():
    onnxruntime = pytest.importorskip("onnxruntime")
    extractor = registry.extractor(f"onnx:{WEIGHTS}")
    assert (extractor.name, extractor.dimension) == ("onnx:mobilenet_v2_features.onnx", 1280)
    assert (extractor.label, extractor.resize) == ("FD-mobilenet_v2", "bicubic, antialiased, to 128")
    assert extractor.digest == sha256(WEIGHTS.read_bytes()).hexdigest()[:16]
    with pytest.raises(InputError, match="size=224 doesn't fit that"):
        registry.extractor(f"onnx:{WEIGHTS},size=224")
    x = noise_batch(3)
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


@pytest.fixture
def onnx(monkeypatch, tmp_path):
    """Makes the name of an ONNX network that takes a shape, with a note in its file, and its session."""

    def make(shape, note="", options=""):
        session = FakeSession(shape, note)
        monkeypatch.setattr(onnx_network, "open_session", lambda file: session)
        (tmp_path / "a.onnx").write_bytes(b"network")
        return f"onnx:{tmp_path / 'a.onnx'}{options}", session

    return make


def test_range_layout_and_batch_are_read_from_the_file(onnx):
    name, session = onnx([2, 64, 64, 3], "images from -1 to 1")
    extractor = registry.extractor(name)
    x = noise_batch(3)
    found = extractor(x)
    assert set(session.seen) == {(2, 64, 64, 3)}
    assert np.allclose(found[:, 0], (x / 127.5 - 1).mean((1, 2, 3)), atol=1e-4)
    assert np.allclose(found[:, 1], x[:, 0, 0, 0] / 127.5 - 1, atol=1e-5)


@pytest.mark.parametrize(
    ("shape", "options", "seen", "resize"),
    [
        (["n", 3, "h", "w"], ",size=32", (3, 3, 32, 32), "32"),
        (["n", 3, "h", "w"], ",size=32x48", (3, 3, 32, 48), "32×48"),
        (["n", "h", "w", 3], ",size=32", (3, 32, 32, 3), "32"),
        (["n", None, None, None], ",layout=nhwc,size=32", (3, 32, 32, 3), "32"),
        (["n", "c", 40, 40], ",layout=nchw", (3, 3, 40, 40), "40"),
        (["n", 3, 40, 40], ",size=40,layout=nchw", (3, 3, 40, 40), "40"),
    ],
)
def test_options_say_what_the_file_leaves_open(onnx, shape, options, seen, resize):
    name, session = onnx(shape, "", options)
    extractor = registry.extractor(name)
    extractor(noise_batch(3))
    assert session.seen[-1] == seen
    assert extractor.resize == f"bicubic, antialiased, to {resize}"
    assert extractor.name == f"onnx:a.onnx{options}"  # as other options may give other features


@pytest.mark.parametrize(("text", "low", "high"), [("-1..1", -1, 1), ("0..1", 0, 1), ("-2.5..2.5", -2.5, 2.5)])
def test_the_range_given_comes_before_the_files(onnx, text, low, high):
    name, _ = onnx([2, 64, 64, 3], "0..7", f",range={text}")
    x = noise_batch(3)
    assert np.allclose(registry.extractor(name)(x)[:, 1], x[:, 0, 0, 0] / 255 * (high - low) + low, atol=1e-5)


@pytest.mark.parametrize(
    ("shape", "options", "said"),
    [
        (["n", 3, "h", "w"], "", "such as ,size=224"),
        (["n", 3, 40, "w"], ",size=32", "size=32 doesn't fit that"),
        (["n", "c", 40, 40], "", "say where the colours are"),
        ([1, 3, 40, 40], ",layout=nhwc", "layout=nhwc doesn't fit that"),
        ([1, 3, 40, 40], ",size=0", "size=0 isn't understood"),
        ([1, 3, 40, 40], ",size=", "size= isn't understood"),
        ([1, 3, 40, 40], ",range=1", "range=1 isn't understood"),
        ([1, 3, 40, 40], ",layout=chw", "layout=chw isn't understood"),
        ([1, 3, 40, 40], ",colour=bgr", "colour=bgr isn't understood: give size=224"),
        ([1, 3, "h", "w"], ",layout=nchw", "such as ,size=224"),
        ([1, 4, 8, 8], "", "N×3×H×W or N×H×W×3"),
        ([1, 10], "", "N×3×H×W or N×H×W×3"),
    ],
)
def test_networks_and_options_that_dont_fit(onnx, shape, options, said):
    with pytest.raises(InputError, match="--features onnx:") as error:
        registry.extractor(onnx(shape, "", options)[0])
    assert said in str(error.value)
    assert "\n" not in str(error.value)
