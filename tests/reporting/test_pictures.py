"""Pictures made small enough for a page: cut, reduced, compressed, and still what they were."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from figment.media.images import encode, grid
from figment.media.provenance import source_of
from figment.reporting import report, shots
from figment.reporting.pictures import first_tiles, fitted, mark_of, read_picture, reduced

NOISE = np.random.default_rng(0).integers(0, 256, (64, 3, 32, 32), np.uint8)


def opened(content):
    return np.asarray(Image.open(io.BytesIO(content)))


@pytest.mark.parametrize(
    ("shape", "most", "shown"), [((32, 32), 20_000, 16), ((32, 48), 20_000, 9), ((32, 32), 1e9, 64)]
)
def test_the_first_tiles_are_those_of_the_sheet(shape, most, shown):
    tiles = np.resize(NOISE, (64, 3, *shape))
    cut, count = first_tiles(grid(torch.from_numpy(tiles), columns=8), shape, int(most))
    side = int(shown**0.5)
    first = tiles.reshape(8, 8, 3, *shape)[:side, :side].reshape(-1, 3, *shape)
    assert count == shown
    assert np.array_equal(cut, grid(first, columns=side))


def test_large_tiles_are_reduced_by_means_of_blocks():
    tiles = NOISE[:16]
    cut, count = first_tiles(grid(tiles, columns=4), (32, 32), 1200)
    whole = grid(tiles[[0, 1, 4, 5]], columns=2)
    assert count == 4
    assert np.abs(cut - whole.reshape(33, 2, 33, 2, 3).mean((1, 3))).max() <= 1


def test_what_is_no_sheet_of_such_pictures_is_one_picture():
    picture = NOISE[0].transpose(1, 2, 0)
    assert first_tiles(picture, (7, 7), 10_000)[1] == 1
    assert np.array_equal(first_tiles(picture, (7, 7), 10_000)[0], picture)


def test_quality_falls_before_size_and_both_keep_to_the_bytes():
    smooth = np.add.outer(np.arange(96), np.arange(96))[..., None].repeat(3, 2).astype(np.uint8)
    pictures = [np.asarray(grid(NOISE)), smooth]
    whole = sum(len(encode(picture, "WEBP", None, quality=88)) for picture in pictures)
    sizes = []
    for share in (1, 0.75, 0.3, 0.05):
        files = fitted(pictures, None, int(share * whole))
        assert sum(map(len, files)) <= share * whole
        sizes.append(opened(files[0]).shape[0])
    assert sizes[0] == sizes[1] == 270  # softer, as large as before
    assert sizes[3] < sizes[2] < 270
    assert fitted([], None, 10) == []


def test_reduced_pictures_have_as_many_pixels_as_they_may():
    picture = np.zeros((100, 300, 3), np.uint8)
    assert reduced(picture, 30_000) is picture
    assert reduced(picture, 29_999).shape == (50, 150, 3)
    assert reduced(np.zeros((1, 1000, 3), np.uint8), 10).shape[0] == 1


@pytest.mark.parametrize("source", ["trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia", None])
def test_marks_survive(source, tmp_path):
    path, copy = tmp_path / "a.png", tmp_path / "b.webp"
    path.write_bytes(encode(NOISE[0].transpose(1, 2, 0), "PNG", source))
    copy.write_bytes(fitted([read_picture(path)], mark_of(path), 10_000)[0])
    assert source_of(copy) == source


def test_a_mark_of_another_hand_stops_no_report(tmp_path):
    path, copy = tmp_path / "a.png", tmp_path / "b.webp"
    marked = encode(NOISE[0].transpose(1, 2, 0), "WEBP")
    path.write_bytes(marked.replace(b"trainedAlgorithmicMedia", b"digitalCapture         "))
    assert source_of(path) == "digitalCapture"
    copy.write_bytes(fitted([read_picture(path)], mark_of(path), 10_000)[0])
    assert source_of(copy) is None


def test_damaged_sheets_are_left_out_and_told(make_run):
    run = make_run()
    first, second, *_ = run.pictures().values()
    first.write_bytes(first.read_bytes()[:200])
    second.write_bytes(b"no picture")
    said = []
    page = report.write_report(run, said.append).read_text()
    assert said == [f"pictures/{path.name} is damaged or gone, and left out" for path in (first, second)]
    assert all(sentence in page for sentence in said)
    assert page.count("data:image/webp") == 4  # two steps, middle and late


def test_a_report_of_many_large_sheets_is_under_2_mb(make_run, monkeypatch):
    run = make_run(ticks=2000, choices={"size": 64})
    random = np.random.default_rng(1)
    for path in run.pictures().values():
        path.unlink()
    sheet = encode(random.integers(0, 256, (526, 526, 3), np.uint8))  # noise, than which nothing is larger
    for images in range(70):
        run.picture_file(images).write_bytes(sheet)
    steps = []
    page = report.write_report(run, progress=lambda done, total: steps.append((done, total)))
    assert 500_000 < page.stat().st_size < 2_000_000
    assert page.read_text().count("data:image/webp") == shots.MAX_STEPS + 3
    assert steps[-1][0] == steps[-1][1]
    assert [done for done, _ in steps] == sorted(done for done, _ in steps)
