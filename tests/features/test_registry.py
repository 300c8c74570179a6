import sys
from hashlib import sha256

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from figment import nets
from figment.cli.data import inspect
from figment.cli.measure import measure
from figment.errors import InputError
from figment.features import base, discriminator_features, gradients, onnx_network, random_network, registry
from figment.nets.serialization import packed
from figment.recipe import Recipe
from figtest.paths import DATA, ROOT

WEIGHTS = DATA / "weights" / "mobilenet_v2_features.onnx"


def pictures(count, side=64, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, 3, side, side), dtype=np.uint8)


@pytest.mark.parametrize("name", ["gradients", "random"])
def test_features_are_the_same_every_time_and_in_any_batch(name):
    extractor = registry.extractor(name)
    many = pictures(2 * extractor.batch + 3)
    found = extractor(many)
    assert extractor.name == name
    assert found.dtype == np.float32
    assert found.shape == (len(many), extractor.dimension)
    assert np.array_equal(found, registry.extractor(name)(many))
    alone = np.concatenate([extractor(one[None]) for one in many[-4:]])
    assert np.allclose(found[-4:], alone, atol=1e-4)
    assert extractor(many[:0]).shape == (0, extractor.dimension)
    assert (extractor.label, extractor.resize) == (f"FD-{name}", "bicubic, antialiased, to 64")
    assert (extractor.digest is None) == (name == "gradients")
    assert extractor.head is None


def test_the_random_networks_digest_tells_its_seed(monkeypatch):
    before = registry.extractor("random").digest
    assert before == registry.extractor("random").digest
    assert len(before) == 16
    monkeypatch.setattr(random_network, "WEIGHTS_SEED", 1)
    assert registry.extractor("random").digest != before


def test_pictures_that_cant_be_written_to_are_read():
    x = pictures(2)
    x.flags.writeable = False
    assert registry.extractor("random")(x).shape == (2, 288)
    assert registry.extractor("random")(np.broadcast_to(x[:1], (3, 3, 64, 64))).shape == (3, 288)


def test_logits_come_from_the_features():
    passes = []

    def network(x):
        passes.append(len(x))
        return x.mean((2, 3), dtype=np.float32)

    extractor = base.Extractor("means", 3, 2, network, head=lambda found: found[:, :2] * 2)
    x = pictures(3)
    found = extractor(x)
    assert passes == [2, 1]
    assert np.array_equal(extractor.head(found), 2 * found[:, :2])


def test_numbers_that_are_not_finite_are_refused():
    extractor = base.Extractor("broken", 1, 2, lambda x: np.full((len(x), 1), np.inf, np.float32))
    with pytest.raises(InputError, match="--features broken gives numbers that aren't finite"):
        extractor(pictures(3))


def test_gradients_are_counted_as_by_hand():
    x = pictures(2, seed=1)
    found = registry.extractor("gradients")(x)
    for picture, row in zip(x.astype(float), found, strict=True):
        sizes, places = [], []
        for scale in range(gradients.SCALES):
            side = 32 >> scale
            red, green, blue = picture.reshape(3, side, 64 // side, side, 64 // side).mean((2, 4))
            planes = [(red + green + blue) / 3, (red - blue) / 2, (2 * green - red - blue) / 4]
            for axis in (1, 0):
                for plane in planes:
                    counts = np.histogram(np.abs(np.diff(plane, axis=axis)), [0, *gradients.BIN_EDGES, 1000])[0]
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
    gradients = registry.extractor("gradients")
    assert np.array_equal(gradients(large), gradients(resized.round().clamp(0, 255).byte().numpy()))


def test_a_flat_picture_has_only_the_smallest_gradients():
    found = gradients.gradients(np.full((1, 3, 64, 64), 77, np.uint8))[0]
    bins = len(gradients.BIN_EDGES) + 1
    assert np.allclose(found[: 18 * bins].reshape(18, bins), np.eye(bins)[0] / 9)
    assert np.allclose(found[18 * bins :], 1 / 64 / 2)


def test_the_first_layer_computes_what_it_says(monkeypatch):
    monkeypatch.setattr(random_network, "LAYER_CHANNELS", (5,))
    network = random_network.random_network(7)
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
        registry.extractor("random")(wrong)


@pytest.mark.parametrize(
    "name",
    ["Inception", "inception:", "dinov2:", "dino", "onnx", "onnx:", "own", "own:", "random:x", "gradients:x", ""],
)
def test_unknown_names_list_what_there_is(name):
    with pytest.raises(InputError, match="gradients, random, onnx:FILE") as error:
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


@pytest.fixture
def onnx(monkeypatch, tmp_path):
    """Makes the name of an ONNX network that takes a shape, with a note in its file, and its session."""

    def make(shape, note="", options=""):
        session = FakeSession(shape, note)
        monkeypatch.setattr(onnx_network, "_session", lambda file: session)
        (tmp_path / "a.onnx").write_bytes(b"network")
        return f"onnx:{tmp_path / 'a.onnx'}{options}", session

    return make


def test_range_layout_and_batch_are_read_from_the_file(onnx):
    name, session = onnx([2, 64, 64, 3], "images from -1 to 1")
    extractor = registry.extractor(name)
    x = pictures(3)
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
    extractor(pictures(3))
    assert session.seen[-1] == seen
    assert extractor.resize == f"bicubic, antialiased, to {resize}"
    assert extractor.name == f"onnx:a.onnx{options}"  # as other options may give other features


@pytest.mark.parametrize(("text", "low", "high"), [("-1..1", -1, 1), ("0..1", 0, 1), ("-2.5..2.5", -2.5, 2.5)])
def test_the_range_given_comes_before_the_files(onnx, text, low, high):
    name, _ = onnx([2, 64, 64, 3], "0..7", f",range={text}")
    x = pictures(3)
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


# ---- a run's own discriminator ---------------------------------------------------------------------------------------


def discriminator(folder, **choices):
    recipe = Recipe(**({"size": 32, "channels": 3, "width": 4} | choices))
    net = nets.initialised(nets.discriminator(recipe), 0, "discriminator")
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_var.fill_(0.5)  # what is left out would be noticed
    (folder / "discriminator.safetensors").write_bytes(packed(net, recipe, "discriminator"))
    return net.eval(), recipe, folder / "discriminator.safetensors"


@pytest.mark.parametrize(
    "choices",
    [
        {},
        {"discriminator_norm": "none"},
        {"channels": 1},
        {"size": (32, 64)},
        {"labels": True, "classes": ("a", "b")},
        {"nets": "r3gan", "width": 16, "blocks": 1},
        {"nets": "r3gan", "width": 16, "blocks": 1, "labels": True, "classes": ("a", "b")},
    ],
    ids=str,
)
def test_own_features_are_what_the_last_layer_sees(tmp_path, choices):
    net, recipe, file = discriminator(tmp_path, **choices)
    extractor = registry.extractor(f"own:{file}")
    assert (extractor.name, extractor.label) == ("own", "FD-own")
    assert extractor.digest == sha256(file.read_bytes()).hexdigest()[:16]
    assert extractor.dimension <= discriminator_features.MAX_NUMBERS
    x = pictures(3, 40)
    seen = []
    layers = [m for m in net.modules() if isinstance(m, torch.nn.Conv2d)]
    last = net.end if recipe.nets == "r3gan" else layers[-1]
    last.register_forward_pre_hook(lambda module, given: seen.append(given[0]))
    labels = torch.zeros(3, dtype=torch.long) if recipe.classes else None
    with torch.inference_mode():
        net(discriminator_features.prepared(torch.from_numpy(x), recipe), *([] if labels is None else [labels]))
    assert np.allclose(extractor(x), seen[0].flatten(1).numpy(), atol=1e-5)


def test_long_own_features_are_averaged(tmp_path, monkeypatch):
    file = discriminator(tmp_path)[2]
    whole = registry.extractor(f"own:{file}")(pictures(2)).reshape(2, 16, 4, 4)
    monkeypatch.setattr(discriminator_features, "MAX_NUMBERS", 70)
    halves = registry.extractor(f"own:{file}")(pictures(2)).reshape(2, 16, 2, 2)
    assert np.allclose(halves, whole.reshape(2, 16, 2, 2, 2, 2).mean((3, 5)), atol=1e-6)
    monkeypatch.setattr(discriminator_features, "MAX_NUMBERS", 5)
    assert registry.extractor(f"own:{file}").dimension == 16


def test_own_pictures_are_brought_to_the_recipes_size_and_colours():
    x = np.full((1, 3, 40, 40), 200, np.uint8)
    assert np.allclose(
        discriminator_features.prepared(torch.from_numpy(x), Recipe(size=32, channels=1)), 200 / 127.5 - 1, atol=1e-5
    )
    assert discriminator_features.prepared(torch.from_numpy(x), Recipe(size=(32, 48), channels=3)).shape == (
        1,
        3,
        32,
        48,
    )


def test_a_run_without_a_discriminator_and_files_that_are_none(tmp_path):
    with pytest.raises(InputError, match=r"none\.safetensors doesn't exist"):
        registry.extractor("own:none.safetensors")
    for name in ("recipe.json", "run.json"):
        (tmp_path / name).write_text("{}")
    with pytest.raises(InputError, match="has no discriminator yet: go on with figment resume"):
        registry.extractor(f"own:{tmp_path}")
    net, recipe, file = discriminator(tmp_path)
    assert registry.extractor(f"own:{tmp_path}").dimension == 16 * 4 * 4
    whole = file.read_bytes()
    file.write_bytes(packed(net, recipe, "generator"))
    with pytest.raises(InputError, match="is no figment discriminator"):
        registry.extractor(f"own:{tmp_path}")
    file.write_bytes(packed(net, Recipe(size=32, channels=3, width=8), "discriminator"))
    with pytest.raises(InputError, match="doesn't fit the recipe"):
        registry.extractor(f"own:{file}")
    file.write_bytes(whole[:-9])
    with pytest.raises(InputError, match="no whole safetensors file"):
        registry.extractor(f"own:{file}")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no run folder"):
        registry.extractor(f"own:{tmp_path / 'empty'}")
