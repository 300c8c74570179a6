"""Replayed training pictures are found, held-out ones aren't accused, and the numbers are those of brute force."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from figment.data.bank.prepare import prepare
from figment.data.portraits.table import portraits
from figment.errors import InputError
from figment.features import registry
from figment.metrics import copy_kinds, copy_matches, copying, planted, two_samples
from figment.metrics.copying import Copying, gallery, measure_copying
from figment.similarity import lookup, nearest
from figment.similarity.nearest import Subset
from figtest.paths import DATA

Pixels = np.ndarray


def jpeg(picture: Pixels, quality: int) -> Pixels:
    file = io.BytesIO()
    Image.fromarray(picture.transpose(1, 2, 0)).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file)).transpose(2, 0, 1)


def cropped(picture: Pixels, share: float, random: np.random.Generator) -> Pixels:
    _, height, width = picture.shape
    left, top, right, bottom = random.uniform(0, share, 4)
    box = (left * width, top * height, (1 - right) * width, (1 - bottom) * height)
    image = Image.fromarray(picture.transpose(1, 2, 0))
    return np.asarray(image.resize((width, height), Image.Resampling.BICUBIC, box=box)).transpose(2, 0, 1)


def noised(picture: Pixels, sigma: float, random: np.random.Generator) -> Pixels:
    return np.clip(np.rint(picture + random.normal(0, sigma, picture.shape)), 0, 255).astype(np.uint8)


KINDS: dict[str, Callable[[Pixels, np.random.Generator], Pixels]] = {
    "whole": lambda picture, random: picture,
    "flipped": lambda picture, random: picture[:, :, ::-1],
    "noised": lambda picture, random: noised(picture, random.uniform(5, 15), random),
    "cropped": lambda picture, random: cropped(picture, 0.06, random),
    "compressed": lambda picture, random: jpeg(picture, int(random.integers(50, 91))),
    "brightened": lambda picture, random: np.clip(picture * random.uniform(0.8, 1.2), 0, 255).astype(np.uint8),
}


def replays(train: Pixels, places: Pixels, kinds: list[str], seed: int = 0) -> Pixels:
    random = np.random.default_rng(seed)
    return np.stack([KINDS[kinds[i % len(kinds)]](train[place], random) for i, place in enumerate(places)])


def wrong(found: Copying, origin: dict[int, int]) -> list[int]:
    return [pair.generated for pair in found.copies if origin.get(pair.generated) != pair.train]


@pytest.fixture(scope="module")
def sets() -> tuple[Pixels, Pixels, Pixels]:
    """Training, held-out and new portraits."""
    pictures, _ = portraits(1500, size=64)
    return pictures[:900], pictures[900:1200], pictures[1200:]


@pytest.fixture(scope="module")
def of_new(sets: tuple[Pixels, Pixels, Pixels]) -> Copying:
    train, held_out, new = sets
    return measure_copying(new, train, held_out)


def test_new_pictures_are_not_accused(of_new: Copying) -> None:
    assert len(of_new.copies) <= 1
    assert of_new.copied_share_held_out is not None
    assert of_new.copied_share_held_out <= 1 / 300
    assert of_new.nearer_p is not None
    assert of_new.nearer_p > 0.001
    assert of_new.test_z is not None
    assert abs(of_new.test_z) < 4
    assert of_new.auth_pct == pytest.approx(of_new.auth_pct_held_out, abs=15)
    assert of_new.unsaid == []
    assert len(of_new.closest) == copying.CLOSEST_PAIRS


@pytest.mark.parametrize("share", [0.01, *(pytest.param(share, marks=pytest.mark.slow) for share in (0.1, 1))])
def test_replays_among_samples_are_found(sets: tuple[Pixels, Pixels, Pixels], share: float) -> None:
    train, held_out, new = sets
    count = round(share * len(new))
    places = np.random.default_rng(1).choice(len(train), count, replace=False)
    samples = np.concatenate([replays(train, places, list(KINDS)), new[count:]])
    found = measure_copying(samples, train, held_out)
    right = len(found.copies) - len(wrong(found, dict(enumerate(places.tolist()))))
    assert right >= 0.85 * count
    assert len(found.copies) - right <= 1
    assert found.copied_share_held_out is not None
    assert found.copied_share_held_out <= 1 / 300
    assert found.verdict().startswith("Copies:")
    if share == 1:
        assert found.test_z is not None
        assert found.test_z < -10
        assert found.ct is not None
        assert found.ct < -3
        assert found.auth_pct is not None
        assert found.auth_pct < 10
        assert found.lean is not None
        assert found.lean > 5
        assert found.nearer_p is not None
        assert found.nearer_p < 1e-6


@pytest.fixture(scope="module")
def of_all_kinds(sets: tuple[Pixels, Pixels, Pixels]) -> tuple[Pixels, list[tuple[str, set[int]]], Copying]:
    """Samples, of which each but the last fifty is a copy: its kind and what it is of; and what was found."""
    train, held_out, new = sets[0][:500], sets[1], sets[2]
    samples, truth = [replays(train, np.arange(0, 500, 20), [kind]) for kind in KINDS], []
    truth += [(kind, {place}) for kind in KINDS for place in range(0, 500, 20)]
    random = np.random.default_rng(3)
    for kind, change in planted.PLANTED_KINDS.items():
        for place in range(0, 500, 20):
            second = (place + 7) % 500
            beside = train[second] if kind == "blended" else new[place // 20]
            samples.append(change(train[place], beside, random)[None])
            truth.append((kind, {place, second} if kind == "blended" else {place}))
    together = np.concatenate([*samples, new[25:75]])
    return together, truth, measure_copying(together, train, held_out)


@pytest.mark.parametrize("kind", [*KINDS, *planted.PLANTED_KINDS])
def test_every_kind_is_found_and_named(of_all_kinds: tuple, sets: tuple[Pixels, Pixels, Pixels], kind: str) -> None:
    _, truth, found = of_all_kinds
    right = [p for p in found.copies if p.generated < len(truth) and p.train in truth[p.generated][1]]
    pairs = [p for p in right if truth[p.generated][0] == kind]
    assert len(right) == len(found.copies)  # neither a new picture nor a wrong one
    # Of a few hundred drawings from a table, levels of those that were recoloured lie high.
    assert len(pairs) >= {"hardly changed": 18, "recoloured": 16}.get(kind, 22)
    named = {"in a half": " half", "in a quarter": "quarter", "in the centre": "centre", "blended": "blend"}
    named |= dict.fromkeys([*KINDS, "hardly changed"], "whole")
    least = 0.4 if kind == "enlarged" else 0.75  # what is hardly enlarged is whole
    assert sum(p.kind.endswith(named.get(kind, kind)) for p in pairs) >= least * len(pairs)
    if kind in ("whole", "flipped"):
        assert max(p.distance for p in pairs) == 0
        assert all(p.mirrored == (kind == "flipped") for p in pairs)
    if kind == "blended":
        assert all({p.train, p.second} == truth[p.generated][1] for p in pairs if p.kind == "blend")


def test_records_and_sheets_tell_the_kind(of_all_kinds: tuple, sets: tuple[Pixels, Pixels, Pixels]) -> None:
    samples, _, found = of_all_kinds
    record = json.loads(json.dumps(found.as_record()))
    assert {pair["kind"] for pair in record["copies"]} <= set(copy_matches.KINDS)
    assert set(record["levels"]) == set(copy_matches.FAMILIES)
    assert set(record["detectable"]) == set(planted.PLANTED_KINDS)
    blend = next(pair for pair in found.copies if pair.kind == "blend")
    of_part = next(pair for pair in found.copies if pair.kind == "left half" and not pair.mirrored)
    train = sets[0][:500]
    sheet = gallery(samples, train, [of_part, blend])
    assert sheet.shape == (3 * 64, 2 * 64 + 4, 3)
    assert np.array_equal(sheet[64:128, :32], train[of_part.train].transpose(1, 2, 0)[:, :32])
    assert sheet[64:128, 32:64].min() >= 191  # pale
    assert np.array_equal(sheet[128:, :64], np.full((64, 64, 3), 255))
    second = train[blend.second].transpose(1, 2, 0)
    assert np.array_equal(sheet[128:, 68:], second[:, ::-1] if blend.second_mirrored else second)


@pytest.mark.slow
def test_the_result_neither_depends_on_blocks_nor_on_the_run(
    sets: tuple[Pixels, Pixels, Pixels], monkeypatch: pytest.MonkeyPatch
) -> None:
    train, held_out, new = (pictures[:150] for pictures in sets)
    samples = np.concatenate([train[:5, :, :, ::-1], new])
    first = measure_copying(samples, train, held_out).as_record()
    for name, value in (("BLOCK_QUERIES", 32), ("BLOCK_REFERENCES", 37), ("CHUNK_PICTURES", 41)):
        monkeypatch.setattr(nearest, name, value)
    monkeypatch.setattr(copy_matches, "CHUNK_PICTURES", 41)
    monkeypatch.setattr(copy_kinds, "CHUNK_PICTURES", 43)
    monkeypatch.setattr(lookup, "BLOCK_PICTURES", 50)
    assert measure_copying(samples, train, held_out).as_record() == first
    assert json.loads(json.dumps(first))["copied_share"] == first["copied_share"]
    assert {"copied_share", "nearest", "verdict", "auth_pct", "ct"} <= set(first)


def test_parts_of_a_memory_map_are_as_good_as_arrays(sets: tuple[Pixels, Pixels, Pixels], tmp_path: Path) -> None:
    train, held_out, new = (pictures[:60] for pictures in sets)
    together = np.concatenate([train, held_out])
    together.tofile(tmp_path / "pictures")
    mapped = np.memmap(tmp_path / "pictures", np.uint8, "r", shape=together.shape)
    told: list[tuple[int, int]] = []
    found = measure_copying(
        new, Subset(mapped, np.arange(60)), Subset(mapped, np.arange(60, 120)), lambda done, of: told.append((done, of))
    )
    assert found.as_record() == measure_copying(new, train, held_out).as_record()
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1][0] == told[-1][1]
    assert all(done < of for done, of in told[:-1])


def test_nearest_pictures_and_authenticity_are_those_of_brute_force(sets: tuple[Pixels, Pixels, Pixels]) -> None:
    train, held_out, new = (pictures[:40] for pictures in sets)
    found = measure_copying(new, train, held_out)

    def small(pictures: Pixels) -> Pixels:
        return np.rint(pictures.reshape(-1, 3, 16, 4, 16, 4).mean((3, 5))).reshape(len(pictures), -1)

    def apart(first: Pixels, second: Pixels) -> Pixels:
        both = [small(first), small(first[..., ::-1])]
        return np.min([np.sqrt(((a[:, None] - small(second)) ** 2).mean(2)) for a in both], 0)

    to_train = apart(new, train)
    assert np.array_equal(found.nearest.place, to_train.argmin(1))
    assert np.allclose(found.nearest.distance, to_train.min(1))
    among = apart(train, train)
    np.fill_diagonal(among, np.inf)
    authentic = to_train.min(1) > among.min(1)[to_train.argmin(1)]
    assert found.auth_pct == pytest.approx(100 * authentic.mean())


def test_mann_whitney_is_that_of_scipy() -> None:
    stats = pytest.importorskip("scipy.stats")
    random = np.random.default_rng(0)
    for first, second in (
        (random.normal(size=50), random.normal(0.4, 1, size=31)),
        (random.integers(0, 6, 40).astype(float), random.integers(1, 7, 70).astype(float)),
    ):
        theirs = stats.mannwhitneyu(first, second, alternative="less", method="asymptotic", use_continuity=False)
        z = two_samples.mann_whitney(first, second)
        assert two_samples.normal_cdf(z) == pytest.approx(theirs.pvalue, rel=1e-9)
    assert two_samples.mann_whitney(np.ones(5), np.ones(9)) == 0


def test_exact_chances_are_those_of_scipy_and_of_drawing() -> None:
    stats = pytest.importorskip("scipy.stats")
    for most, marked, total, drawn in ((3, 12, 40, 15), (0, 5, 30, 4), (9, 9, 30, 12), (2, 300, 1300, 20)):
        expected = stats.hypergeom.cdf(most, total, marked, drawn)
        assert two_samples.hypergeometric(most, marked, total, drawn) == pytest.approx(expected, rel=1e-9)
    theirs = stats.fisher_exact([[7, 93], [1, 149]], alternative="greater").pvalue
    assert two_samples.fisher_exact(7, 100, 1, 150) == pytest.approx(theirs, rel=1e-9)
    random = np.random.default_rng(0)
    chances = [two_samples.share_nearer(random.random(80), random.random(200), 0.02) for _ in range(2000)]
    assert np.mean([share for share, _ in chances]) == pytest.approx(4 / 201, rel=0.1)
    assert np.mean([p <= 0.05 for _, p in chances]) <= 0.06
    theirs = stats.binomtest(7, 100).proportion_ci(method="wilson")
    assert two_samples.wilson_interval(7, 100) == pytest.approx((theirs.low, theirs.high), abs=1e-4)


def test_data_copying_is_the_mean_of_its_cells() -> None:
    random = np.random.default_rng(0)
    first, second = random.random(100), random.random(60)
    cells = np.repeat([0, 1, 2], [50, 40, 10]), np.repeat([0, 1, 2], [20, 30, 10])
    parts = [two_samples.mann_whitney(first[cells[0] == c], second[cells[1] == c]) for c in (0, 1)]
    # The third cell has fewer than 20 generated pictures.
    assert two_samples.data_copying(first, second, cells) == pytest.approx((20 * parts[0] + 30 * parts[1]) / 50)
    assert two_samples.data_copying(first[:5], second, (cells[0][:5], cells[1])) is None


def test_leaning_is_that_of_drawing_training_pictures_at_random() -> None:
    random = np.random.default_rng(0)
    nearest_of = np.minimum(random.integers(0, 90, 300), random.integers(0, 90, 300))  # some are nearest to many

    def of_training(order: Pixels) -> int:
        return int((order[nearest_of] < 60).sum())

    drawn = [of_training(random.permutation(90)) for _ in range(4000)]
    z = (of_training(np.arange(90)) - np.mean(drawn)) / np.std(drawn)
    assert two_samples.lean(nearest_of, 60, 30) == pytest.approx(z, abs=0.1)


def test_washed_out_pictures_lie_near_but_do_not_lean() -> None:
    fields = np.random.default_rng(0).integers(0, 256, (900, 3, 8, 8)).repeat(4, 2).repeat(4, 3)
    train, held_out, new = (fields[start : start + 300].astype(np.uint8) for start in (0, 300, 600))
    # Half-way to grey: what a generator draws that hardly dares.
    found = measure_copying((new // 2 + 64).astype(np.uint8), train, held_out)
    assert found.p_value is not None
    assert found.p_value < 1e-6
    assert found.lean is not None
    assert abs(found.lean) < 3
    assert found.verdict().endswith("they lie near to both, as blurry pictures do.")
    assert found.copies == []


def test_grey_pictures(sets: tuple[Pixels, Pixels, Pixels]) -> None:
    train, held_out, new = (pictures[:200, :1] for pictures in sets)
    samples = np.concatenate([train[:4, :, :, ::-1], new[:30]])
    found = measure_copying(samples, train, held_out)
    assert sorted((pair.generated, pair.train) for pair in found.copies) == [(i, i) for i in range(4)]
    in_colour = measure_copying(np.repeat(samples, 3, 1), train, held_out)
    assert in_colour.as_record() == found.as_record()


def test_flat_pictures_are_copies_only_of_their_like() -> None:
    levels = np.arange(0, 250, 10)
    train = np.broadcast_to(levels[:, None, None, None], (25, 3, 32, 32)).astype(np.uint8)
    found = measure_copying(np.concatenate([train[3:5], train[6:8] + 3]), train, train[:0])
    assert sorted((pair.generated, pair.train) for pair in found.copies) == [(0, 3), (1, 4)]


@pytest.mark.parametrize("held_out", [0, 1, 19, 50])
def test_too_few_held_out_pictures_leave_things_unsaid(sets: tuple[Pixels, Pixels, Pixels], held_out: int) -> None:
    train, others, new = sets
    found = measure_copying(new[:30], train[:80], others[:held_out])
    assert found.nearer_share is None
    assert (found.test_z is None) == (found.ct is None) == (held_out < 20)
    assert found.unsaid
    assert sum("held" in reason for reason in found.unsaid) == 1  # once
    assert all(reason.endswith("needed") or not held_out for reason in found.unsaid)
    assert (found.copied_share_held_out is None) == (held_out == 0)
    assert found.verdict().startswith("No copies: none of 30 samples is one of 80 training pictures")
    assert json.dumps(found.as_record())


def test_one_of_everything(sets: tuple[Pixels, Pixels, Pixels]) -> None:
    train, held_out, _ = (pictures[:1] for pictures in sets)
    found = measure_copying(train, train, held_out)
    assert [(pair.generated, pair.train) for pair in found.copies] == [(0, 0)]
    assert found.auth_pct is None
    assert "1 of 1 samples (100 %) is a training picture" in found.verdict()


def test_pictures_of_odd_sizes(sets: tuple[Pixels, Pixels, Pixels]) -> None:
    train, held_out, new = (pictures[:60, :, 10:50, 5:26] for pictures in sets)
    found = measure_copying(np.concatenate([train[:3, :, :, ::-1], new]), train, held_out)
    assert {(pair.generated, pair.train) for pair in found.copies} >= {(0, 0), (1, 1), (2, 2)}


@pytest.mark.parametrize(
    ("size", "shape"), [(32, (3, 32, 32)), (128, (3, 128, 128)), (64, (3, 64, 43)), (64, (1, 64, 64))]
)
def test_every_way_in_few_pictures_of_any_shape(size: int, shape: tuple[int, int, int]) -> None:
    pictures = portraits(10, size=size)[0][:, : shape[0], : shape[1], : shape[2]]
    train, new = pictures[:5], pictures[5:]
    random = np.random.default_rng(0)
    changes = {**planted.PLANTED_KINDS, "whole": lambda picture, beside, random: picture}
    samples = []
    for kind, change in changes.items():
        its, beside = (
            np.broadcast_to(p, (3, *shape[1:])) for p in (train[0], train[1] if kind == "blended" else new[0])
        )
        samples.append(change(its, beside, random)[: shape[0]])
    found = measure_copying(np.concatenate([np.stack(samples), new]), train, new[:0])
    right = {pair.generated for pair in found.copies if pair.generated < len(samples) and pair.train in (0, 1)}
    assert len(right) >= 6
    assert len(samples) - 1 in right
    assert not [pair for pair in found.copies if pair.generated >= len(samples)]
    assert found.as_record() == measure_copying(np.concatenate([np.stack(samples), new]), train, new[:0]).as_record()


def test_distances_in_a_network(sets: tuple[Pixels, Pixels, Pixels]) -> None:
    train, held_out, new = (pictures[:60] for pictures in sets)
    network = registry.extractor("gradients")
    found = measure_copying(np.concatenate([train[:5], new]), train, held_out, features=network)
    assert found.space == "gradients"
    assert np.array_equal(found.nearest.place[:5], np.arange(5))
    assert found.nearest.distance[:5].max() == 0
    apart = np.linalg.norm(network(new)[:, None] - network(train), axis=2)
    flipped = np.linalg.norm(network(new[..., ::-1])[:, None] - network(train), axis=2)
    assert np.allclose(found.nearest.distance[5:], np.minimum(apart, flipped).min(1), atol=1e-4)


def test_a_gallery_shows_each_picture_above_its_training_picture(sets: tuple[Pixels, Pixels, Pixels]) -> None:
    train, held_out, new = (pictures[:50] for pictures in sets)
    samples = np.concatenate([train[7:8, :, :, ::-1], new])
    found = measure_copying(samples, train, held_out)
    sheet = gallery(samples, train, found.closest)
    assert sheet.dtype == np.uint8
    assert sheet.shape[2] == 3
    assert found.closest[0].mirrored
    assert np.array_equal(sheet[:64, :64], sheet[64:128, :64])
    assert np.array_equal(sheet[:64, :64], samples[0].transpose(1, 2, 0))


@pytest.mark.parametrize(
    ("generated", "train", "told"),
    [((4, 3, 32, 32), (9, 3, 64, 64), "generated 32×32, training 64×64"), ((0, 3, 8, 8), (9, 3, 8, 8), "generated")],
)
def test_what_cant_be_compared_is_refused(generated: tuple[int, ...], train: tuple[int, ...], told: str) -> None:
    arrays = [np.zeros(shape, np.uint8) for shape in (generated, train, train)]
    with pytest.raises(InputError, match=told):
        measure_copying(*arrays)


@pytest.mark.skipif(not DATA.is_dir(), reason="no shared/data beside the checkout")
def test_real_photographs_are_told_from_their_copies() -> None:
    bank = prepare(DATA / "congress_faces64/modern", 64, 3)
    train = bank.pictures[bank.train]
    held_out = bank.pictures[bank.held_out]
    places = np.arange(0, len(train), 20)
    samples = np.concatenate([replays(train, places, list(KINDS)), held_out[66:]])
    found = measure_copying(samples, Subset(bank.pictures, bank.train), held_out[:66])
    assert wrong(found, dict(enumerate(places.tolist()))) == []
    assert len(found.copies) >= 0.95 * len(places)
    assert found.copied_share_held_out == 0


@pytest.mark.slow
@pytest.mark.skipif(not DATA.is_dir(), reason="no shared/data beside the checkout")
@pytest.mark.parametrize("size", [32, 64])
def test_other_people_are_not_accused_and_ten_replays_in_a_thousand_are_found(size: int) -> None:
    bank = prepare(DATA / "celeba/dev", size, 3, group=r"^(\d+)_")
    train, half = bank.pictures[bank.train], len(bank.held_out) // 2
    held_out, new = bank.pictures[bank.held_out[:half]], bank.pictures[bank.held_out[half:]]
    places = np.random.default_rng(2).choice(len(train), 12, replace=False)
    found = measure_copying(np.concatenate([replays(train, places, list(KINDS)), new]), train, held_out)
    assert wrong(found, dict(enumerate(places.tolist()))) == []
    assert len(found.copies) >= 11
    assert found.copied_p is not None
    assert found.copied_p < 0.01
    # One photograph is there twice, turned by some degrees, under the numbers of two people.
    assert found.copied_share_held_out <= 1 / len(held_out)
