import copy
import math

import pytest
import torch
from torch import nn

from figment import nets
from figment.game.phase_losses import Batch
from figment.game.separation import auc
from figment.presets import make
from figment.training.monitor import read


def test_looking_changes_nothing_and_judges_each_kind_by_itself_without_dropout() -> None:
    recipe = make("dcgan", size=16, width=2, channels=3, dropout=0.5)
    g = nets.initialised(nets.generator(recipe), 0, "g").train()
    d = nets.initialised(nets.discriminator(recipe), 0, "d").train()
    before = [v.clone() for net in (g, d) for v in net.state_dict().values()]
    reals, held, z = torch.rand(40, 3, 16, 16), torch.rand(64, 3, 16, 16), torch.rand(40, 100)
    reading = read(g, d, Batch(reals), Batch(held), z)
    assert all(
        torch.equal(a, b) for a, b in zip(before, [v for n in (g, d) for v in n.state_dict().values()], strict=True)
    )
    assert g.training
    assert d.training
    undropped = copy.deepcopy(d).train()
    for m in undropped.modules():
        if isinstance(m, nn.Dropout2d):
            m.p = 0.0
    with torch.no_grad():
        assert reading.memorising == pytest.approx(auc(undropped(reals), undropped(held)), abs=1e-6)
        assert reading.separation == pytest.approx(auc(undropped(reals), undropped(g(z))), abs=1e-6)
    none = read(g, d, Batch(reals), Batch(held[:0]), z)
    assert (none.memorising, none.memorising_chance) == (None, None)


def test_few_held_out_pictures_are_judged_by_the_statistics_of_all_reals() -> None:
    """Where D knows no picture, its order of two held-out ones among 18 is any order: the chance is told rightly."""
    recipe = make("dcgan", size=16, width=2, channels=3)
    g, d = nets.initialised(nets.generator(recipe), 0, "g"), nets.initialised(nets.discriminator(recipe), 0, "d")
    chances = []
    for seed in range(60):
        pictures = torch.rand(20, 3, 16, 16, generator=torch.Generator().manual_seed(seed))
        seen = read(g, d, Batch(pictures[:18]), Batch(pictures[18:]), torch.rand(8, 100))
        assert seen.memorising_chance is not None
        chances.append(seen.memorising_chance)
    assert sum(chance <= 0.25 for chance in chances) == pytest.approx(15, abs=11)  # 3.3 deviations
    assert min(chances) >= 1 / 190 - 1e-5


def test_a_discriminator_that_knows_its_pictures_is_found_out_by_four_others() -> None:
    known, others = torch.rand(36, 3, 16, 16), torch.rand(4, 3, 16, 16)

    class ByHeart(nn.Module):
        def forward(self, pictures: torch.Tensor, labels: None) -> torch.Tensor:
            return -torch.cdist(pictures.flatten(1), known.flatten(1)).min(1).values

    recipe = make("dcgan", size=16, width=2, channels=3)
    g = nets.initialised(nets.generator(recipe), 0, "g")
    seen = read(g, ByHeart(), Batch(known), Batch(others), torch.rand(8, 100))
    assert seen.memorising == 1
    assert seen.memorising_chance == pytest.approx(1 / math.comb(40, 4), rel=1e-2)
