"""Style mixing: which code draws which stage."""

import pytest
import torch

from figment import nets, presets
from figment.errors import InputError
from figment.explore.style_mixing import mix, stages
from figment.generator import Generator


def made(name="dcgan", **choices):
    recipe = presets.make(name, **dict(size=16, channels=3, width=4, code_size=6) | choices)
    net = nets.initialised(nets.generator(recipe), 0, "generator")
    with torch.no_grad():  # or all pictures would be nearly the same grey
        for parameter in net.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(1)))
    return Generator(net, recipe)


def test_each_stage_has_its_code():
    generator = made(modulated=True)
    early, late = generator.codes(3), generator.codes(3, start=3)
    assert stages(generator) == 2  # the grid of 4 pixels and that of 8
    assert torch.equal(mix(generator, early, late, 2), generator.decode(early))
    whole, half = mix(generator, early, late, 0), mix(generator, early, late, 1)
    assert len({picture.numpy().tobytes() for picture in (whole[0], half[0], generator.decode(early)[0])}) == 3
    assert not torch.equal(whole, generator.decode(late))  # what lies where is still the early one's


def test_classes_are_kept():
    generator = made(modulated=True, classes=("cat", "dog"))
    z, labels = generator.codes(2), torch.tensor([0, 1])
    assert torch.equal(mix(generator, z, z, 1, labels), generator.decode(z, labels))


@pytest.mark.parametrize("name", ["dcgan", "r3gan"])
def test_nets_without_stages_say_so(name):
    generator = made(name)
    assert stages(generator) == 0
    with pytest.raises(InputError, match="no stages"):
        mix(generator, generator.codes(1), generator.codes(1), 0)
