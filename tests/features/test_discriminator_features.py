"""A run's own discriminator as a network of features."""

from hashlib import sha256

import numpy as np
import pytest
import torch

from figment import nets
from figment.errors import InputError
from figment.features import discriminator_features, registry
from figment.nets.serialization import packed
from figment.recipe import Recipe
from figtest.pictures import noise_batch


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
    x = noise_batch(3, 40)
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
    whole = registry.extractor(f"own:{file}")(noise_batch(2)).reshape(2, 16, 4, 4)
    monkeypatch.setattr(discriminator_features, "MAX_NUMBERS", 70)
    halves = registry.extractor(f"own:{file}")(noise_batch(2)).reshape(2, 16, 2, 2)
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
    (tmp_path / "recipe.json").write_text("{}")
    (tmp_path / "run.json").write_text('{"format": 1, "state": "interrupted"}')
    with pytest.raises(InputError, match=r"has no discriminator\.safetensors: go on with figment resume"):
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
