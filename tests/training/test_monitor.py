import copy
import itertools

import pytest
import torch
from torch import nn

from figment import nets
from figment.game.phase_losses import Batch
from figment.presets import make
from figment.training.diagnosis import diagnose, hints
from figment.training.monitor import Reading, auc, read, spread


def test_auc_equals_counting_all_pairs() -> None:
    generator = torch.Generator().manual_seed(0)
    a = torch.randint(0, 8, (37,), generator=generator).float()  # many ties
    b = torch.randint(0, 8, (23,), generator=generator).float() - 1
    pairs = [1.0 if x > y else 0.5 if x == y else 0.0 for x, y in itertools.product(a.tolist(), b.tolist())]
    assert auc(a, b) == pytest.approx(sum(pairs) / len(pairs))
    assert auc(a, b) + auc(b, a) == pytest.approx(1)


def test_spread() -> None:
    reals = torch.randn(50, 3, 16, 16)
    assert spread(reals, reals) == pytest.approx(1)
    assert spread(reals[:1].repeat(20, 1, 1, 1), reals) == 0
    assert spread(reals / 2, reals) == pytest.approx(0.5)


def test_looking_changes_nothing_and_judges_each_kind_by_itself_without_dropout() -> None:
    recipe = make("dcgan", size=16, width=2, channels=3, dropout=0.5)
    g = nets.initialised(nets.generator(recipe), 0, "g").train()
    d = nets.initialised(nets.discriminator(recipe), 0, "d").train()
    before = [v.clone() for net in (g, d) for v in net.state_dict().values()]
    reals, held, z = torch.rand(40, 3, 16, 16), torch.rand(20, 3, 16, 16), torch.rand(40, 100)
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
    assert read(g, d, Batch(reals), Batch(held[:3]), z).memorising is None
    assert read(g, d, Batch(reals), Batch(held[:0]), z).memorising is None


def reading(**values) -> Reading:
    fine = dict(separation=0.8, memorising=0.5, p_fake_real=0.3, p_fake_held_out=0.3, p_fake_fake=0.7, spread=0.9)
    return Reading(**(fine | values))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (dict(), "in balance"),
        (dict(spread=0.1), "still forming"),
        (dict(p_fake_real=0.02, p_fake_fake=0.99), "wins too easily"),
        (dict(separation=0.9999), "well ahead"),  # as long as D isn't sure of it
        (dict(separation=0.9999, p_fake_real=None, p_fake_fake=None), "wins too easily"),
        (dict(memorising=0.8), "it memorises"),
        (dict(separation=0.5), "can't tell"),
        (dict(memorising=None), "in balance"),
    ],
)
def test_words(values: dict, said: str) -> None:
    assert said in " ".join(diagnose([reading(**values)] * 6))


def test_pictures_that_are_not_varied_yet_have_not_collapsed() -> None:
    rising = [reading(spread=0.02 * i) for i in range(10)]
    assert diagnose(rising) == [
        "the pictures are still forming and much alike (if that lasts: a smaller lr, or another objective)"
    ]
    assert "collapsed" in diagnose([*rising, reading(spread=0.8), *[reading(spread=0.1)] * 6])[0]


def test_one_odd_reading_is_not_believed() -> None:
    assert diagnose([*[reading()] * 5, reading(spread=0.0)]) == ["the two nets are in balance"]
    assert diagnose([reading(spread=0.0)]) == ["too early to tell"]


def ticks(loss: float, slope: float, separation: float, gamma: float = 1.0) -> list[dict]:
    tick = dict(loss_discriminator=loss, squared_gradient=slope, separation=separation, gamma=gamma)
    return [tick] * 5


def test_hints_on_gamma_go_by_the_game_s_loss_without_the_penalty() -> None:
    r3 = make("r3gan", size=16, width=8, gamma=1.0)
    assert hints(r3, ticks(0.5, 0.1, 0.95)) == []
    assert "too small" in hints(r3, ticks(0.03 + 0.01, 0.01, 1.0))[0]
    assert "try gamma=8" in hints(r3, ticks(0.04, 0.01, 1.0))[0]
    assert "too large" in hints(r3, ticks(0.69 + 0.02, 0.02, 0.95))[0]
    assert hints(r3, ticks(0.5 + 0.3, 0.3, 0.95)) == []  # .8 is above a blind D's loss, but .3 of it is the penalty
    assert hints(r3, ticks(0.69, 0.0, 0.55)) == []  # fakes as good as reals: nothing to be told apart
    assert hints(r3, ticks(0.04, 0.01, 1.0)[:3]) == []
    small = make("dcgan-r1")
    assert hints(small, ticks(0.75, 1.0, 1.0, 0.5)) == []
    assert "too large" in hints(small, ticks(1.38 + 0.25, 1.0, 0.95, 0.5))[0]
    assert hints(make("dcgan"), ticks(0.01, 0.0, 1.0)) == []
