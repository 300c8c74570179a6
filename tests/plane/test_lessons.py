"""What a lesson says is so, whatever the seed: each with three, over as many turns as a person would watch."""

from collections.abc import Iterator

import numpy as np
import pytest
from scipy.spatial import cKDTree

from figment.plane import nets
from figment.plane.frame import Frame, View, frame, view
from figment.plane.lessons import LESSONS
from figment.plane.match import Match
from figment.plane.settings import Settings

SEEDS = [0, 1, 2]


def played(settings: Settings, seed: int, turns: int, every: int) -> Iterator[tuple[Frame, View, Match]]:
    """A game's frames, each so many turns."""
    match = Match(settings.model_copy(update={"seed": seed}))
    look = view(match)
    for turn in range(1, turns + 1):
        match.step()
        if turn % every == 0:
            yield frame(match, look), look, match


def games(name: str) -> list[Settings]:
    return list(LESSONS[name].games.values())


def test_there_are_five_with_two_games_each_over_the_same_points() -> None:
    assert len(LESSONS) == 5
    for lesson in LESSONS.values():
        first, second = lesson.games.values()
        assert (first.points, first.seed) == (second.points, second.seed)
        assert lesson.question.count("?") == 1
        assert lesson.sentences.count(". ") == 1  # two


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_the_relativistic_game_covers_eight_modes_and_ten_steps_with_momentum_collapse(seed: int) -> None:
    covering, collapsing = ([it for it, _, _ in played(game, seed, 1500, 50)] for game in games("collapse"))
    assert np.mean([it.covered.covered for it in covering[15:]]) > 7
    assert not any(it.has_collapsed for it in covering[15:])
    assert max(it.covered.covered for it in collapsing[15:]) <= 2
    assert np.mean([it.has_collapsed for it in collapsing[15:]]) > 0.5


@pytest.mark.parametrize("seed", SEEDS)
def test_a_cloud_overshoots_its_dot_and_r1_brings_it_to_rest(seed: int) -> None:
    swinging, resting = (
        np.array([it.points.mean(0) - look.true.mean(0) for it, look, _ in played(game, seed, 800, 10)])
        for game in games("cycle")
    )
    assert np.linalg.norm(resting[60:], axis=1).max() < 0.02
    assert np.median(np.linalg.norm(swinging[60:], axis=1)) > 0.08
    assert (np.diff(np.sign(swinging), axis=0) != 0).sum() >= 4  # across the dot, both ways


def lead(it: Frame, match: Match) -> float:
    """How many times as hard the half is pushed that the discriminator takes for true rather."""
    logits = nets.forward(match.discriminator, it.points).output[:, 0]
    lengths, upper = np.linalg.norm(it.pushes, axis=1), logits > np.median(logits)
    return float(lengths[upper].mean() / lengths[~upper].mean())


def share_of_a_tenth(it: Frame) -> float:
    """Of all pushing, what the tenth pushed hardest has."""
    lengths = np.sort(np.linalg.norm(it.pushes, axis=1))
    return float(lengths[-len(lengths) // 10 :].sum() / lengths.sum())


@pytest.mark.parametrize("seed", SEEDS)
def test_maximum_likelihood_pushes_those_that_pass_and_bce_those_that_don_t(seed: int) -> None:
    likelihood, bce = (
        [(lead(it, match), share_of_a_tenth(it)) for it, _, match in played(game, seed, 400, 50)]
        for game in games("pushes")
    )
    assert min(led for led, _ in likelihood) > 2
    assert max(led for led, _ in bce) < 0.9
    assert np.mean([share for _, share in likelihood]) > 0.5 > 0.35 > max(share for _, share in bce)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_critic_s_loss_is_minus_the_distance_that_is_left(seed: int) -> None:
    def read(game: Settings) -> np.ndarray:
        """D's loss and the mean distance of the generated points from the dot, every twenty turns."""
        return np.array([
            (it.loss_discriminator, np.linalg.norm(it.points - look.true.mean(0), axis=1).mean())
            for it, look, _ in played(game, seed, 300, 20)
        ])  # fmt: skip

    critic, bce = map(read, games("distance"))
    np.testing.assert_allclose(-critic[:, 0], critic[:, 1], rtol=0.35)
    assert critic[0, 1] > 2 * critic[-1, 1]
    assert bce[0, 0] < 0.2
    assert bce[0, 1] > 0.4


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_two_units_don_t_see_two_spirals(seed: int) -> None:
    def reached(it: Frame, match: Match) -> float:
        """Share of the true points that a generated one lies beside."""
        return float((cKDTree(it.points).query(match.true[:2048])[0] < 0.12).mean())

    seeing, blind = (
        np.mean([reached(it, match) for it, _, match in played(game, seed, 1500, 50)][15:]) for game in games("eyes")
    )
    assert seeing > 0.9
    assert blind < 0.6
