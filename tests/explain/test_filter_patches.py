"""Guided backpropagation against hand-made backward passes, what units see, and which pictures move them."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from figment.common.pixels import to_input
from figment.data.portraits.table import portraits
from figment.discriminator import Discriminator, untrained
from figment.errors import InputError
from figment.explain.filter_patches import (
    FilterPatches,
    FilterResponse,
    filters,
    gradient_shades,
    mean_correlation,
    sentence,
)
from figment.explain.guided_backprop import guided
from figment.explain.receptive_fields import (
    LayerResponses,
    ReceptiveFields,
    layer_responses,
    receptive_fields,
    unit_gradients,
)
from figment.presets import make
from figtest.command import command

PICTURES = portraits(40, 0, 16)[0]


def gradient(net: nn.Module, x: torch.Tensor, guiding: bool) -> torch.Tensor:
    x = x.clone().requires_grad_()
    if guiding:
        with guided():
            y = net(x)
    else:
        y = net(x)
    return torch.autograd.grad(y.sum(), x)[0]


class Functional(nn.Module):
    """The same net as layers of modules, its activations being functions."""

    def __init__(self, net: nn.Sequential, slope: float) -> None:
        super().__init__()
        self.net, self.slope = net, slope

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.leaky_relu(self.net[0](x), self.slope)
        return self.net[4](F.leaky_relu(self.net[2](x), negative_slope=self.slope))


def small_net(slope: float) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(2, 3, 3), nn.LeakyReLU(slope), nn.Conv2d(3, 4, 3), nn.LeakyReLU(slope), nn.Conv2d(4, 1, 2)
    )


def by_hand(net: nn.Sequential, x: np.ndarray, slope: float) -> np.ndarray:
    """The guided gradient of the sum of the net's results, in loops, without autograd: x (C, H, W)."""

    def forth(x: np.ndarray, conv: nn.Conv2d) -> np.ndarray:
        w, b = conv.weight.detach().double().numpy(), conv.bias.detach().double().numpy()
        k = w.shape[2]
        y = np.empty((len(w), x.shape[1] - k + 1, x.shape[2] - k + 1))
        for o in range(len(w)):
            for i in range(y.shape[1]):
                for j in range(y.shape[2]):
                    y[o, i, j] = (w[o] * x[:, i : i + k, j : j + k]).sum() + b[o]
        return y

    def back(r: np.ndarray, conv: nn.Conv2d) -> np.ndarray:
        w = conv.weight.detach().double().numpy()
        k = w.shape[2]
        below = np.zeros((w.shape[1], r.shape[1] + k - 1, r.shape[2] + k - 1))
        for o in range(len(w)):
            for i in range(r.shape[1]):
                for j in range(r.shape[2]):
                    below[:, i : i + k, j : j + k] += w[o] * r[o, i, j]
        return below

    first = forth(x, net[0])
    second = forth(np.where(first > 0, first, slope * first), net[2])
    last = forth(np.where(second > 0, second, slope * second), net[4])
    r = back(np.ones_like(last), net[4])
    r = np.maximum(r, 0) * np.where(second > 0, 1, slope)
    r = back(r, net[2])
    r = np.maximum(r, 0) * np.where(first > 0, 1, slope)
    return back(r, net[0])


@pytest.mark.parametrize("slope", [0.2, 0.0])
def test_guided_gradients_are_those_made_by_hand_for_modules_and_functions(slope: float) -> None:
    net = small_net(slope)
    x = torch.randn(1, 2, 9, 8, generator=torch.Generator().manual_seed(1))
    expected = by_hand(net, x[0].double().numpy(), slope)
    for same in (net, Functional(net, slope)):
        assert np.allclose(gradient(same, x, True)[0].numpy(), expected, atol=1e-5)
        assert not np.allclose(gradient(same, x, False)[0].numpy(), expected, atol=1e-2)


def test_at_slope_zero_it_is_springenbergs_rule_for_relu() -> None:
    net = small_net(0.0)
    rectified = nn.Sequential(net[0], nn.ReLU(), net[2], nn.ReLU(), net[4])
    x = torch.randn(2, 2, 9, 8, generator=torch.Generator().manual_seed(2))
    hooks = [
        module.register_full_backward_hook(lambda _m, below, _above: (below[0].clamp(min=0),))
        for module in (rectified[1], rectified[3])
    ]
    ready = gradient(rectified, x, False)  # the way of ready libraries: hooks on ReLU modules
    for hook in hooks:
        hook.remove()
    assert torch.allclose(gradient(rectified, x, True), ready, atol=1e-6)
    assert torch.allclose(gradient(net, x, True), ready, atol=1e-6)


def test_discriminators_have_no_relu_to_hook_yet_their_gradients_are_guided(critic: Discriminator) -> None:
    assert not any(isinstance(module, nn.ReLU) for module in critic.net.modules())  # where hooks give plain gradients
    x = to_input(torch.from_numpy(PICTURES[:3]))
    plain = gradient(critic.net, x, False)
    assert not torch.allclose(gradient(critic.net, x, True), plain, rtol=0.1)
    assert torch.equal(gradient(critic.net, x, False), plain)  # nothing stays behind
    with guided():
        inside = critic(x)
    assert torch.equal(inside, critic(x))


@pytest.mark.parametrize("size", [32, (32, 48)])
def test_the_field_of_dcgan_units_is_what_its_convolutions_span(size: int | tuple[int, int]) -> None:
    critic = untrained(make("dcgan-r1", size=size, width=4, channels=1))
    for layer in (1, 2, 3):
        field = receptive_fields(critic, layer)
        stride, whole = 2**layer, 3 * 2**layer - 2  # 4×4 kernels, stride 2, padding 1
        for side, ends in zip(critic.recipe.shape, (field.rows, field.columns), strict=True):
            first = np.arange(side // stride) * stride - (stride - 1)
            assert ends.tolist() == np.stack([first.clip(0), (first + whole).clip(max=side)], 1).tolist()
        assert field.size == tuple(min(whole, side) for side in critic.recipe.shape)


def test_only_pixels_in_the_field_change_a_unit(critic: Discriminator) -> None:
    field, random = receptive_fields(critic, 1), np.random.default_rng(0)
    picture = PICTURES[0].copy()
    row, column = 3, 5
    (top, bottom), (left, right) = field.rows[row], field.columns[column]
    inside = np.zeros((16, 16), bool)
    inside[top:bottom, left:right] = True
    noise = random.integers(0, 256, picture.shape, dtype=np.uint8)
    both = np.stack([picture, np.where(inside, picture, noise), np.where(inside, noise, picture)])
    maps = critic.maps(to_input(torch.from_numpy(both)))[0][:, :, row, column]
    assert torch.allclose(maps[0], maps[1], atol=1e-5)
    assert not torch.allclose(maps[0], maps[2], atol=1e-2)


def test_a_cut_shows_what_a_unit_sees_in_its_place() -> None:
    field = ReceptiveFields(np.array([[0, 3], [1, 5], [3, 6]]), np.array([[0, 6]]))
    picture = np.arange(36, dtype=np.uint8).reshape(1, 6, 6)
    assert np.array_equal(field.cut(picture, 1, 0, 99), picture[:, 1:5])
    assert np.array_equal(field.cut(picture, 0, 0, 99)[0], np.vstack([np.full((1, 6), 99), picture[0, :3]]))
    assert np.array_equal(field.cut(picture, 2, 0, 99)[0], np.vstack([picture[0, 3:], np.full((1, 6), 99)]))


def test_responses_are_those_of_all_maps_at_once(critic: Discriminator) -> None:
    with torch.inference_mode():
        maps = critic.maps(to_input(torch.from_numpy(PICTURES)))[1].numpy().astype(np.float64)
    found = layer_responses(critic, PICTURES, 2)
    assert np.allclose(found.strongest, maps.max((2, 3)), atol=1e-5)
    assert np.allclose(found.mean, maps.mean((0, 2, 3)))
    assert np.allclose(found.deviation, maps.std((0, 2, 3)))
    for n, c in ((0, 0), (7, 3), (39, 1)):
        row, column = found.place[n, c]
        assert maps[n, c, row, column] == pytest.approx(maps[n, c].max(), abs=1e-5)
    assert found.top[3].tolist() == np.argsort(-maps.max((2, 3))[:, 3], kind="stable")[:4].tolist()


def test_gradients_are_those_of_one_unit(critic: Discriminator) -> None:
    unit = np.array([[1, 0, 2], [3, 1, 1]])
    found = unit_gradients(critic, PICTURES[:2], 2, unit, False)
    step = 1e-2
    for n, (channel, row, column) in enumerate(unit):
        direction = np.random.default_rng(n).standard_normal(PICTURES.shape[1:]).astype(np.float32)
        x = to_input(torch.from_numpy(PICTURES[n : n + 1]))
        moved = [x + sign * step * torch.from_numpy(direction) for sign in (1, -1)]
        up, down = (critic.maps(one)[1][0, channel, row, column].item() for one in moved)
        assert (found[n] * direction).sum() == pytest.approx((up - down) / (2 * step), rel=0.1, abs=0.02)


def test_selectivity_of_a_filter_that_answers_to_few_is_the_higher_and_of_a_dead_one_none() -> None:
    few = np.zeros((100, 1), np.float32)
    few[:4] = 10
    strongest = np.concatenate([few, np.random.default_rng(0).random((100, 1)).astype(np.float32), few * 0], 1)
    found = LayerResponses(
        strongest, np.zeros((100, 3, 2), int), strongest.mean(0, dtype=float), strongest.std(0, dtype=float)
    )
    assert found.selectivity[0] > 2 * found.selectivity[1] > 0
    assert found.selectivity[2] == 0
    assert found.top[0].tolist() == [0, 1, 2, 3]


def test_a_planted_filter_finds_the_planted_patches() -> None:
    critic = untrained(make("dcgan-r1", size=16, width=4, channels=1))
    random = np.random.default_rng(0)
    pictures = random.integers(0, 90, (60, 1, 16, 16)).astype(np.uint8)
    pattern = np.where(np.arange(4)[:, None] % 2, 255, 0).repeat(4, 1)  # stripes
    for i, (y, x) in {5: (3, 3), 17: (7, 1), 30: (1, 9), 44: (9, 5)}.items():
        pictures[i, 0, y : y + 4, x : x + 4] = pattern
    with torch.no_grad():
        critic.net[0].weight[2, 0] = torch.from_numpy(pattern / 127.5 - 1).float()
    result = filters(critic, pictures, 1, chosen=[2])
    assert isinstance(result, FilterPatches)
    one = result.filters["trained"][0]
    assert sorted(one.pictures) == [5, 17, 30, 44]
    assert (one.patches == one.patches[0]).all()  # the same stripes, each at its own place
    assert one.patches.shape == one.guided.shape == one.plain.shape == (4, 1, *result.field)
    finding = result.finding()
    trained, other = finding.numbers["filters"]["trained"][0], finding.numbers["filters"]["untrained"][0]
    assert sorted(trained["pictures"]) == [5, 17, 30, 44]
    assert trained["alike"] == pytest.approx(1, abs=1e-6)
    assert trained["chance"] < 0.3
    assert trained["selectivity"] > 1.5 * other["selectivity"]
    assert "aren't surely choosier" in finding.sentence  # one filter of each: no test can tell
    assert finding.sheets[""].source is None
    assert finding.codes is None


def test_shades_are_grey_at_zero_and_likeness_is_a_correlation() -> None:
    x = np.random.default_rng(0).standard_normal((3, 2, 8, 8)).astype(np.float32)
    x[:, :, 0] = 0
    shades = gradient_shades(np.stack([x[0], 1000 * x[0], 0 * x[0]]))
    assert (shades[:, :, 0] == 128).all()
    assert np.array_equal(shades[0], shades[1])
    sizes = np.abs(x[0][x[0] != 0])
    expected = 128 + 127 * (x[0] / np.percentile(sizes, 99)).clip(-1.01, 1)
    assert np.abs(shades[0].astype(float) - expected).max() <= 1
    assert (shades[2] == 128).all()
    bytes_ = (x * 30 + 120).clip(0, 255).astype(np.uint8)
    expected = np.corrcoef(bytes_.reshape(3, -1).astype(float))
    assert mean_correlation(bytes_) == pytest.approx((expected[0, 1] + expected[0, 2] + expected[1, 2]) / 3)
    assert mean_correlation(bytes_[:1]) == 0
    assert mean_correlation(np.full((2, 1, 4, 4), 7, np.uint8)) == 0


@pytest.mark.parametrize(
    ("ours", "theirs", "words"),
    [
        ((9, 0.2, 0.1), (5, 0.5, 0.1), ("rarer things", "less alike than")),
        ((5, 0.5, 0.1), (9, 0.2, 0.1), ("less choosy", "more alike than")),
        ((5, 0.5, 0.1), (5.1, 0.5, 0.1), ("aren't surely choosier", "as much alike as")),
    ],
)
def test_the_sentence_says_what_the_numbers_say(ours: tuple, theirs: tuple, words: tuple) -> None:
    names = ("selectivity", "alike", "chance")
    means = {"trained": dict(zip(names, ours, strict=True)), "untrained": dict(zip(names, theirs, strict=True))}
    blank = np.zeros((4, 1, 2, 2), np.uint8)

    def shown(count: int) -> dict[str, list[FilterResponse]]:
        """Filters whose numbers lie closely about the means."""
        return {
            of: [
                FilterResponse(
                    i, np.arange(4), its["selectivity"] + i / 100, its["alike"] + i / 1000, 0.1, *[blank] * 3
                )
                for i in range(count)
            ]
            for of, its in means.items()
        }

    said = sentence(shown(8), means, "These filters")
    assert all(word in said for word in words)
    said = sentence(shown(2), means, "These filters")  # of two filters no test tells anything
    assert "aren't surely choosier" in said
    assert "about as much alike as" in said


def test_bad_layers_and_filters_are_named(critic: Discriminator) -> None:
    for layer in (0, 9):
        with pytest.raises(
            InputError, match=rf"--layer {layer}: this discriminator's layers are 1, nearest the picture"
        ):
            filters(critic, PICTURES, layer)
    with pytest.raises(InputError, match=r"--filters 999: the filters of layer 1 are 0 to"):
        filters(critic, PICTURES, 1, chosen=[0, 999])


def test_a_sheet_of_drawn_pictures_is_marked_as_drawn(critic: Discriminator) -> None:
    for drawn, mark in ((False, None), (True, "algorithmicMedia")):
        (sheet,) = filters(critic, PICTURES, 1, 1, drawn=drawn).finding().sheets.values()
        assert sheet.source == mark


def test_the_command_shows_filters(run_with_classes: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    out = tmp_path / "found"
    words = ["explain", "filters", run_with_classes, "-n", "2", "--layer", "1", "--out", out, "--name", "first"]
    assert command(*words) == 0
    assert "most selective filters of layer 1" in capsys.readouterr().out
    record = json.loads((out / "filters-first.json").read_text())
    assert [len(its) for its in record["numbers"]["filters"].values()] == [2, 2]
    assert (out / "filters-first.png").is_file()
