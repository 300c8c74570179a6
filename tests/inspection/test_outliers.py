import numpy as np
import pytest
from PIL import Image

from figment.features.base import Extractor
from figment.features.registry import extractor
from figment.inspection import outliers
from figment.inspection.outliers import farness, kth_nearest, outlier_scores
from figtest.paths import DATA


def means():
    """Features: the three mean colours."""
    return Extractor("means", 3, 64, lambda x: x.mean((2, 3), dtype=np.float32) + 1)


def coloured(colours):
    return np.broadcast_to(np.asarray(colours, np.uint8)[:, None, None], (len(colours), 4, 4, 3))


def test_kth_nearest_is_by_brute_force():
    random = np.random.default_rng(0)
    others = random.normal(size=(405, 3)).astype(np.float32)
    others /= np.linalg.norm(others, axis=1, keepdims=True)
    others, outside = others[:400], others[400:]
    k = 8  # 2 % of 400
    queries = np.concatenate([others[[7, 3]], outside])
    found = kth_nearest(queries, others, np.array([7, 3, -1, -1, -1, -1, -1]))
    distances = np.linalg.norm(queries[:, None] - others[None], axis=2)
    distances[0, 7] = distances[1, 3] = np.inf
    assert np.allclose(found, np.sort(distances, axis=1)[:, k - 1], atol=1e-3)


def test_histograms_are_compared_by_hellingers_distance():
    random = np.random.default_rng(4)
    shares = random.dirichlet(np.ones(5), 150).astype(np.float32)
    known = Extractor("shares", 5, 64, lambda x: shares[x[:, 0, 0, 0]])
    numbers = np.broadcast_to(np.arange(150, dtype=np.uint8)[:, None, None, None], (150, 4, 4, 3))
    bhattacharyya = np.sqrt(shares[:, None] * shares[None]).sum(2)
    distances = np.sqrt(np.maximum(2 - 2 * bhattacharyya, 0))
    np.fill_diagonal(distances, np.inf)
    nearest = np.sort(distances, axis=1)[:, outliers.MIN_NEIGHBOURS - 1]
    assert np.allclose(farness(numbers, known), outlier_scores(np.log(nearest)), atol=1e-3)


def test_of_an_exponential_tail_the_agreed_share_lies_above_one():
    values = -np.log(1 - (np.arange(100_000) + 0.5) / 100_000)
    scaled = outlier_scores(values)
    assert abs((scaled > 1).mean() - outliers.FALSE_ALARM_RATE) < 1e-4
    assert abs(np.median(scaled)) < 1e-4


def test_all_equal_means_no_outlier():
    assert (farness(coloured(np.full((200, 3), 99)), means()) <= 1).all()
    assert (farness(coloured(np.arange(297).reshape(99, 3) % 256), means()) == 0).all()  # too few to tell


@pytest.mark.parametrize("together", [1, 9])
def test_what_is_far_is_found_even_in_company(together):
    random = np.random.default_rng(1)
    colours = random.normal(128, 10, (600, 3)).clip(0, 255)
    strangers = random.choice(600, together, replace=False)
    colours[strangers] = (250, 5, 250)
    found = farness(coloured(colours), means())
    assert set(np.argsort(-found)[:together]) == set(strangers)
    assert (found[strangers] > 1).all()
    assert (np.delete(found, strangers) > 1).mean() < 0.01


def test_a_large_set_is_compared_with_a_part_of_it(monkeypatch):
    random = np.random.default_rng(2)
    colours = random.normal(128, 10, (900, 3)).clip(0, 255)
    colours[450] = (250, 5, 250)
    monkeypatch.setattr(outliers, "REFERENCE_PICTURES", 300)
    monkeypatch.setattr(outliers, "BATCH_PICTURES", 128)
    told = []
    found = farness(coloured(colours), means(), progress=lambda done, total: told.append((done, total)))
    assert found.argmax() == 450
    assert found[450] > 1
    assert told[-1] == (900, 900)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert np.array_equal(found, farness(coloured(colours), means()))


@pytest.mark.skipif(not DATA.exists(), reason="needs the development data")
def test_foreigners_among_faces_in_gradients():
    random = np.random.default_rng(3)
    files = sorted((DATA / "celeba" / "dev").glob("*.jpg"))[:800]
    faces = [np.asarray(Image.open(file).resize((64, 64), Image.Resampling.BILINEAR)) for file in files]
    noise = list(random.integers(0, 256, (5, 64, 64, 3), dtype=np.uint8))
    lines = np.full((3, 64, 64, 3), 255, np.uint8)
    lines[:, ::3, ::2] = random.integers(0, 2, (3, 22, 32, 1)) * 255
    with np.load(DATA / "fashion_mnist_12k.npz") as stored:
        garments = [np.asarray(Image.fromarray(one).convert("RGB").resize((64, 64))) for one in stored["x"][:8]]
    found = farness(np.array([*faces, *noise, *lines, *garments]), extractor("gradients"))
    assert (found[800:] > 1).all()
    assert (found[:800] > 1).mean() < 0.005
