"""Networks for films from ONNX files, and the distance of clips in their features."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.linalg import sqrtm

from figment.errors import InputError
from figment.features.onnx_clips import clip_network
from figment.metrics.clip_scores import film_distance

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
LAYOUTS: dict[str, tuple[list[Any], tuple[int, ...]]] = {  # shapes, and what brings (T, C, H, W) there
    "ncthw": (["n", 3, 4, 8, 8], (1, 0, 2, 3)),
    "ntchw": (["n", "t", 3, 8, 8], (0, 1, 2, 3)),
    "nthwc": (["n", "t", 8, 8, 3], (0, 2, 3, 1)),
}


def network_file(place: Path, shape: list[Any], note: str = "") -> Path:
    """A network whose features of a clip are its mean over all axes but colours' and time's, at its layout."""
    from onnx import TensorProto, helper

    sides = [axis for axis, side in enumerate(shape) if side in (8, "h", "w")]
    nodes = [
        helper.make_node("ReduceMean", ["x", "axes"], ["means"], keepdims=0),
        helper.make_node("Flatten", ["means"], ["y"], axis=1),
    ]
    axes = helper.make_tensor("axes", TensorProto.INT64, [len(sides)], sides)
    graph = helper.make_graph(
        nodes, "means", [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", "d"])], [axes],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    if note:
        model.metadata_props.add(key="input", value=note)
    onnx.save(model, place)
    return place


def clips(count: int, seed: int, frames: int = 4) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, frames, 3, 8, 8), np.uint8)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_network_of_each_layout_sees_the_clip(layout: str, tmp_path: Path) -> None:
    shape, order = LAYOUTS[layout]
    network, seen = clip_network(f"onnx:{network_file(tmp_path / 'a.onnx', shape, '-1..1')}"), clips(3, 0)
    turned = seen.transpose(0, *(1 + place for place in order)).astype(np.float32) / 127.5 - 1
    sides = tuple(axis for axis, side in enumerate(turned.shape) if side == 8)
    assert np.allclose(network(seen), turned.mean(sides).reshape(3, -1), atol=1e-5)
    assert (network.name, network.frames) == ("a.onnx", 4 if layout == "ncthw" else None)


def test_the_distance_is_that_of_two_normal_distributions(tmp_path: Path) -> None:
    """Against scipy's matrix root of what numpy counts; shuffled frames are as near here as others, for noise has no order."""
    network = clip_network(f"onnx:{network_file(tmp_path / 'a.onnx', LAYOUTS['ncthw'][0])}")
    ours, others, reference = clips(60, 1) // 2, clips(60, 2), clips(80, 3)
    score = film_distance(ours, others, reference, network, 0)

    def moments(some: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        rows = some.mean((3, 4)).transpose(0, 2, 1).reshape(len(some), -1)
        return rows.mean(0), np.cov(rows.T)

    (a, c), (b, d) = moments(ours), moments(reference)
    expected = ((a - b) ** 2).sum() + np.trace(c + d - 2 * sqrtm(c @ d).real)
    assert score.name == "FD of films, a.onnx"
    assert score.value.value == pytest.approx(expected, rel=1e-3)
    assert score.floor.value < score.value.value / 100
    assert score.spoilt["frozen reals"].value > 10 * score.floor.value


def test_what_isnt_a_network_for_films(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--clip-features i3d: give onnx:FILE"):
        clip_network("i3d")
    with pytest.raises(InputError, match=r"--clip-features onnx:.*no such file"):
        clip_network(f"onnx:{tmp_path / 'no.onnx'}")
    with pytest.raises(InputError, match="one input N×3×T×H×W"):
        clip_network(f"onnx:{network_file(tmp_path / 'b.onnx', ['n', 3, 8, 8])}")
    with pytest.raises(InputError, match="one input N×3×T×H×W"):
        clip_network(f"onnx:{network_file(tmp_path / 'c.onnx', ['n', 5, 5, 8, 8])}")
    with pytest.raises(InputError, match="for a height and width"):
        clip_network(f"onnx:{network_file(tmp_path / 'd.onnx', ['n', 3, 't', 'h', 'w'])}")
    network = clip_network(f"onnx:{network_file(tmp_path / 'e.onnx', ['n', 3, 16, 8, 8])}")
    with pytest.raises(InputError, match="takes clips of 16 frames, and these have 4"):
        network.check(4)
