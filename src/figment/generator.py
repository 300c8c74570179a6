"""Generator: a trained generator loaded from its file; what every later room works with."""

import json
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from figment import codes, nets
from figment.errors import InputError
from figment.recipe import Recipe, from_json, to_json
from figment.run import Run

BLOCK = 16  # samples decoded at once, always at the same place in their block: see Generator.sample


class Generator:
    """A generator that samples. Made by load(); its recipe says what it follows."""

    def __init__(self, net: nn.Module, recipe: Recipe) -> None:
        self.net = net.eval().requires_grad_(False)
        self.recipe = recipe

    @property
    def device(self) -> torch.device:
        return next(self.net.parameters()).device

    def to(self, device: str | torch.device) -> "Generator":
        """The same generator on another device."""
        self.net.to(device)
        return self

    def codes(self, n: int, seed: int = 0, start: int = 0) -> Tensor:
        """Codes number start … start + n - 1 of a seed, float32 (n, code_size); each depends on its number and seed alone."""
        return codes.numbered(seed, start, n, self.recipe.code_size, self.recipe.prior)

    @torch.inference_mode()
    def decode(self, z: Tensor) -> Tensor:
        """Codes (N, code_size) → pictures, uint8 (N, C, H, W) on the CPU."""
        blocks = [to_uint8(self.net(block.to(self.device))) for block in z.split(BLOCK)]
        shape = (0, int(self.recipe.channels), self.recipe.size, self.recipe.size)
        return torch.cat(blocks) if blocks else torch.empty(shape, dtype=torch.uint8)

    def sample(self, n: int = 64, seed: int = 0, truncation: float = 1.0, start: int = 0) -> Tensor:
        """Pictures number start … start + n - 1 of a seed, uint8 (n, C, H, W).

        Picture i is the same, to the byte on one machine, whatever n is asked for: whole blocks are decoded, so that
        it always has the same place among the same neighbours, and the sums inside are added in the same order.
        truncation scales codes towards the prior's mean.
        """
        first = start - start % BLOCK
        count = -(-(start + n - first) // BLOCK) * BLOCK if n else 0
        z = codes.truncated(self.codes(count, seed, first), truncation)
        return self.decode(z)[start - first : start - first + n]


def to_uint8(pictures: Tensor) -> Tensor:
    """Pictures in [-1, 1] → uint8 on the CPU, rounded to the nearest of 256 levels."""
    return ((pictures.float() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8).cpu()


def load(path: str | Path, device: str | torch.device = "cpu") -> Generator:
    """The generator of a run folder, or of a generator.safetensors file alone.

    Raises InputError if the file is missing, cut off, not a figment generator, or its shapes don't fit its recipe:
    shapes are checked before anything is allocated, and no code of the file's is ever run.
    """
    file = _generator_file(Path(path))
    try:
        with safe_open(file, framework="pt") as content:
            recipe = _recipe_of(content.metadata(), file)
            net = nets.generator(recipe)
            expected = {k: tuple(v.shape) for k, v in net.state_dict().items()}
            found = {k: tuple(content.get_slice(k).get_shape()) for k in content.keys()}  # noqa: SIM118 - not a dict
            if expected != found:
                raise InputError(f"{file} doesn't fit the recipe in its header: it is damaged or was changed by hand.")
            weights = {k: content.get_tensor(k) for k in expected}
    except (SafetensorError, OSError) as error:
        raise InputError(f"{file} is no whole safetensors file ({_reason(error)}): copy or train it again.") from None
    net.load_state_dict(weights, assign=True)
    return Generator(net.to(device), recipe)


def packed(net: nn.Module, recipe: Recipe, kind: str) -> bytes:
    """A net as one portable safetensors file, float32, with kind ("generator" or "discriminator") and recipe in its header.

    The same net gives the same bytes; no path, no host name, no time.
    """
    weights = {k: v.detach().float().contiguous().cpu() if v.is_floating_point() else v.cpu()
               for k, v in net.state_dict().items()}  # fmt: skip
    # One key: safetensors writes several in random order.
    return save(weights, {"figment": json.dumps({"kind": kind, "recipe": json.loads(to_json(recipe))})})


def _generator_file(path: Path) -> Path:
    if not path.exists():
        raise InputError(f"{path} doesn't exist: name a run folder or a generator.safetensors file.")
    if path.is_file():
        return path
    file = Run(path).generator_file
    if not file.is_file():
        raise InputError(f"{path} has no generator yet: go on with figment resume {path}.")
    return file


def _recipe_of(metadata: dict[str, str] | None, file: Path) -> Recipe:
    try:
        header = json.loads((metadata or {})["figment"])
        kind, recipe = header["kind"], header["recipe"]
    except (ValueError, KeyError, TypeError):
        kind, recipe = None, None
    if kind != "generator":
        raise InputError(
            f"{file} is no figment generator (its header doesn't say so): name a generator.safetensors of a run."
        )
    return from_json(json.dumps(recipe), str(file))


def _reason(error: Exception) -> str:
    return str(error).removeprefix("Error while deserializing header: ").strip(" .") or type(error).__name__
