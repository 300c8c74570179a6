"""A classifier of a discriminator's nets, taught by labels."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from figment.common import rehearsal
from figment.discriminator import Discriminator
from figment.explain import supervised
from figment.explain.labelled import LabelledPictures
from figment.explain.supervised import Classifier
from figment.recipe import Recipe

RecipeOf = Callable[..., Recipe]


@pytest.mark.parametrize("kind", ["dcgan", "r3gan"])
def test_a_supervised_net_learns_what_is_to_be_learnt(
    kind: str, striped: LabelledPictures, recipe_of: RecipeOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervised, "MAX_IMAGES", 2000)
    monkeypatch.setattr(supervised, "CHECK_IMAGES", 400)
    told: list[float] = []
    recipe = recipe_of(kind, labels=True, classes=("down", "across"))
    net = Classifier(recipe, 2, 3).fit(striped.train, striped.train_classes, lambda a, b: told.append(a / b))
    assert net.score(striped.test, striped.test_classes) > 0.9
    assert not net.training
    assert told == sorted(told)
    assert told[-1] == 1


def test_the_same_is_learnt_each_time_and_the_best_state_is_kept(
    striped: LabelledPictures, recipe_of: RecipeOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervised, "MAX_IMAGES", 600)
    monkeypatch.setattr(supervised, "CHECK_IMAGES", 1)
    first, again = (
        Classifier(recipe_of("dcgan-r1"), 2, 3).fit(striped.train, striped.train_classes).state_dict() for _ in range(2)
    )
    assert all(torch.equal(first[name], again[name]) for name in first)
    monkeypatch.setattr(supervised, "LEARNING_RATES", (1e-3,))
    order = np.random.default_rng([3, 0]).permutation(len(striped.train))
    held = order[: int(supervised.VALIDATION_SHARE * len(order))]
    shares = []
    plain = Classifier.predict

    def noted(net: Classifier, pictures: np.ndarray) -> np.ndarray:
        said = plain(net, pictures)
        shares.append((said == striped.train_classes[held]).mean())
        return said

    monkeypatch.setattr(Classifier, "predict", noted)
    net = Classifier(recipe_of("dcgan-r1"), 2, 3).fit(striped.train, striped.train_classes)
    assert len(shares) == 4  # after each pass over the 160 that are learnt from, to 600 seen
    assert (plain(net, striped.train[held]) == striped.train_classes[held]).mean() == max(shares)


def test_in_a_rehearsal_few_pictures_are_seen(
    striped: LabelledPictures, recipe_of: RecipeOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(rehearsal.VARIABLE, "1")
    told: list[tuple[int, int]] = []
    part = slice(0, 32)
    Classifier(recipe_of("dcgan-r1"), 2, 3).fit(
        striped.train[part], striped.train_classes[part], lambda *told_of: told.append(told_of)
    )
    epochs = -(-rehearsal.IMAGES // (32 - int(supervised.VALIDATION_SHARE * 32)))
    assert len(told) == len(supervised.LEARNING_RATES) * epochs


def test_an_untaught_classifier_is_the_discriminators_nets_with_a_head(recipe_of: RecipeOf) -> None:
    net = Classifier(recipe_of("dcgan-r1"), 5, 0)
    critic = Discriminator(net.net, recipe_of("dcgan-r1"))
    x = torch.rand(2, 3, 16, 16) * 2 - 1
    assert torch.allclose(net(x), net.head(critic.maps(x)[-1].flatten(1)))
    assert net(x).shape == (2, 5)
