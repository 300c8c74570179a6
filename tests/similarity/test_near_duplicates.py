"""Near-duplicates are found among planted ones, and nothing else is."""

import io
import pickle
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageOps

from figment.data.portraits.table import portraits
from figment.similarity import alignment, candidates, thumbnails
from figment.similarity.alignment import detail_correlation
from figment.similarity.near_duplicates import (
    Comparison,
    _level,
    _levels,
    _Shared,
    compare_groups,
    near_duplicates,
    stars,
)
from figment.similarity.thumbnails import THUMBNAIL_SIDE, thumbnail
from figtest.paths import DATA

CELEBA = DATA / "celeba" / "dev"


def encoded(picture: Image.Image, kind: str, quality: int) -> Image.Image:
    file = io.BytesIO()
    picture.save(file, kind, quality=quality)
    return Image.open(file).convert("RGB")


def cropped(picture: Image.Image, random: np.random.Generator) -> Image.Image:
    left, top, right, bottom = random.uniform(0, 0.07, 4)
    width, height = picture.size
    box = (round(left * width), round(top * height), round((1 - right) * width), round((1 - bottom) * height))
    return picture.crop(box)


def scaled(picture: Image.Image, factor: float) -> Image.Image:
    return picture.resize((round(picture.width * factor), round(picture.height * factor)), Image.Resampling.BICUBIC)


KINDS = {
    "jpeg": lambda picture, random: encoded(picture, "JPEG", int(random.integers(30, 91))),
    "webp": lambda picture, random: encoded(picture, "WEBP", int(random.integers(30, 91))),
    "smaller": lambda picture, random: scaled(picture, random.uniform(0.5, 1)),
    "larger": lambda picture, random: scaled(picture, random.uniform(1, 2)),
    "mirrored": lambda picture, random: ImageOps.mirror(picture),
    "cropped": cropped,
    "brightness": lambda picture, random: ImageEnhance.Brightness(picture).enhance(random.uniform(0.75, 1.25)),
    "contrast": lambda picture, random: ImageEnhance.Contrast(picture).enhance(random.uniform(0.75, 1.25)),
    "mirrored and cropped": lambda picture, random: cropped(ImageOps.mirror(picture), random),
    "cropped and coded": lambda picture, random: encoded(cropped(picture, random), "JPEG", 60),
}


def clouds(count: int, seed: int = 0, size: int = 96) -> list[Image.Image]:
    """Pictures whose amplitudes fall with frequency, as those of photographs do; each its own."""
    random = np.random.default_rng(seed)
    y, x = np.meshgrid(np.fft.fftfreq(size), np.fft.fftfreq(size), indexing="ij")
    fall = 1 / np.maximum(np.hypot(y, x), 1 / size) ** 1.3
    pictures = []
    for _ in range(count):
        noise = np.fft.ifft2(np.fft.fft2(random.normal(size=(size, size))) * fall).real
        grey = np.clip(128 + 45 * (noise - noise.mean()) / noise.std(), 0, 255).astype(np.uint8)
        pictures.append(Image.fromarray(grey).convert("RGB"))
    return pictures


def stacked(pictures: list[Image.Image]) -> np.ndarray:
    return np.stack([thumbnail(picture) for picture in pictures])


@pytest.fixture(scope="module")
def cloud_pictures() -> list[Image.Image]:
    return clouds(60)


def plant(pictures: list[Image.Image], each: int) -> tuple[np.ndarray, dict[str, list[tuple[int, int]]]]:
    """Thumbnails of the pictures and of copies of each kind, and the pairs to be found by kind."""
    random, versions, pairs = np.random.default_rng(1), list(pictures), {}
    for kind, change in KINDS.items():
        pairs[kind] = []
        for i in random.choice(len(pictures), each, replace=False):
            pairs[kind].append((int(i), len(versions)))
            versions.append(change(pictures[i], random))
    return stacked(versions), pairs


def recall(groups: list[list[int]], pairs: list[tuple[int, int]]) -> float:
    place = {i: number for number, group in enumerate(groups) for i in group}
    return float(np.mean([a in place and place[a] == place.get(b) for a, b in pairs]))


def test_a_thumbnail_is_a_small_grey_square_of_the_whole_picture() -> None:
    picture = Image.new("RGB", (178, 218), "white")
    picture.paste("black", (0, 0, 89, 218))
    grey = thumbnail(picture)
    assert grey.shape == (THUMBNAIL_SIDE, THUMBNAIL_SIDE)
    assert grey.dtype == np.uint8
    assert (grey[:, : THUMBNAIL_SIDE // 2 - 1] <= 2).all()
    assert (grey[:, THUMBNAIL_SIDE // 2 + 1 :] >= 253).all()


@pytest.mark.parametrize("size", [(1, 1), (3, 500), (48, 48), (1000, 20)])
def test_pictures_of_any_size_have_a_thumbnail(size: tuple[int, int]) -> None:
    assert (thumbnail(Image.new("RGB", size, "grey")) == 128).all()


def test_thumbnails_of_small_copies_are_means_of_their_neighbourhoods() -> None:
    small = np.random.default_rng(0).integers(0, 256, (3, 64, 64, 3), dtype=np.uint8)
    for picture, made in zip(small, thumbnails.thumbnails(small), strict=True):
        plain = (
            Image.fromarray(picture).resize((THUMBNAIL_SIDE, THUMBNAIL_SIDE), Image.Resampling.BILINEAR).convert("L")
        )
        assert np.abs(made.astype(int) - np.asarray(plain)).max() <= 1
        assert np.array_equal(thumbnail(picture), made)


def test_every_kind_of_planted_copy_is_found_and_nothing_else(cloud_pictures: list[Image.Image]) -> None:
    thumbnails, pairs = plant(cloud_pictures, each=20)
    groups = near_duplicates(thumbnails)
    origin = {copy: original for kind in pairs.values() for original, copy in kind}
    assert {kind: recall(groups, its) for kind, its in pairs.items() if recall(groups, its) < 0.95} == {}
    for group in groups:
        assert len({origin.get(i, i) for i in group}) == 1
        assert group == sorted(group)
    assert groups == sorted(groups)


@pytest.mark.skipif(not CELEBA.is_dir(), reason="needs the faces in shared/data")
def test_faces_of_one_person_are_no_duplicates_but_planted_copies_are() -> None:
    paths = sorted(CELEBA.iterdir())[:600]  # five pictures each of 120 people
    thumbnails, pairs = plant([Image.open(path).convert("RGB") for path in paths], each=40)
    groups = near_duplicates(thumbnails)
    natural = near_duplicates(thumbnails[: len(paths)])
    assert {kind: recall(groups, its) for kind, its in pairs.items() if recall(groups, its) < 0.95} == {}
    origin = {copy: original for kind in pairs.values() for original, copy in kind}
    found = [tuple(sorted((origin.get(a, a), origin.get(b, b)))) for group in groups for a, b in combinations(group, 2)]
    # Pairs of two originals: looked at by eye, the set's own duplicates.
    own = {pair for group in natural for pair in combinations(group, 2)}
    assert len(own) <= 5
    wrong = sum(a != b and (a, b) not in own for a, b in found)
    assert wrong <= 0.01 * len(found)


def test_candidates_miss_hardly_anything_that_verifying_all_pairs_finds(cloud_pictures: list[Image.Image]) -> None:
    thumbnails, _ = plant(cloud_pictures[:20], each=4)
    a, b = np.array(list(combinations(range(len(thumbnails)), 2))).T
    found = set()
    for mirrored in (0, 1):
        for view in (0, 1, 2):
            flags = np.full(len(a), mirrored), np.full(len(a), view)
            scores = detail_correlation(thumbnails[a], thumbnails[b], *flags)
            found |= {(int(i), int(j)) for i, j in zip(a[scores >= 0.85], b[scores >= 0.85], strict=True)}
    grouped = {pair for group in near_duplicates(thumbnails) for pair in combinations(group, 2)}
    assert len(found) > 30
    assert len(found - grouped) <= 0.03 * len(found)


def test_neither_the_number_of_processes_nor_a_memory_map_matters(
    cloud_pictures: list[Image.Image], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("near_duplicates", "candidates"):  # for several blocks, so that workers are started
        monkeypatch.setattr(f"figment.similarity.{module}.BLOCK_PICTURES", 32)
    thumbnails, _ = plant(cloud_pictures, each=10)
    alone = near_duplicates(thumbnails, processes=1)
    assert len(alone) > 20
    thumbnails.tofile(tmp_path / "thumbnails")
    mapped = np.memmap(tmp_path / "thumbnails", np.uint8, "r", shape=thumbnails.shape)
    assert near_duplicates(thumbnails, processes=2) == near_duplicates(mapped, processes=3) == alone
    assert near_duplicates(mapped[::-1], processes=2) == near_duplicates(thumbnails[::-1].copy(), processes=1)


def test_a_memory_map_goes_to_workers_by_name(tmp_path: Path) -> None:
    pictures = stacked(clouds(3, seed=8))
    pictures.tofile(tmp_path / "thumbnails")
    mapped = np.memmap(tmp_path / "thumbnails", np.uint8, "r", shape=pictures.shape)
    for array in (mapped, mapped[1:], pictures):
        sent = pickle.dumps(_Shared(array))
        assert (len(sent) < 500) == (array is mapped)
        assert np.array_equal(pickle.loads(sent).pictures, array)


def test_interpolation_weighs_pixels_by_the_cubic_kernel() -> None:
    places = np.random.default_rng(0).uniform(0, 7, (5, 8)).astype(np.float32)
    places[0, :3] = 0, 3, 7
    x = np.abs(places[:, :, None] - np.arange(8))
    near, far = (1.5 * x - 2.5) * x * x + 1, ((2.5 - 0.5 * x) * x - 4) * x + 2  # Keys 1981
    expected = np.where(x < 1, near, np.where(x < 2, far, 0))
    np.testing.assert_allclose(alignment._cubic(places), expected, atol=1e-5)


def test_the_order_of_the_pictures_does_not_matter(cloud_pictures: list[Image.Image]) -> None:
    thumbnails, _ = plant(cloud_pictures, each=10)
    order = np.random.default_rng(3).permutation(len(thumbnails))
    groups = near_duplicates(thumbnails)
    shuffled = sorted(sorted(int(order[i]) for i in group) for group in near_duplicates(thumbnails[order]))
    assert shuffled == groups
    assert len(groups) > 20


def test_a_mirrored_description_negates_its_odd_directions(cloud_pictures: list[Image.Image]) -> None:
    thumbnails = stacked(cloud_pictures)
    everything = np.arange(len(thumbnails))
    space = candidates.fisher_discriminant(thumbnails, everything)
    plain, _ = space.project(thumbnails, everything)
    mirrored, _ = space.project(np.ascontiguousarray(thumbnails[:, :, ::-1]), everything)
    np.testing.assert_allclose(mirrored, plain * space.signs, atol=1e-3 * np.abs(plain).max())
    assert set(space.signs) == {1, -1}


def test_left_over_is_half_of_the_reach_less_the_squared_distance() -> None:
    random = np.random.default_rng(0)
    a, b = (random.normal(size=(n, 16)).astype(np.float32) for n in (5, 7))
    distance = ((a[:, None].astype(float) - b) ** 2).sum(2)
    np.testing.assert_allclose(candidates.closeness(a, b, 30.0), (30 - distance) / 2, rtol=1e-4, atol=1e-4)


def test_alignment_finds_a_known_window() -> None:
    (picture,) = clouds(1, seed=5, size=480)
    whole, part = thumbnail(picture), thumbnail(picture.crop((24, 10, 460, 450)))
    standard = [alignment.standardised(grey[None].astype(np.float32)) for grey in (whole, part)]
    window = np.array([[0.04, 0.92, 0.04, 0.92]])
    for _ in range(10):
        window = alignment.gauss_newton_step(window, *alignment.resampled(standard[0], window), standard[1])
    np.testing.assert_allclose(window, [[24 / 480, 436 / 480, 10 / 480, 440 / 480]], atol=0.003)


def test_many_copies_of_each_picture_come_together() -> None:
    random, thumbnails = np.random.default_rng(7), []
    for picture in clouds(12, seed=7):
        thumbnails += [thumbnail(cropped(picture, random)) for _ in range(39)] + [thumbnail(picture)]
    groups = near_duplicates(np.stack(thumbnails))
    assert all(len({i // 40 for i in group}) == 1 for group in groups)
    assert sum(len(group) - 1 for group in groups) >= 0.97 * 39 * 12


def test_equal_pictures_are_one_group_and_blank_ones_one_for_each_level() -> None:
    pictures = stacked(clouds(5, seed=2))
    black = np.zeros((1, THUMBNAIL_SIDE, THUMBNAIL_SIDE), np.uint8)
    white = black + np.uint8(255)
    thumbnails = np.concatenate([white, pictures, black, pictures[2:3], white, pictures[2:3], black])
    assert near_duplicates(thumbnails) == [[0, 8], [3, 7, 9], [6, 10]]


def test_no_picture_one_and_two() -> None:
    pictures = stacked(clouds(2, seed=4))
    assert near_duplicates(pictures[:0]) == []
    assert near_duplicates(pictures[:1]) == []
    assert near_duplicates(pictures) == []
    assert near_duplicates(np.stack([pictures[0], pictures[0][:, ::-1]])) == [[0, 1]]
    assert near_duplicates(pictures[[0, 0]]) == [[0, 1]]


def test_other_arrays_are_refused() -> None:
    with pytest.raises(ValueError, match="thumbnails are uint8"):
        near_duplicates(np.zeros((3, 8, 8), np.uint8))


def test_progress_ends_with_all_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("near_duplicates", "candidates"):
        monkeypatch.setattr(f"figment.similarity.{module}.BLOCK_PICTURES", 8)
    pictures = stacked(clouds(20, seed=6))
    calls: list[tuple[int, int]] = []
    assert near_duplicates(np.concatenate([pictures, pictures[:3, :, ::-1]]), lambda *call: calls.append(call)) == [
        [0, 20],
        [1, 21],
        [2, 22],
    ]
    assert calls[-1] == (23, 23)
    assert calls == sorted(calls)
    assert len(calls) > 3


def test_portraits_of_different_people_are_not_accused() -> None:
    pictures, _ = portraits(400, seed=0, size=64)
    assert near_duplicates(stacked([Image.fromarray(picture.transpose(1, 2, 0)) for picture in pictures])) == []


@pytest.mark.skipif(not DATA.is_dir(), reason="needs the pictures in shared/data")
def test_similar_garments_are_not_accused_but_copies_among_them_are() -> None:
    with np.load(DATA / "fashion_mnist_12k.npz") as arrays:
        garments = next(arrays[name] for name in arrays.files if arrays[name].ndim == 3)[:400]
    thumbnails = stacked([Image.fromarray(garment).convert("RGB") for garment in garments])
    assert len(near_duplicates(thumbnails)) <= 2
    mirrored = thumbnails[:100, :, ::-1]
    assert recall(near_duplicates(np.concatenate([thumbnails, mirrored])), [(i, 400 + i) for i in range(100)]) >= 0.95


def test_stars_do_not_grow_along_chains() -> None:
    assert stars([(0, 1), (1, 2), (2, 3), (3, 4)]) == [[1, 0, 2], [3, 4]]
    assert stars([(5, 6), (2, 5)]) == [[5, 2, 6]]
    assert stars([]) == []


def test_comparing_counts_pairs_found_by_both_and_by_one() -> None:
    first, second = [[0, 1, 2], [5, 6], [8, 9]], [[0, 1], [2, 7], [5, 6, 8]]
    pairs = [{pair for group in groups for pair in combinations(group, 2)} for groups in (first, second)]
    expected = Comparison(len(pairs[0] & pairs[1]), len(pairs[0] - pairs[1]), len(pairs[1] - pairs[0]))
    assert compare_groups(first, second) == expected == Comparison(2, 3, 3)


def test_the_level_rises_until_there_is_a_gap_below_it() -> None:
    assert _level(np.array([])) == pytest.approx(0.85)
    assert _level(np.array([0.76, 0.9, 0.99, 0.999])) == pytest.approx(0.85)
    continuum = np.repeat([0.8, 0.88, 0.93], [60, 20, 3])
    assert 0.93 < _level(continuum) < 0.98
    assert _level(np.append(continuum, [0.999] * 5)) < 0.98


def test_the_reach_shrinks_where_every_picture_is_like_every_other() -> None:
    random = np.random.default_rng(0)
    crowd = random.normal(scale=0.2, size=(500, 16)).astype(np.float32)
    signs = np.ones(16, np.float32)
    reach = candidates.candidate_reach(crowd, crowd, signs)
    assert 0 < reach < candidates.MAX_REACH
    pairs = candidates.candidate_pairs(crowd, crowd, signs, reach, 0, 0)
    plain = pairs[pairs[:, 2] == 0]
    assert 0.5 * candidates.CANDIDATES_PER_PICTURE < 2 * len(pairs) / 500 < 1.5 * candidates.CANDIDATES_PER_PICTURE
    distance = ((crowd[:, None].astype(float) - crowd) ** 2).sum(2)[np.triu_indices(500, 1)]
    nearest = np.sort(distance)[: len(plain)]
    chosen = ((crowd[plain[:, 0]].astype(float) - crowd[plain[:, 1]]) ** 2).sum(1)
    np.testing.assert_allclose(np.sort(chosen), nearest, rtol=1e-3)


def test_how_alike_is_judged_set_by_set() -> None:
    # Photographs: a few copies and a gap below. Look-alikes: ever more pairs the lower one goes.
    photographs, look_alikes = np.array([0.88, 0.99, 0.995]), np.linspace(0.75, 0.98, 200)
    scores = np.concatenate([photographs, look_alikes, [0.9, 0.9999]])
    parts = np.array([[0, 0]] * 3 + [[1, 1]] * 200 + [[0, 1]] * 2)
    accepted = scores >= _levels(scores, parts)
    assert accepted[:3].all()
    assert accepted[3:203].mean() < 0.2
    assert accepted[203:].tolist() == [False, True]  # of two sets: as the stricter one has it
    assert not (scores >= _levels(scores, np.zeros_like(parts)))[0]  # as one set they would hide the first
    assert _levels(np.empty(0), np.empty((0, 2), np.int64)).shape == (0,)


def test_no_pairs_are_none() -> None:
    empty = np.empty((0, THUMBNAIL_SIDE, THUMBNAIL_SIDE), np.uint8)
    assert detail_correlation(empty, empty, np.empty(0, bool), np.empty(0, int)).shape == (0,)
