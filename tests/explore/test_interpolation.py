"""What lies between two codes, and how evenly pictures change."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from figment import codes, nets, presets
from figment.errors import InputError
from figment.explore import interpolation
from figment.explore.interpolation import interpolate, smoothness, summarise
from figment.explore.paths import lerp, slerp
from figment.features.base import Extractor
from figment.generator import Generator
from figtest.likeness import ALIKE, CAUTIONS


def generator_of(**choices):
    made = presets.make("dcgan", **dict(size=16, channels=3, width=2, code_size=6) | choices)
    return Generator(nets.initialised(nets.generator(made), 0, "generator"), made)


def normals(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


# ---- paths -----------------------------------------------------------------------------------------------------------


def test_a_great_circle_is_the_rotation_in_the_plane_of_its_ends() -> None:
    """Against another way: turning by a matrix. Unit ends, so that lengths stay."""
    a, b = torch.nn.functional.normalize(normals(2, 5), dim=1)
    angle = math.acos(float(a @ b))
    side = torch.nn.functional.normalize(b - (a @ b) * a, dim=0)
    shares = torch.tensor([0.0, 0.2, 0.7, 1.0], dtype=torch.float64)
    expected = torch.stack([math.cos(t * angle) * a + math.sin(t * angle) * side for t in shares])
    assert torch.allclose(slerp(a[None], b[None], shares, "normal")[0], expected, atol=1e-12)


@pytest.mark.parametrize("prior", ["normal", "uniform"])
def test_paths_begin_and_end_at_their_ends(prior) -> None:
    a, b = (codes.numbered(seed, 0, 3, 8, prior) for seed in (0, 1))
    for path in (lerp(a, b, torch.linspace(0, 1, 5)), slerp(a, b, torch.linspace(0, 1, 5), prior)):
        assert path.shape == (3, 5, 8)
        assert torch.allclose(path[:, 0], a, atol=1e-5)
        assert torch.allclose(path[:, -1], b, atol=1e-5)
        assert prior == "normal" or (path.abs() <= 1).all()


def test_lengths_stay_on_the_circle_and_shrink_on_the_line() -> None:
    a, b = (codes.numbered(seed, 0, 50, 100, "normal") for seed in (0, 1))
    middle = torch.tensor([0.5])
    assert slerp(a, b, middle, "normal").norm(dim=2).mean() == pytest.approx(10, rel=0.05)
    assert lerp(a, b, middle).norm(dim=2).mean() == pytest.approx(10 / math.sqrt(2), rel=0.05)


def test_equal_and_opposite_ends_give_finite_paths() -> None:
    a = normals(1, 4)
    for b in (a, -a):
        assert slerp(a, b, torch.linspace(0, 1, 3), "normal").isfinite().all()
    assert torch.allclose(slerp(a, a, torch.tensor([0.3]), "normal")[0, 0], a[0])


# ---- smoothness --------------------------------------------------------------------------------------------------------


def test_equal_steps_and_one_jump_are_the_two_ends() -> None:
    even = summarise(np.full((2, 32), 0.5), np.array([16.0, 8.0]))
    assert even.steepest == pytest.approx(1)
    assert even.evenness == pytest.approx(1)
    assert even.detour == pytest.approx((1 + 2) / 2)
    assert even.path_length == pytest.approx(32**2 * 0.25)
    jump = summarise(np.eye(32)[:3] * 7, np.full(3, 7.0))
    assert jump.steepest == pytest.approx(32)
    assert jump.evenness == pytest.approx(2 / 32)
    assert jump.detour == pytest.approx(1)
    assert summarise(np.zeros((1, 8)), np.zeros(1)).evenness == 1


class Memory:
    """A generator that draws the nearest of the pictures it holds, or their mixture where it is soft."""

    def __init__(self, soft: bool) -> None:
        self.soft = soft
        self.keys, self.held = normals(40, 6).float(), np.random.default_rng(0).integers(0, 256, (40, 3, 16, 16))
        self.recipe = SimpleNamespace(prior="normal", code_size=6)
        self.classes = ()

    def codes(self, n, seed=0, start=0):
        return codes.numbered(seed, start, n, 6, "normal")

    def labels(self, n, seed=0, start=0, label=None):
        return None

    def decode(self, z, labels=None):
        if self.soft:  # each pixel follows one number of the code
            shade = (torch.erf(z / 2) + 1) * 127
            return shade.repeat_interleave(128, 1).reshape(-1, 3, 16, 16).round().byte()
        return torch.from_numpy(self.held[torch.cdist(z, self.keys).argmin(1).numpy()].astype(np.uint8))


def pixels() -> Extractor:
    return Extractor("pixels", 768, 64, lambda x: x.reshape(len(x), -1).astype(np.float32))


def test_a_memory_jumps_and_a_smooth_generator_does_not(monkeypatch) -> None:
    memory, smooth = (smoothness(Memory(soft), lerp, pixels(), paths=20) for soft in (False, True))
    assert memory.evenness < interpolation.JUMPY_EVENNESS < interpolation.SMOOTH_EVENNESS < smooth.evenness
    assert memory.steepest > 4 * smooth.steepest
    assert memory.path_length > 4 * smooth.path_length
    told = interpolation.sentence(memory, ALIKE), interpolation.sentence(smooth, ALIKE)
    assert "then jumps, as it does in a generator that knows pictures by heart" in told[0]
    assert "little by little, without the jumps of a generator that knows pictures by heart" in told[1]
    for alike, caution in CAUTIONS.items():
        for its, says in ((memory, "then jumps: "), (smooth, "little by little: ")):
            unsure = interpolation.sentence(its, alike)
            assert says in unsure
            assert "Of learning by heart that says nothing: " in unsure
            assert caution in unsure


def test_smoothness_is_that_of_each_path_by_itself() -> None:
    """Against decoding one path after the other, with blocks that don't divide their number."""
    generator = generator_of()
    found = smoothness(generator, lerp, pixels(), paths=18, steps=4)
    z = generator.codes(36)
    lengths, ends = [], []
    for i in range(18):
        between = torch.stack([torch.lerp(z[2 * i], z[2 * i + 1], t / 4) for t in range(5)])
        x = generator.decode(between).flatten(1).double()
        lengths.append((x[1:] - x[:-1]).norm(dim=1).numpy())
        ends.append(float((x[4] - x[0]).norm()))
    assert vars(found) == pytest.approx(vars(summarise(np.stack(lengths), np.array(ends))), rel=1e-4)


# ---- the experiment ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "choices", [{}, {"prior": "normal"}, {"labels": True, "classes": ("a", "b")}], ids=["uniform", "normal", "classes"]
)
def test_the_codes_give_the_pictures_of_the_sheet_again(choices, monkeypatch) -> None:
    monkeypatch.setattr(interpolation, "MEASURED_PATHS", 2)
    generator = generator_of(**choices)
    finding = interpolate(generator, [(3, 5), (1, 0)], steps=4, seed=7).finding()
    assert finding.codes.shape == (2 * 2 * 4, 6)
    again = generator.decode(finding.codes, finding.labels)
    assert (finding.labels is None) == (not generator.classes)
    if finding.labels is not None:
        assert finding.labels.tolist() == [int(generator.labels(1, 7, 3))] * 8 + [int(generator.labels(1, 7, 1))] * 8
    sheet = finding.sheets[""].picture
    tile = sheet[:64, sheet.shape[1] - 4 * 64 - 3 * 3 :][:, :64]
    assert np.array_equal(tile[::4, ::4], again[0].permute(1, 2, 0).numpy())
    assert torch.allclose(finding.codes[0], generator.codes(1, 7, 3)[0], atol=1e-5)
    assert torch.allclose(finding.codes[7], generator.codes(1, 7, 5)[0], atol=1e-5)
    assert (finding.numbers["features"], finding.numbers["paths"]) == ("lite0", 2)
    assert {row[0] for row in finding.rows} == {"spherical", "linear"}


def test_a_row_of_one_picture_and_an_unknown_class_are_refused() -> None:
    with pytest.raises(InputError, match="--steps 1"):
        interpolate(generator_of(), steps=1)
    with pytest.raises(InputError, match="did you mean dog"):
        interpolate(generator_of(labels=True, classes=("cat", "dog")), label="dogg")
