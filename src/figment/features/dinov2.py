"""DINOv2's vision transformers (Oquab et al. 2023, arXiv 2304.07193): S/14, B/14 and L/14, without registers.

Stein et al. 2023 (arXiv 2306.04675) find that distances between its features follow human judgement best; they take L.
What comes out is the class token behind the last norm ("x_norm_clstoken"), of pictures at 224×224.

Its table of positions is one of 37×37 patches (518 pixels). For 16×16 it is interpolated bicubically and without
antialiasing, as the published code does, which asks for 16.1/37 of the size (its interpolate_offset of 0.1, once meant
against rounding) and so takes its samples 37/16.1 places apart. Hugging Face's port takes them 37/16 apart: the same
weights give slightly other features there.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from figment.common.places import expanded
from figment.common.progress import Progress
from figment.errors import InputError
from figment.features import weights
from figment.features.base import GPU_BATCH_PICTURES, Extractor, array_network
from figment.features.resize import resize_text, resized
from figment.features.weights import load_into, read_tensors

INPUT_SIDE = 224  # pixels a side
PATCH_SIDE = 14  # pixels a side of what becomes a token
TABLE_SIDE = 37  # patches a side that positions were learnt for
POSITION_OFFSET = 0.1  # patches, of the published code's interpolation
HEAD_CHANNELS = 64  # of an attention head
PIXEL_MEAN, PIXEL_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # ImageNet's, of pixels from 0 to 1
CPU_BATCH_PICTURES = 8  # as fast as 16, or faster


class Size(NamedTuple):
    """channels: of every token, and the length of a feature vector."""

    channels: int
    blocks: int


SIZES = {"s": Size(384, 12), "b": Size(768, 12), "l": Size(1024, 24)}


class Attention(nn.Module):
    """Tokens (N, T, C) → (N, T, C); heads of 64 channels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.qkv = nn.Linear(channels, 3 * channels)
        self.proj = nn.Linear(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.qkv(x).unflatten(2, (3, -1, HEAD_CHANNELS)).permute(2, 0, 3, 1, 4)
        return self.proj(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))


class Perceptron(nn.Module):
    """Each token by itself, (N, T, C) → (N, T, C), through four times the channels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(channels, 4 * channels)
        self.fc2 = nn.Linear(4 * channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(F.gelu(self.fc1(x)))


class Scale(nn.Module):
    """A learnt factor for each channel of what a branch adds (LayerScale: Touvron et al. 2021, arXiv 2103.17239)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.gamma


class Block(nn.Module):
    """x plus scaled attention, plus a scaled perceptron, each of the normalised sum so far: (N, T, C) → (N, T, C)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(channels, eps=1e-6)
        self.attn = Attention(channels)
        self.ls1 = Scale(channels)
        self.norm2 = nn.LayerNorm(channels, eps=1e-6)
        self.mlp = Perceptron(channels)
        self.ls2 = Scale(channels)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.ls1(self.attn(self.norm1(x)))
        return x + self.ls2(self.mlp(self.norm2(x)))


class Patches(nn.Module):
    """Pictures (N, 3, H, W), multiples of 14 pixels → a token for each patch, (N, H/14 · W/14, C)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, channels, PATCH_SIDE, PATCH_SIDE)

    def forward(self, x: Tensor) -> Tensor:
        return self.proj(x).flatten(2).transpose(1, 2)


class Dinov2(nn.Module):
    """Pictures, float (N, 3, H, W) as normalised() makes them, multiples of 14 pixels → features, (N, channels).

    mask_token stands for hidden patches in training; here it is only part of the file.
    """

    def __init__(self, size: Size) -> None:
        super().__init__()
        channels = size.channels
        self.cls_token = nn.Parameter(torch.zeros(1, 1, channels))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + TABLE_SIDE**2, channels))
        self.mask_token = nn.Parameter(torch.zeros(1, channels))
        self.patch_embed = Patches(channels)
        self.blocks = nn.Sequential(*(Block(channels) for _ in range(size.blocks)))
        self.norm = nn.LayerNorm(channels, eps=1e-6)

    def forward(self, x: Tensor) -> Tensor:
        grid = (x.shape[2] // PATCH_SIDE, x.shape[3] // PATCH_SIDE)
        tokens = torch.cat([self.cls_token.expand(len(x), -1, -1), self.patch_embed(x)], 1)
        tokens = self.blocks(tokens + positions(self.pos_embed, grid))
        return self.norm(tokens[:, 0])


def positions(table: Tensor, grid: tuple[int, int]) -> Tensor:
    """The table of positions, (1, 1 + 37², C), for another grid of patches: (1, 1 + height · width, C).

    The class token's place comes first and stays as it is.
    """
    side = round((table.shape[1] - 1) ** 0.5)
    if grid == (side, side):
        return table
    places = table[:, 1:].unflatten(1, (side, side)).permute(0, 3, 1, 2)
    # Given as factors, and not as a size: only so does the offset move the places that are sampled.
    factors = [(length + POSITION_OFFSET) / side for length in grid]
    places = F.interpolate(places, scale_factor=factors, mode="bicubic", align_corners=False)
    return torch.cat([table[:, :1], places.flatten(2).transpose(1, 2)], 1)


def normalised(pictures: Tensor) -> Tensor:
    """Pixels of 0…255, float (N, 3, H, W) → those less ImageNet's mean, in units of its deviation."""
    mean, deviation = (torch.tensor(v, device=pictures.device).view(3, 1, 1) for v in (PIXEL_MEAN, PIXEL_DEVIATION))
    return pictures.div(255).sub_(mean).div_(deviation)


def load_dinov2(file: Path, option: str) -> tuple[str, Dinov2]:
    """The size, "s", "b" or "l", and the network of a file, on the CPU.

    The file is the published one, or model.safetensors of Hugging Face's port. Raises InputError for any other.
    """
    found = published(read_tensors(file, option))
    channels = next(iter(found["cls_token"].shape[2:]), 0) if "cls_token" in found else 0
    size = next((letter for letter, size in SIZES.items() if size.channels == channels), None)
    if size is None:
        reason = f"{channels} channels" if channels else "no cls_token"
        raise InputError(
            f"{option} holds no DINOv2 that figment knows ({reason}): give one of S/14, B/14 or L/14 without registers"
        )
    with torch.device("meta"):
        net = Dinov2(SIZES[size])
    load_into(net, found, option, f"DINOv2 {size.upper()}/14 without registers")
    return size, net


# Names of Hugging Face's port, as in its files and as in its later releases, and what the published file calls them.
RENAMED_WEIGHTS = (
    (r"^dinov2\.", ""),
    (r"^embeddings\.patch_embeddings\.projection\.", "patch_embed.proj."),
    (r"^embeddings\.position_embeddings$", "pos_embed"),
    (r"^embeddings\.", ""),
    (r"^encoder\.layer\.", "blocks."),
    (r"^layernorm\.", "norm."),
    (r"\.attention\.(attention\.)?(query|q_proj)\.", ".attn.q."),
    (r"\.attention\.(attention\.)?(key|k_proj)\.", ".attn.k."),
    (r"\.attention\.(attention\.)?(value|v_proj)\.", ".attn.v."),
    (r"\.attention\.(output\.dense|o_proj)\.", ".attn.proj."),
    (r"\.layer_scale([12])\.lambda1$", r".ls\1.gamma"),
)


def published(found: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights under the names of the published file, whether they were so or as in Hugging Face's port."""
    renamed = dict(found)
    for pattern, name in RENAMED_WEIGHTS:
        renamed = {re.sub(pattern, name, old): value for old, value in renamed.items()}
    for name in [name for name in renamed if ".attn.q." in name]:
        parts = [name.replace(".attn.q.", f".attn.{part}.") for part in "qkv"]
        if all(part in renamed for part in parts):
            renamed[name.replace(".attn.q.", ".attn.qkv.")] = torch.cat([renamed.pop(part) for part in parts])
    return renamed


def dinov2_extractor(path: str, device: str, progress: Progress | None = None) -> Extractor:
    """The network of a size, "s" (or nothing), "b" or "l", as it was published; or that of a file.

    progress(done, total): bytes of a download. Raises InputError where the file can't be had or holds another network.
    """
    if path in ("", *SIZES):
        file, digest = weights.located(weights.DINOV2[path or "s"], progress)
    else:
        file, digest = expanded(path), ""
    size, net = load_dinov2(file, f"--features dinov2:{file}")
    digest = digest or weights.sha256_of(file)
    official = weights.DINOV2[size].is_in(digest)
    net.to(device)

    def forward(pictures: Tensor) -> Tensor:
        return net(normalised(resized(pictures.to(device).float(), (INPUT_SIDE, INPUT_SIDE))))

    return Extractor(
        f"dinov2:{size}" if official else f"dinov2:{file.name}",
        SIZES[size].channels,
        CPU_BATCH_PICTURES if device == "cpu" else GPU_BATCH_PICTURES,
        array_network(device, forward),
        label=f"FD-DINOv2-{size.upper()}" + ("" if official else f"-{digest[:8]}"),
        resize=resize_text(INPUT_SIDE),
        digest=digest[:16],
        forward=forward,
    )
