"""Nets of clips, against the nets of pictures that they are made of."""

from typing import Any

import pytest
import torch

from figment import nets, presets
from figment.augment.pipeline import augmented, draw_numbers
from figment.errors import InputError
from figment.game.phase_losses import LossSettings, augmented_alike
from figment.nets import dcgan, r3gan
from figment.nets.clips import MOTION_STAGES, ClipDiscriminator
from figment.nets.hooks import entries
from figment.nets.serialization import packed, unpacked
from figment.nets.transplant import transplant
from figment.recipe import Recipe

TIMES = torch.tensor([[0.0, 3, 9], [1, 2, 15]])


def recipe(**choices: Any) -> Recipe:
    fields = dict(size=16, channels=3, width=4, code_size=10, motion_size=4) | choices
    return presets.make("video-small", **fields)


def of_r3gan(**choices: Any) -> Recipe:
    fields = dict(size=16, channels=3, width=16, code_size=10, frames=16, motion_size=4, penalty="exact") | choices
    return presets.make("r3gan-small", **fields)


def pair(chosen: Recipe) -> tuple[Any, Any]:
    g, d = nets.generator(chosen), nets.discriminator(chosen)
    return nets.initialised(g, 0, "generator").eval(), nets.initialised(d, 1, "discriminator").eval()


def conditions(classes: tuple[int, int] = (0, 0)) -> torch.Tensor:
    return torch.cat([torch.tensor(classes)[:, None].float(), TIMES], 1)


@pytest.mark.parametrize("make", [recipe, of_r3gan])
def test_frames_of_a_clip_are_the_pictures_of_their_codes(make: Any) -> None:
    g, _ = pair(make())
    z = torch.randn(2, 3, 10, generator=torch.Generator().manual_seed(0))
    clip = g(z, conditions())
    assert clip.shape == (2, 9, 16, 16)
    for n in range(2):
        for t in range(3):
            assert torch.allclose(clip[n, 3 * t : 3 * t + 3], g(z[n, t : t + 1])[0], atol=1e-5)


@pytest.mark.parametrize("make", [recipe, of_r3gan])
def test_the_discriminator_says_what_its_parts_say(make: Any) -> None:
    _, d = pair(make())
    x = torch.randn(2, 9, 16, 16, generator=torch.Generator().manual_seed(0))
    logits = d(x, conditions())
    assert logits.shape == (4,)
    ones = torch.stack([x[0, 0:3], x[1, 0:3]])  # by their times, 0 + 3 + 9 and 1 + 2 + 15, of both the first
    assert torch.allclose(logits[:2], d.image(ones), atol=1e-5)
    gaps = torch.tensor([[3.0, 6], [1, 13]]) / 16
    with_gaps = torch.cat([x, gaps[:, :, None, None].expand(-1, -1, 16, 16)], 1)
    assert torch.allclose(logits[2:], d.motion(with_gaps), atol=1e-5)
    assert torch.equal(d(ones), d.image(ones))  # pictures by themselves


def test_of_a_clip_the_gaps_count_and_its_place_in_time_does_not() -> None:
    _, d = pair(recipe())
    x = torch.randn(2, 9, 16, 16)
    later, wider = conditions(), conditions()
    later[:, 1:] += 2  # so that the same frame stands for each
    wider[:, 3] += 1
    assert torch.allclose(d(x, later), d(x, conditions()), atol=1e-6)
    assert not torch.equal(d(x, wider)[2:], d(x, conditions())[2:])


def test_motion_acts_on_the_first_stages_alone() -> None:
    """Where the first stages are cut off from the code, the motion's numbers change nothing."""
    g, _ = pair(recipe(size=32))
    assert g.modulations > MOTION_STAGES
    for module in g.modules():
        if isinstance(module, dcgan.Modulation):
            torch.nn.init.normal_(module.out.weight)
    z = torch.randn(4, 10)
    moved = torch.cat([z[:, :6], torch.randn(4, 4)], 1)
    assert not torch.allclose(g(z), g(moved))
    early = [m for m in g.modules() if isinstance(m, dcgan.Modulation)][:MOTION_STAGES]
    with torch.no_grad():
        g[1].weight[6:] = 0
        for module in early:
            module.hidden.weight[:, 6:] = 0
    assert torch.allclose(g(z), g(moved), atol=1e-6)
    content = torch.cat([torch.randn(4, 6), z[:, 6:]], 1)
    assert not torch.allclose(g(z), g(content))


def test_a_code_mixed_with_itself_draws_what_it_draws() -> None:
    """Of content and of motion: the latter acts on the first stages, whichever code it is of."""
    g, _ = pair(recipe(size=32))
    for module in g.modules():
        if isinstance(module, dcgan.Modulation):
            torch.nn.init.normal_(module.out.weight)
    z, other = torch.randn(4, 10), torch.randn(4, 10)
    for first in range(g.modulations + 1):
        assert torch.allclose(g.mixed(z, z, first), g(z), atol=1e-6)
    moved = torch.cat([other[:, :6], torch.randn(4, 4)], 1)
    assert torch.allclose(g.mixed(z, other, MOTION_STAGES), g.mixed(z, moved, MOTION_STAGES), atol=1e-6)
    assert not torch.allclose(g.mixed(z, other, 1), g.mixed(z, moved, 1))


def test_where_the_code_enters_motion_has_zeros_but_in_the_first_stages() -> None:
    start, *matrices = entries(pair(recipe(size=32))[0], 10)
    for stage, matrix in enumerate(matrices):
        assert bool(matrix[:, 6:].any()) == (stage < MOTION_STAGES)
        assert matrix[:, :6].any()
    assert start[:, 6:].any()
    assert [matrix.shape[1] for matrix in entries(pair(of_r3gan())[0], 10)] == [10]


def test_classes_are_the_first_column() -> None:
    chosen = recipe(labels=True, classes=("a", "b"))
    g, d = pair(chosen)
    z, x = torch.randn(2, 3, 10), torch.randn(2, 9, 16, 16)
    assert torch.allclose(g(z, conditions((0, 1)))[1, :3], g(z[1, :1], torch.tensor([1]))[0], atol=1e-5)
    ones = torch.stack([x[0, 0:3], x[1, 0:3]])
    assert torch.allclose(d(x, conditions((0, 1)))[:2], d(ones, torch.tensor([0, 1])), atol=1e-5)


def test_files_bring_both_parts_back(tmp_path: Any) -> None:
    chosen = recipe()
    for net, kind in zip(pair(chosen), ("generator", "discriminator"), strict=True):
        (tmp_path / "net.safetensors").write_bytes(packed(net, chosen, kind))
        again, theirs = unpacked(tmp_path / "net.safetensors", kind)
        assert theirs == chosen
        assert all(
            torch.equal(a, b) for a, b in zip(net.state_dict().values(), again.state_dict().values(), strict=True)
        )


@pytest.mark.parametrize("family", [dcgan, r3gan])
def test_nets_of_pictures_are_the_start_of_nets_of_clips(family: Any) -> None:
    """A clip's frames all show, at first, what the image generator drew of the content; D's image part says what it said."""
    target = recipe() if family is dcgan else of_r3gan()
    source = target.model_copy(update={"frames": 0, "motion_size": 0, "code_size": 6, "penalty": "exact"})
    old_g, old_d = pair(source)
    g, d = pair(target)
    for old, new, kind in ((old_g, g, "generator"), (old_d, d, "discriminator")):
        transplant(source, old.state_dict(), target, new, kind)
    z = torch.randn(4, 10)
    assert torch.allclose(g(z), old_g(z[:, :6]), atol=1e-5)
    x = torch.randn(4, 3, 16, 16)
    assert torch.allclose(d(x), old_d(x), atol=1e-5)


def test_nets_of_clips_are_the_start_of_others() -> None:
    chosen = recipe()
    old_g, old_d = pair(chosen)
    g, d = (nets.initialised(make(chosen), 9, "again").eval() for make in (nets.generator, nets.discriminator))
    transplant(chosen, old_g.state_dict(), chosen, g, "generator")
    transplant(chosen, old_d.state_dict(), chosen, d, "discriminator")
    z, x = torch.randn(2, 3, 10), torch.randn(2, 9, 16, 16)
    assert torch.equal(g(z, conditions()), old_g(z, conditions()))
    assert torch.equal(d(x, conditions()), old_d(x, conditions()))


def test_initial_weights_depend_on_the_seed_alone() -> None:
    a, b = pair(recipe())[1], pair(recipe())[1]
    assert isinstance(a, ClipDiscriminator)
    assert all(torch.equal(x, y) for x, y in zip(a.parameters(), b.parameters(), strict=True))
    assert not torch.equal(a.image[2].weight, a.motion[2].weight)


def test_all_frames_of_a_clip_are_augmented_alike() -> None:
    random = torch.Generator().manual_seed(0)
    frames, numbers = torch.rand(4, 3, 16, 16, generator=random) * 2 - 1, draw_numbers(4, random)
    clip = frames.repeat(1, 3, 1, 1)
    changed = augmented_alike(clip, numbers, 1.0, LossSettings(augment="full", channels=3))
    expected = augmented(frames, numbers, 1.0, "full")
    assert torch.allclose(changed, expected.repeat(1, 3, 1, 1), atol=1e-5)
    assert not torch.allclose(expected, frames, atol=0.1)


@pytest.mark.parametrize(
    ("choices", "told"),
    [
        (dict(motion_size=0), "motion_size must be 2 to 9"),
        (dict(motion_size=10), "motion_size must be 2 to 9"),
        (dict(frames=2), "4 frames at least"),
        (dict(frames=0), "it needs --video"),
        (dict(label_flips=0.1), "label_flips=0"),
        (dict(penalty="finite"), "penalty=exact"),
        (dict(one_pass=True), "one_pass needs pictures"),
    ],
)
def test_what_clips_cannot_have_is_refused(choices: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=told):
        recipe(**choices)
