"""Descents find the nearest picture there is, and what is said of held-out against training pictures is true."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.stats import chi
from torch import Tensor, nn

import figment
from figment import codes, nets
from figment.common.pixels import to_input
from figment.data.portraits.table import portraits
from figment.discriminator import untrained
from figment.errors import InputError
from figment.explore.inversion import Inversions, compare, invert, length_energy
from figment.explore.projection import OWN_SAMPLES, closeness, project, sentence
from figment.features.perceptual import (
    PIXELS,
    differences,
    of_discriminator,
    of_network,
    pairwise_differences,
    perceptual_loss,
    pixels_plus_layers,
)
from figment.features.registry import extractor
from figment.generator import Generator, load
from figment.media.provenance import source_of
from figment.presets import make
from figment.recipe import Recipe
from figtest.command import command
from figtest.likeness import ALIKE, CAUTIONS


class Linear(nn.Module):
    """Pictures that are a linear function of Gaussian codes, so that the nearest one is known."""

    def __init__(self, recipe: Recipe) -> None:
        super().__init__()
        shape = (int(recipe.channels), *recipe.shape)
        random = torch.Generator().manual_seed(3)
        self.weight = nn.Parameter(torch.randn(recipe.code_size, math.prod(shape), generator=random) / 20)
        self.shape = shape

    def forward(self, z: Tensor) -> Tensor:
        return (z @ self.weight).unflatten(1, self.shape)


def lively(recipe: Recipe) -> Generator:
    """A generator with random weights, large enough that its samples differ."""
    gain = 1.2 if recipe.nets == "r3gan" else 1.5
    net = nets.initialised(nets.generator(recipe), 1, "generator")
    random = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for weight in net.parameters():
            if weight.ndim > 1:
                weight.normal_(0, gain / math.sqrt(weight[0].numel()), generator=random)
    return Generator(net, recipe)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "reals"
    for i, picture in enumerate(portraits(120, 0, 16)[0]):
        place = folder / "ab"[i % 2] / f"{i:03d}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture.transpose(1, 2, 0)).save(place)
    out = tmp_path_factory.mktemp("runs") / "run"
    return figment.train(
        folder,
        images=64,
        recipe="dcgan",
        size=16,
        width=4,
        batch=16,
        labels=True,
        scores="none",
        compile="off",
        precision="fp32",
        out=out,
    ).folder


def test_a_descent_finds_the_least_squares_picture() -> None:
    recipe = Recipe(size=16, channels=3, code_size=8, prior="normal")
    generator = Generator(Linear(recipe), recipe)
    targets = torch.from_numpy(portraits(3, 5, 16)[0])
    wanted = to_input(targets).flatten(1).double()
    basis = generator.net.weight.double().T
    residual = wanted - torch.linalg.lstsq(basis, wanted.T).solution.T @ basis.T
    best = residual.square().mean(1).sqrt() * 127.5
    found, nearest = invert(generator, targets, PIXELS, 2, 150)
    assert torch.allclose(found.rms.double(), best, rtol=0.02)
    assert (nearest.rms > found.rms).all()
    samples = generator.sample(300).float()  # the nearest sample, by brute force
    off = (samples[None] - targets[:, None].float()).square().mean((2, 3, 4)).sqrt()
    assert torch.allclose(nearest.rms, off.min(1).values, rtol=0.01)


@pytest.mark.parametrize(
    "choices",
    [
        dict(nets="dcgan", prior="uniform", width=8),
        dict(nets="dcgan", prior="normal", width=8, classes=("a", "b", "c"), channels=1, upsampling="nearest"),
        dict(nets="r3gan", prior="normal", width=8, blocks=1, size=(16, 32)),
    ],
    ids=["dcgan", "dcgan-classes", "r3gan"],
)
def test_own_samples_are_rebuilt_by_every_kind_of_net(choices: dict) -> None:
    recipe = Recipe(**(dict(size=16, channels=3, code_size=6) | choices))
    generator = lively(recipe)
    perceptual = of_discriminator(untrained(recipe))
    z, labels = generator.codes(3, start=5000), generator.labels(3, start=5000)
    wanted = generator.decode(z, labels)
    assert wanted.float().std(0).mean() > 5  # or there would be nothing to find
    told: list[tuple[int, int]] = []
    found, nearest = invert(generator, wanted, perceptual, 3, 60, progress=lambda *at: told.append(at))
    assert found.loss.mean() < nearest.loss.mean() / 2
    again = generator.decode(found.codes, found.labels)
    assert (again.int() - found.pictures.int()).abs().max() <= 1  # a picture's place in a batch decides its last bits
    assert (found.codes.abs() <= 1).all() or recipe.prior == "normal"
    if recipe.classes:
        assert found.labels is not None
        assert nearest.labels is not None
    off = (found.pictures.float() - wanted.float()).square().mean((1, 2, 3)).sqrt()
    assert torch.allclose(off, found.rms)
    assert told[-1][0] == told[-1][1]
    alone, _ = invert(generator, wanted[1:2], perceptual, 3, 60)
    assert alone.rms[0] == pytest.approx(found.rms[1].item(), abs=0.5)
    repeated, _ = invert(generator, wanted, perceptual, 3, 60)
    assert torch.equal(repeated.codes, found.codes)


def test_the_pull_is_the_density_of_the_length() -> None:
    v = torch.randn(5, 7, dtype=torch.float64) * 2
    expected = -chi(7).logpdf(v.norm(dim=1).numpy()) / 7
    ours = length_energy(v).numpy()
    assert ours - ours[0] == pytest.approx(expected - expected[0])


def test_layers_weigh_alike_and_distances_are_those_of_pairs() -> None:
    first = [torch.randn(4, 5), torch.randn(4, 9)]
    second = [torch.randn(3, 5), torch.randn(3, 9)]
    table = pairwise_differences(first, second)
    assert table.shape == (2, 4, 3)
    pairs = [[of[i : i + 1] for of in first] for i in range(4)]
    others = [[of[j : j + 1] for of in second] for j in range(3)]
    assert table[:, 2, 1].numpy() == pytest.approx(differences(pairs[2], others[1])[:, 0].numpy(), rel=1e-4)
    assert pixels_plus_layers(torch.tensor([[2.0], [1.0], [5.0]])).item() == 2 + 3
    assert pixels_plus_layers(torch.tensor([[2.0]])).item() == 2


@pytest.mark.parametrize("shape", [(3, 16, 16), (1, 64, 64), (3, 64, 48)])
def test_a_networks_features_are_the_same_with_gradients_and_these_are_sound(shape: tuple[int, ...]) -> None:
    network = extractor("random")
    pictures = torch.randint(0, 256, (2, *shape), generator=torch.Generator().manual_seed(0)).to(torch.uint8)
    pictures[1] = 7  # even: the deviations are 0
    x = to_input(pictures).requires_grad_()
    (features,) = of_network(network).layers(x)
    coloured = np.repeat(pictures.numpy(), 4 - shape[0], axis=1) if shape[0] == 1 else pictures.numpy()
    assert features.detach().numpy() == pytest.approx(network(coloured), abs=2e-4)
    (gradient,) = torch.autograd.grad(features.square().sum(), x)
    assert gradient.isfinite().all()
    assert gradient[0].abs().max() > 0
    shifted = to_input(pictures) + 1e-2
    step = of_network(network).layers(shifted)[0].square().sum(1) - features.square().sum(1)
    assert step[0].item() == pytest.approx(1e-2 * gradient[0].sum().item(), rel=0.3)


def test_another_runs_discriminator_gives_gradients_too(run: Path) -> None:
    network = extractor(f"own:{run}")
    pictures = torch.from_numpy(portraits(3, 5, 24)[0])  # of another size
    x = to_input(pictures).requires_grad_()
    (features,) = perceptual_loss(f"own:{run}", lambda: pytest.fail("not asked for")).layers(x)
    assert features.detach().numpy() == pytest.approx(network(pictures.numpy()), abs=1e-3)
    assert torch.autograd.grad(features.sum(), x)[0].abs().max() > 0


def test_networks_without_gradients_are_refused() -> None:
    with pytest.raises(InputError, match="--features gradients: it gives no gradients"):
        perceptual_loss("gradients", lambda: pytest.fail("not asked for"))
    assert perceptual_loss("pixels", lambda: pytest.fail("not asked for")) is PIXELS


def rebuilt(rms: list[float], distance: float = 0.5) -> Inversions:
    n = len(rms)
    off, shares = torch.tensor(rms), torch.full((n,), distance)
    return Inversions(torch.zeros(n, 4), None, torch.zeros(n, 3, 16, 16, dtype=torch.uint8), off, shares, shares)


@pytest.mark.parametrize(
    ("held_out", "training", "own", "says"),
    [
        (
            [20, 22, 24, 26, 28, 30],
            [21, 23, 25, 27, 29, 31],
            [2, 2],
            ["rebuilt as closely as training", "no sign of learning by heart"],
        ),
        ([30, 32, 34, 36, 38, 40], [1, 2, 3, 4, 5, 6], [2, 2], [": a sign of learning by heart"]),
        ([1, 2, 3, 4, 5, 6], [30, 32, 34, 36, 38, 40], [2, 2], ["even rebuilt more closely", "no sign"]),
        ([20, 22], [20, 22], [2, 2], ["Too few to compare"]),
        ([20, 22], [20, 22], [40, 40], ["The search itself fails"]),
    ],
)
def test_the_sentence_says_what_the_numbers_do(
    held_out: list[float], training: list[float], own: list[float], says: list[str]
) -> None:
    groups = {"held-out": held_out, "training": training, OWN_SAMPLES: own}
    found = rebuilt([float(x) for group in groups.values() for x in group])
    places = dict(zip(groups, torch.arange(len(found.rms)).split([len(g) for g in groups.values()]), strict=True))
    near = rebuilt([60.0] * len(found.rms))
    close = {name: closeness(found[at], near[at]) for name, at in places.items()}
    told = sentence(found, places, close, 600, resemblance=ALIKE)
    assert all(text in told for text in says), told
    if own[0] < 30:
        way = 100 * (60 - np.mean(held_out)) / (60 - np.mean(own))
        assert f"{way:.0f} % of the way from the nearest sample to a perfect answer in pixels" in told
    for alike, caution in CAUTIONS.items():
        unsure = sentence(found, places, close, 600, resemblance=alike)
        assert caution in unsure
        assert "of the way" not in unsure
        assert "no sign" not in unsure


def test_the_way_is_told_in_features_too() -> None:
    found, near = rebuilt([20.0] * 6 + [4.0] * 2, 0.9), rebuilt([60.0] * 8, 1.0)
    found.distance[6:] = 0.5
    places = {"given": torch.arange(6), OWN_SAMPLES: torch.arange(6, 8)}
    close = {name: closeness(found[at], near[at]) for name, at in places.items()}
    assert (
        ": 71 % of the way from the nearest sample to a perfect answer in pixels, 20 % in what lite0 sees."
        in sentence(found, places, close, 600, "lite0", ALIKE)
    )


def test_a_group_is_summed_up_with_its_standard_error() -> None:
    its = closeness(rebuilt([1.0, 2.0, 6.0]), rebuilt([7.0, 7.0, 10.0]))
    assert (its.rms, its.nearest_sample_rms) == (3, 8)
    assert its.rms_error == pytest.approx(np.std([1, 2, 6], ddof=1) / np.sqrt(3))
    assert closeness(rebuilt([1.0]), rebuilt([2.0])).rms_error is None


def test_no_pictures_are_refused() -> None:
    recipe = Recipe(size=16, channels=3, code_size=4)
    with pytest.raises(InputError, match="no pictures"):
        project(lively(recipe), {"held-out": torch.empty(0, 3, 16, 16, dtype=torch.uint8)})
    with pytest.raises(ValueError, match="wanted pictures"):
        invert(lively(recipe), torch.zeros(1, 3, 32, 32, dtype=torch.uint8), PIXELS, 1, 1)


def test_the_command_on_held_out_and_training_pictures(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    out = tmp_path / "found"
    assert command("explore", "project", run, "-n", 5, "--steps", 10, "--out", out, "--name", "few steps") == 0
    said = capsys.readouterr().out
    assert "held-out" in said
    assert "training" in said
    record = json.loads((out / "project-few-steps.json").read_text())
    assert [its["group"] for its in record["numbers"]["pictures"]] == ["held-out"] * 5 + ["training"] * 5 + [
        OWN_SAMPLES
    ] * 5
    assert record["numbers"]["features"] == "own"
    assert source_of(out / "project-few-steps.png") == "compositeWithTrainedAlgorithmicMedia"
    generator = load(run)
    z, labels = codes.read(out / "project-few-steps.safetensors", 100, 2)
    assert len(z) == 5 * 2 + 5 * 2 + 5 * 3
    own = generator.decode(z[20:25], None if labels is None else labels[20:25])
    again = generator.decode(generator.codes(5, 0, 20), generator.labels(5, 0, 20))
    assert torch.equal(own, again)
    assert command("sample", run, "--codes", out / "project-few-steps.safetensors", "--out", tmp_path / "s.png") == 0


def test_the_command_on_a_picture_of_another_size(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    Image.new("RGBA", (50, 40), (255, 0, 0, 255)).save(tmp_path / "red.png")
    words = [
        "explore",
        "project",
        run / "generator.safetensors",
        tmp_path / "red.png",
        "--steps",
        5,
        "--out",
        tmp_path / "o",
    ]
    assert command(*words, "--features", "pixels") == 0
    told = "".join(capsys.readouterr())
    assert "red.png is 40x50: brought to 16 (fit: crop)" in told
    assert "The picture is rebuilt to within" in told
    assert command(*words) == 2
    assert "generator alone" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["{tmp}/none.png"], "none.png can't be used (the file is gone"),
        (["{tmp}/text.png"], "text.png can't be used (not a picture"),
        (["{tmp}"], "is a folder"),
        (["--features", "gradients"], "--features gradients"),
        (["--features", "nonsense"], "--features nonsense"),
        (["--steps", "0"], "--steps"),
    ],
)
def test_what_cannot_be_used_is_told_in_a_sentence(
    words: list[str], says: str, run: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    (tmp_path / "text.png").write_text("no picture")
    assert command("explore", "project", run, *(word.format(tmp=tmp_path) for word in words), "--out", tmp_path) == 2
    told = "".join(capsys.readouterr())
    assert says in told
    assert "Traceback" not in told


def test_a_start_that_no_descent_betters_is_kept() -> None:
    """The generator's own first sample is among the starts, and a descent of one step leads away from it."""
    made = make("dcgan", size=16, channels=3, width=2, code_size=6, prior="normal")
    generator = Generator(nets.initialised(nets.generator(made), 0, "generator"), made)
    target = generator.decode(generator.codes(1))
    found, nearest = invert(generator, target, PIXELS, 1, 1)
    assert float(nearest.rms) == 0
    assert float(found.rms) == 0
    assert torch.equal(found.codes, nearest.codes)
    finding = project(generator, {"given": target}, steps=1, restarts=1).finding()
    assert "of the way" not in finding.sentence
    assert "rebuilt to within 0.0" in finding.sentence


def test_the_distance_is_the_mean_of_all_layers_features() -> None:
    """Against the maps by hand: each layer's mean squared difference as a share of its scale."""
    made = make("dcgan", size=16, channels=3, width=4, code_size=6, discriminator_norm="none")
    generator, critic = lively(made), untrained(made)
    z = generator.codes(5)
    targets, scale = generator.decode(generator.codes(5, seed=1)), torch.rand(1 + len(critic.layers), 5) + 0.5
    found = compare(generator, of_discriminator(critic), z, None, targets, scale)
    shares = [
        (a - b).flatten(1).square().mean(1) / scale[1 + i]
        for i, (a, b) in enumerate(
            zip(*(critic.maps(to_input(its)) for its in (generator.decode(z), targets)), strict=True)
        )
    ]
    assert torch.allclose(found.distance, torch.stack(shares).mean(0).sqrt(), rtol=1e-4)
    pixels = (to_input(generator.decode(z)) - to_input(targets)).flatten(1).square().mean(1) / scale[0]
    assert torch.allclose(found.loss, pixels + torch.stack(shares).mean(0), rtol=1e-4)
