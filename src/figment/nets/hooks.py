"""The layers of a net whose results are worth looking at, and ways to look at them and to change them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from torch import Tensor, nn

from figment.nets import dcgan, r3gan
from figment.nets.clips import MOTION_STAGES, ClipDiscriminator, DcganClips


def layers(net: nn.Module) -> list[nn.Module]:
    """The modules of a generator or discriminator whose results (N, C, h, w) are its layers of features, in order.

    Of the DCGAN's nets these are the activations behind each convolution but the last, of R3GAN's the residual blocks; of a
    discriminator of clips those of its image part.
    """
    if isinstance(net, ClipDiscriminator):
        return layers(net.image)
    if isinstance(net, dcgan.Generator | dcgan.Discriminator):
        return [m for m in net if isinstance(m, nn.ReLU | nn.LeakyReLU)]
    return [m for m in net.modules() if isinstance(m, r3gan.Block)]


def entries(net: nn.Module, code_size: int) -> list[Tensor]:
    """The matrices by which the code enters a generator, (outputs, code_size) each; what a class's vector adds is left out.

    Of the DCGAN's generator these are the start's and, where the code acts on every stage, those of each modulation; of R3GAN's
    the start's alone. Of a generator of clips the motion's numbers have zeros where they don't enter.
    """
    found: list[Tensor] = []
    modulations = 0
    for module in net.modules():
        if isinstance(module, dcgan.Start):
            found.append(module.weight.flatten(1).T[:, :code_size])
        elif isinstance(module, dcgan.Modulation):
            found.append(module.hidden.weight[:, :code_size])
            if isinstance(net, DcganClips) and modulations >= MOTION_STAGES:
                found[-1] = net.at_rest(found[-1])
            modulations += 1
        elif isinstance(module, r3gan.Start):
            found.append(module.linear.weight[:, :code_size])
    return found


@contextmanager
def watched(modules: Sequence[nn.Module]) -> Iterator[list[Tensor]]:
    """Within, a list fills with what the modules give, in the order in which they are run; a second run adds to it."""
    seen: list[Tensor] = []
    with ExitStack() as hooks:
        for module in modules:
            hooks.callback(module.register_forward_hook(lambda _module, _inputs, result: seen.append(result)).remove)
        yield seen


@contextmanager
def altered(module: nn.Module, alter: Callable[[Tensor], Tensor]) -> Iterator[None]:
    """Within, the module gives alter(what it would give)."""

    def hook(_module: nn.Module, _inputs: Any, result: Tensor) -> Tensor:
        return alter(result)

    handle = module.register_forward_hook(hook)
    try:
        yield
    finally:
        handle.remove()
