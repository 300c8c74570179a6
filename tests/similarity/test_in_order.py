"""The nearest clips in order: beside every shift, one by one."""

import numpy as np
import pytest

from figment.similarity.in_order import moments, nearest_clips


def test_moments_lie_evenly() -> None:
    assert moments(16).tolist() == [0, 2, 4, 6, 8, 10, 12, 14]
    assert moments(4).tolist() == [0, 1, 2, 3]
    assert moments(12).tolist() == [0, 2, 4, 6, 8, 10]
    assert len(moments(256)) == 8


def by_hand(ours: np.ndarray, other: np.ndarray, step: int) -> tuple[float, int]:
    """The best cosine of one clip, (K, d), at any shift, and that shift."""
    found = []
    for shift in range(-len(ours) * step, len(other)):
        pairs = [(ours[k], other[shift + k * step]) for k in range(len(ours)) if 0 <= shift + k * step < len(other)]
        if 2 * len(pairs) >= len(ours):
            a, b = (np.concatenate(side) for side in zip(*pairs, strict=True))
            found.append((float(a @ b / np.sqrt(a @ a * (b @ b))), shift))
    return max(found)


@pytest.mark.parametrize(("moments_each", "step", "length"), [(8, 2, 15), (5, 1, 5), (4, 3, 30)])
def test_as_one_by_one(moments_each: int, step: int, length: int) -> None:
    random = np.random.default_rng(0)
    ours = random.normal(0, 1, (6, moments_each, 7)).astype(np.float32)
    others = [random.normal(0, 1, (length + extra, 7)) for extra in range(9)]
    found = nearest_clips(ours, others, step, 3)
    for i, clip in enumerate(ours):
        every = sorted(((*by_hand(clip, other, step), place) for place, other in enumerate(others)), reverse=True)
        assert found.place[i].tolist() == [place for _, _, place in every[:3]]
        assert found.shift[i].tolist() == [shift for _, shift, _ in every[:3]]
        assert found.cosine[i] == pytest.approx([cosine for cosine, _, _ in every[:3]], abs=1e-5)


def test_a_stretch_is_found_and_the_own_clip_passed_over() -> None:
    random = np.random.default_rng(1)
    others = [random.normal(0, 1, (20, 5)) for _ in range(6)]
    ours = np.stack([other[4 : 4 + 15 : 2] for other in others]).astype(np.float32)
    found = nearest_clips(ours, others, 2, 1)
    assert found.place[:, 0].tolist() == list(range(6))
    assert found.shift[:, 0].tolist() == [4] * 6
    assert found.cosine[:, 0] == pytest.approx(1, abs=1e-5)
    apart = nearest_clips(ours, others, 2, 6, own=np.arange(6))
    assert (apart.place[:, :5] != np.arange(6)[:, None]).all()
    assert apart.place[:, 5].tolist() == [-1] * 6
