"""Maps of evidence against closed forms, and tests of maps that fail where a map is wrong."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr
from torch import Tensor, nn

import figment
from figment import codes
from figment.common.pixels import to_input
from figment.discriminator import Discriminator
from figment.explain import saliency
from figment.explain.evidence_maps import (
    METHODS,
    Evidence,
    EvidenceMaps,
    MapTest,
    _change,
    maps_with_tests,
    sentence,
    title,
    title_legend,
)
from figment.game.calibration import Calibration
from figment.generator import load
from figment.media.heatmaps import overlay
from figment.media.provenance import source_of
from figment.recipe import Recipe
from figment.workbench import Workbench
from figtest.command import command


class Weighted(nn.Module):
    """A logit that is a weighted sum of pixels, with a class's number added."""

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight)

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
        found = (x * self.weight).sum((1, 2, 3))
        return found if labels is None else found + labels


def weighted(channels: int = 3, shape: tuple[int, int] = (16, 24), corner: bool = False) -> Discriminator:
    recipe = Recipe(size=shape, channels=channels)
    weight = torch.randn(channels, *shape, generator=torch.Generator().manual_seed(0))
    if corner:
        weight = torch.zeros_like(weight)
        weight[:, :5, :8] = -1
    return Discriminator(Weighted(weight), recipe)


def pictures(count: int, channels: int, shape: tuple[int, int], seed: int = 0) -> Tensor:
    random = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (count, channels, *shape), generator=random, dtype=torch.uint8)


@pytest.mark.parametrize("shape", [(16, 16), (16, 24), (64, 48), (33, 16)])
def test_squares_cover_all_of_a_picture(shape: tuple[int, int]) -> None:
    times = torch.zeros(shape)
    for rows, columns in saliency.occlusion_squares(*shape):
        times[rows, columns] += 1
        assert times[rows, columns].shape == (max(2, min(shape) // 8),) * 2
    assert times.min() >= 1
    assert times[shape[0] // 2, shape[1] // 2] >= 4


@pytest.mark.parametrize("channels", [1, 3])
def test_occlusion_of_a_weighted_sum_is_the_mean_over_squares(channels: int) -> None:
    net = weighted(channels)
    x, fill = to_input(pictures(2, channels, (16, 24))), torch.full((1, channels, 16, 24), 0.2)
    pixels = ((fill - x) * net.net.weight).sum(1)  # what the logit gains where a pixel is covered
    expected, times = torch.zeros_like(pixels), torch.zeros(16, 24)
    for rows, columns in saliency.occlusion_squares(16, 24):
        expected[:, rows, columns] += pixels[:, rows, columns].sum((1, 2))[:, None, None]
        times[rows, columns] += 1
    assert torch.allclose(saliency.occlusion(net, x, None, fill), expected / times, atol=1e-3)


def test_integrated_gradients_of_a_weighted_sum_are_its_terms() -> None:
    net = weighted()
    x, baseline = to_input(pictures(2, 3, (16, 24))), torch.full((1, 3, 16, 24), -0.3)
    found, missed = saliency.integrated_gradients(net, x, None, baseline, 3)
    assert torch.allclose(found, -((x - baseline) * net.net.weight).sum(1), atol=1e-5)
    assert missed.abs().max() < 1e-3


def test_integrated_gradients_add_up_to_the_difference_of_logits(critic: Discriminator) -> None:
    x = to_input(pictures(3, 3, (16, 16)))
    baseline = to_input(pictures(1, 3, (16, 16), 1)) / 4
    with torch.no_grad():
        logits, before = critic(x), critic(baseline)
    found, missed = saliency.integrated_gradients(critic, x, None, baseline, 256)
    assert torch.allclose(found.sum((1, 2)) - missed, before - logits, atol=1e-4)
    assert missed.abs().max() < 0.02 * (before - logits).abs().max()
    coarse = saliency.integrated_gradients(critic, x, None, baseline, 2)[1]
    assert coarse.abs().mean() > missed.abs().mean()  # so that it isn't the sum itself that is compared


def test_what_tells_is_told_from_what_does_not() -> None:
    net = weighted(corner=True)
    x, blank = torch.ones(2, 3, 16, 24), torch.zeros(1, 3, 16, 24)
    right = saliency.occlusion(net, x, None, blank)
    assert (right[:, :4, :7] > 0).all()
    assert (right[:, 8:, 12:] == 0).all()
    of_right, elsewhere = saliency.deletion_test(net, x, None, right, blank)
    assert of_right == pytest.approx([3 * round(0.1 * 16 * 24)] * 2)  # its whole tenth lies in the corner
    assert (of_right > elsewhere).all()
    of_wrong, elsewhere = saliency.deletion_test(net, x, None, right.flip(1, 2), blank)
    assert (of_wrong <= elsewhere).all()


def test_elsewhere_is_the_same_region_moved() -> None:
    net, blank = weighted(), torch.zeros(1, 3, 16, 24)
    net.net.weight.data.fill_(-1)  # where doesn't matter, only how much
    of_it, elsewhere = saliency.deletion_test(net, torch.ones(1, 3, 16, 24), None, torch.randn(1, 16, 24), blank)
    assert of_it == pytest.approx(elsewhere.numpy())


def test_a_tenth_is_a_tenth_and_its_share_is_counted() -> None:
    flat = torch.arange(400.0).view(1, 20, 20)
    assert saliency.top_tenth(flat).sum() == 40
    assert saliency.top_tenth(flat).flatten()[-40:].all()
    assert saliency.concentration(torch.ones(1, 20, 20)).item() == pytest.approx(0.1)
    assert saliency.concentration(-flat).item() == pytest.approx(sum(range(360, 400)) / sum(range(400)))
    assert saliency.concentration(torch.zeros(1, 20, 20)).item() == 0


def test_agreement_is_spearmans() -> None:
    first, second = (torch.randn(3, 8, 8, generator=torch.Generator().manual_seed(i)) for i in (0, 1))
    second = second + first
    expected = [spearmanr(a.flatten(), b.flatten()).statistic for a, b in zip(first, second, strict=True)]
    assert saliency.rank_correlation(first, second).numpy() == pytest.approx(expected)


@pytest.mark.parametrize("shape", [(1, 16, 16), (3, 64, 48)])
def test_blurring_keeps_the_mean_of_a_part_and_takes_detail(shape: tuple[int, ...]) -> None:
    assert torch.allclose(saliency.gaussian_blur(torch.full((2, *shape), 0.7)), torch.tensor(0.7))
    noise = torch.randn(2, *shape, generator=torch.Generator().manual_seed(0))
    assert saliency.gaussian_blur(noise).std() < 0.6 * noise.std()
    spot = torch.zeros(1, *shape)
    spot[..., shape[1] // 2, shape[2] // 2] = 1
    assert saliency.gaussian_blur(spot).sum().item() == pytest.approx(shape[0], rel=1e-5)


def test_colours_say_which_way_and_how_much() -> None:
    evidence = torch.zeros(1, 16, 16)
    evidence[0, :4], evidence[0, 4:8] = 2, -2
    shown = overlay(torch.full((1, 1, 16, 16), 100, dtype=torch.uint8), evidence)[0].astype(int)
    assert shown.shape == (3, 16, 16)
    assert (shown[0, :4] > shown[2, :4] + 100).all()
    assert (shown[2, 4:8] > shown[0, 4:8] + 100).all()
    assert (shown[0, 8:] == shown[2, 8:]).all()


def test_titles_are_probabilities_only_where_logits_may_be_read_so() -> None:
    logits = torch.tensor([0.0, -2.0, 3.0])
    for objective in ("bce", "hinge"):
        net, recipe = Weighted(torch.zeros(1)), Recipe(objective=objective)
        calibrated = Discriminator(net, recipe, Calibration(slope=2.0, offset=1.0, reals=30, fakes=512))
        assert title(calibrated, logits, 1) == f"{100 / (1 + np.exp(-3)):.0f} % fake"
        assert title(Discriminator(net, recipe), logits, 0) == "2. of 3"
    assert title(calibrated, torch.tensor([-9.0, 9.0]), 0) == "over 99 % fake"
    assert title(calibrated, torch.tensor([-9.0, 9.0]), 1) == "under 1 % fake"


def maps(count: int, right: bool, agreement: float = 0.0, corner: bool = True) -> EvidenceMaps:
    evidence = torch.full((count, 18, 18), 1e-3)
    if corner:
        evidence[:, :6, :6] = 1
    numbers = [torch.full((count,), x) for x in (0.4, 1.0 if right else 0.0, 0.5, 0.3, 0.1, 0.1, agreement)]
    of_method, tests = dict.fromkeys(METHODS, evidence), dict.fromkeys(METHODS, MapTest(*numbers))
    blank = torch.zeros(count, 3, 18, 18, dtype=torch.uint8)
    return EvidenceMaps(blank, [""] * count, of_method, of_method, tests, 0.0)


def test_the_sentence_says_what_the_maps_do() -> None:
    told = sentence(maps(6, True), maps(6, True))
    assert "what speaks for it lies most often at the upper left" in told
    assert "(in 6 of 6 pictures; by chance in one of nine)" in told
    assert "a tenth of a picture holds 40 % of the evidence (untrained: 30 %)" in told
    assert told.count("are right: where the tenth that they call most fake is blurred") == 2
    assert "more in 12 of 12 pictures" in told
    assert "differ, so these show what was learnt" in told
    told = sentence(maps(6, False, 0.9, corner=False), maps(6, True, 0.9))
    assert told.count("can't be relied on here") == 2
    assert "hardly differ" in told
    assert "2 pictures can't tell" in sentence(maps(1, True), maps(1, True))
    told = sentence(maps(6, False, 0.1), maps(6, False, 0.1))
    assert "what was learnt" not in told  # maps that aren't right show nothing
    assert "what the maps by occlusion call fake lies most often at the upper left" in told  # nor where the evidence is
    assert "have a rank correlation of 0.10" in told


def test_a_place_is_named_only_where_chance_would_hardly_have_it() -> None:
    """Of six pictures whose evidence lies anywhere, three in one ninth are .19 likely in some ninth; four .015."""
    for here, said in (
        (3, "in no one part (of nine: the most often told one in 3 of 6 pictures)"),
        (4, "at the upper left"),
    ):
        its = maps(6, True)
        evidence = its.maps["occlusion"].clone()
        for i in range(here, 6):
            evidence[i] = evidence[i].roll((6, 6 * (i % 3)), (0, 1))
        assert said in sentence(replace(its, maps=dict.fromkeys(METHODS, evidence)), maps(6, True))


def test_samples_that_are_one_picture_count_for_none() -> None:
    """Six times the same picture isn't six times the evidence: then reals alone speak."""
    varied = replace(maps(6, True), pictures=pictures(6, 3, (18, 18)))
    one = replace(maps(6, True), pictures=pictures(1, 3, (18, 18)).expand(6, 3, 18, 18))
    told = sentence(one, varied)
    assert told.startswith("The samples shown are all but alike")
    assert "by chance in one of nine" not in told
    assert "more in 6 of 6 pictures" in told
    assert "alike" not in sentence(varied, varied)


def test_captions_say_what_the_titles_are() -> None:
    told = title_legend(Calibration(slope=2.0, offset=1.0, reals=300, fakes=512))
    assert "this run's own fakes, where half of those shown are" in told
    assert "300 held-out pictures and 512 fakes" in told
    assert "its rank among all" in title_legend(None)


def test_classes_reach_the_discriminator() -> None:
    recipe = Recipe(size=16, channels=3, classes=("a", "b"), width=4)
    seen: list[Tensor] = []

    class Noting(Weighted):
        def forward(self, x: Tensor, labels: Tensor | None = None) -> Tensor:
            assert labels is not None
            seen.append(labels)
            return super().forward(x, labels)

    net = Discriminator(Noting(torch.randn(3, 16, 16)), recipe)
    found = maps_with_tests(
        net, pictures(2, 3, (16, 16)), torch.tensor([1, 0]), ["", ""], torch.zeros(1, 3, 16, 16), 0, lambda more: None
    )
    assert all(labels.tolist() == [1, 0] for labels in seen)
    assert found.incomplete < 1e-3


def test_the_command_on_a_run_with_classes(
    run_with_classes: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    out = tmp_path / "found"
    assert command("explain", "evidence", run_with_classes, "-n", 3, "--out", out) == 0
    assert "surest are fake, what " in capsys.readouterr().out
    record = json.loads((out / "evidence.json").read_text())
    generator = load(run_with_classes)
    z, labels = codes.read(out / "evidence.safetensors", generator.recipe.code_size, 2)
    numbers = record["numbers"]["samples"]
    assert torch.equal(z, generator.codes(256)[numbers])
    assert labels is not None
    assert torch.equal(labels, generator.labels(256)[numbers])  # type: ignore[index]
    assert len(record["numbers"]["reals"]) == 3
    assert all(its["incomplete"] < 0.1 for its in record["numbers"]["found"].values())
    assert source_of(out / "evidence.png") == "trainedAlgorithmicMedia"
    assert source_of(out / "evidence.reals.png") is None
    assert len(record["rows"]) == 4


def test_the_result_holds_the_pictures_and_their_maps(run_with_classes: Path) -> None:
    at = Workbench(run_with_classes, "cpu")
    for count in (1, 3):
        found = figment.explain.evidence(at.generator, at.discriminator, at.bank, count, seed=2)
        assert isinstance(found, Evidence)
        logits = at.discriminator.logits(at.generator.sample(256, 2), at.generator.labels(256, 2))
        assert found.numbers.tolist() == logits.argsort(stable=True)[:count].tolist()
        assert torch.equal(found.codes, at.generator.codes(256, 2)[found.numbers])
        assert found.labels is not None
        assert torch.equal(found.labels, at.generator.labels(256, 2)[found.numbers])  # type: ignore[index]
        assert torch.equal(found.samples.pictures, at.generator.sample(256, 2)[found.numbers])
        rows = [at.bank.names.index(name) for name in found.names]
        assert np.array_equal(found.reals.pictures.numpy(), at.bank.pictures[np.array(rows)])
        assert found.held_out == sum(row in at.bank.held_out for row in rows)
        for its in (found.samples, found.reals):
            assert all(one.shape == (count, 16, 16) for one in [*its.maps.values(), *its.untrained.values()])
            assert all(len(values) == count for test in its.tests.values() for values in vars(test).values())
        assert found.finding("named").name == "named"
        assert found.finding().numbers["reals"] == found.names


def test_a_generator_alone_cannot_be_explained(
    run_with_classes: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    assert command("explain", "evidence", run_with_classes / "generator.safetensors", "--out", tmp_path) == 2
    assert "name its run folder" in capsys.readouterr().err
    assert command("explain", "evidence", run_with_classes, "-n", 0) == 2


@pytest.mark.parametrize(
    ("logit", "said"), [(1.234, "+1.23"), (-0.1, "-0.10"), (0.00123, "+0.0012"), (-3.7e-6, "-3.7e-06"), (0.0, "+0.00")]
)
def test_small_changes_of_a_logit_are_told_too(logit: float, said: str) -> None:
    assert _change(logit) == said
