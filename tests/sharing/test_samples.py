"""Samples as files: their names, and that they hold what the generator draws."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from figment import nets
from figment.errors import InputError
from figment.generator import Generator
from figment.media.provenance import source_of
from figment.presets import make
from figment.sharing.samples import SheetStyle, file_endings, write_files, write_grid
from figtest.clip_nets import clip_generator


def untrained(**choices) -> Generator:
    recipe = make("dcgan", **dict(size="16x24", channels=3, width=2, code_size=4) | choices)
    return Generator(nets.initialised(nets.generator(recipe), 0, "generator"), recipe)


def held(path: Path) -> torch.Tensor:
    with Image.open(path) as picture:
        return torch.from_numpy(np.array(picture)).permute(2, 0, 1)


def written(generator: Generator, folder: Path, count: int, labels=()) -> list[str]:
    told = []
    write_files(generator, folder, count, 3, 1.0, "png", lambda *step: told.append(step), labels)
    total = count * max(len(labels), 1)
    assert told == [(i, total) for i in range(1, total + 1)]
    return sorted(path.name for path in folder.iterdir())


def test_a_file_a_sample(tmp_path, monkeypatch):
    monkeypatch.setattr("figment.sharing.samples.BATCH_SAMPLES", 4)
    generator = untrained()
    assert written(generator, tmp_path / "s", 6) == [f"3-{i:06d}.png" for i in range(6)]
    for i, picture in enumerate(generator.sample(6, seed=3)):
        assert torch.equal(held(tmp_path / "s" / f"3-{i:06d}.png"), picture)
        assert source_of(tmp_path / "s" / f"3-{i:06d}.png") == "trainedAlgorithmicMedia"


def test_names_carry_the_class(tmp_path, monkeypatch):
    monkeypatch.setattr("figment.sharing.samples.BATCH_SAMPLES", 4)
    generator = untrained(classes=("ant", "bee", "sea lion"))
    endings = ["ant", "bee", "sea-lion"]
    drawn = [endings[k] for k in generator.labels(9, seed=3)]
    assert written(generator, tmp_path / "all", 9) == [f"3-{i:06d}-{name}.png" for i, name in enumerate(drawn)]
    some = written(generator, tmp_path / "some", 2, ["sea lion", "ant"])
    assert some == [f"3-{i:06d}-{name}.png" for i in range(2) for name in ("ant", "sea-lion")]
    for i, picture in enumerate(generator.sample(2, seed=3, label="sea lion")):
        assert torch.equal(held(tmp_path / "some" / f"3-{i:06d}-sea-lion.png"), picture)


def test_names_that_would_be_alike_are_told_apart():
    assert file_endings(["a/b", "a b", "A-b", "c", "//"]) == ["-a-b-0", "-a-b-1", "-A-b-2", "-c", "-pictures"]
    long = file_endings(["x" * 1000, "x" * 999 + "y"])
    assert len(set(long)) == 2
    assert max(map(len, long)) < 100
    assert file_endings([]) == []


def test_a_sheet_of_one_class(tmp_path):
    generator = untrained(classes=("ant", "bee"))
    write_grid(generator, tmp_path / "s.png", 3, 1, 1.0, ["bee"], style=SheetStyle(scale=1))
    expected = torch.from_numpy(generator.sheet(3, 1, labels=["bee"]).pixels).permute(2, 0, 1)
    assert torch.equal(held(tmp_path / "s.png"), expected)
    assert source_of(tmp_path / "s.png") == "trainedAlgorithmicMedia"


@pytest.mark.parametrize("numbered", [False, True])
@pytest.mark.parametrize(("classes", "labels"), [(("ant", "bee"), ()), (("ant", "bee"), ("bee", "ant")), ((), ())])
def test_a_sheet_shows_the_samples_in_their_order(tmp_path, classes, labels, numbered):
    generator = untrained(size=16, classes=classes)
    style = SheetStyle(4, "nearest", numbered, is_marked=False)
    write_grid(generator, tmp_path / "n.png", 5, 3, 1.0, labels, style=style)
    sheet = np.asarray(Image.open(tmp_path / "n.png"))
    assert source_of(tmp_path / "n.png") == "trainedAlgorithmicMedia"
    rows = [generator.sample(5, 3, label=label).permute(0, 2, 3, 1).numpy() for label in labels or (None,)]
    places = [[place_of(picture, sheet) for picture in row] for row in rows]
    if len(labels) > 1:
        tops = [{top for top, _ in row} for row in places]
        assert [len(its) for its in tops] == [1] * len(rows)  # a row each, one below the other
        assert min(tops[0]) < min(tops[1])
        left = [min(left for _, left in row) for row in places]
        assert (sheet[:, : left[0] - 6] < 128).any()  # their names
    else:
        assert places[0] == sorted(places[0])


def place_of(picture: np.ndarray, sheet: np.ndarray) -> tuple[int, int]:
    """Where a picture, four times as large, lies on a sheet: from the top and from the left."""
    large = picture.repeat(4, 0).repeat(4, 1)
    height, width, _ = large.shape
    return next(
        (top, left)
        for top in range(sheet.shape[0] - height + 1)
        for left in range(sheet.shape[1] - width + 1)
        if np.array_equal(sheet[top : top + height, left : left + width], large)
    )


@pytest.mark.parametrize(
    ("size", "count", "sides"), [(16, 64, (526, 526)), (64, 64, (526, 526)), ("16x24", 1, (352, 528))]
)
def test_a_sheet_has_512_pixels(tmp_path, size, count, sides):
    write_grid(untrained(size=size), tmp_path / "s.png", count, 0, 1.0)
    assert held(tmp_path / "s.png").shape[1:] == sides


def test_enlarging_keeps_the_picture_and_is_said_in_the_mark(tmp_path):
    generator = untrained(size=16)
    write_files(generator, tmp_path / "a", 1, 0, 1.0, "png", lambda *_: None, style=SheetStyle(4))
    write_files(generator, tmp_path / "b", 1, 0, 1.0, "png", lambda *_: None, style=SheetStyle(2, "nearest"))
    smooth, square = (tmp_path / name / "0-000000.png" for name in "ab")
    assert torch.equal(held(square)[:, ::2, ::2], generator.sample(1, 0)[0])
    with Image.open(smooth) as picture, Image.open(square) as small:
        assert picture.size == (64, 64)
        back = np.asarray(picture.resize((16, 16), Image.Resampling.BOX)).astype(int)
        assert np.abs(back - np.asarray(small)[::2, ::2]).mean() < 3
        assert "enlarged 4 times (Lanczos)" in picture.info["XML:com.adobe.xmp"]
        assert "enlarged 2 times (pixels repeated)" in small.info["XML:com.adobe.xmp"]
    assert source_of(smooth) == "trainedAlgorithmicMedia"


@pytest.mark.parametrize("labels", [(), ("ant", "bee")])
@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_a_page_to_print(tmp_path, labels, suffix):
    generator = untrained(size=16, classes=("ant", "bee"))
    write_grid(generator, tmp_path / f"p.{suffix}", 6, 0, 1.0, labels, style=SheetStyle(paper="a4"))
    with Image.open(tmp_path / f"p.{suffix}") as page:
        assert sorted(page.size) == [2480, 3508]  # A4 at 300 dpi
        assert [round(each) for each in page.info["dpi"]] == [300, 300]
    assert source_of(tmp_path / f"p.{suffix}") == "trainedAlgorithmicMedia"


def test_what_cant_be_printed_is_refused_before_anything_is_drawn(tmp_path, monkeypatch):
    generator = untrained(size=16)
    monkeypatch.setattr(generator, "decode", lambda *_: pytest.fail("drawn"))
    for style, name, says in (
        (SheetStyle(paper="a0"), "s.png", "--paper a0: there are a3"),
        (SheetStyle(2, paper="a4"), "s.png", "leave out --scale or --paper"),
        (SheetStyle(paper="a4"), "s.webp", "let it end in .png or .jpg"),
    ):
        with pytest.raises(InputError, match=says):
            write_grid(generator, tmp_path / name, 4, 0, 1.0, style=style)
    with pytest.raises(InputError, match="40,000 pictures are too many for a page"):
        write_grid(generator, tmp_path / "s.png", 40_000, 0, 1.0, style=SheetStyle(paper="10x15"))
    assert not list(tmp_path.iterdir())


def test_files_of_another_picture_are_not_overwritten(tmp_path):
    generator = untrained()
    write_files(generator, tmp_path / "s", 2, 3, 1.0, "png", lambda *_: None)
    before = {path.name: path.read_bytes() for path in (tmp_path / "s").iterdir()}
    write_files(generator, tmp_path / "s", 2, 3, 1.0, "png", lambda *_: None)  # the same again
    with pytest.raises(InputError, match="holds another picture"):
        write_files(generator, tmp_path / "s", 2, 3, 0.5, "png", lambda *_: None)
    assert {path.name: path.read_bytes() for path in (tmp_path / "s").iterdir()} == before


@pytest.mark.parametrize("numbered", [False, True])
def test_a_sheet_too_large_for_its_format_is_refused_before_anything_is_drawn(tmp_path, monkeypatch, numbered):
    generator = untrained(size=16)
    monkeypatch.setattr(generator, "decode", lambda *_: pytest.fail("drawn"))
    style = SheetStyle(numbered=numbered)
    with pytest.raises(InputError, match=r"\.webp holds at most 16,383 a side: let it end in \.(png|jpg)"):
        write_grid(generator, tmp_path / "s.webp", 900_000, 0, 1.0, style=SheetStyle(2, numbered=numbered))
    with pytest.raises(InputError, match="ask for fewer"):
        write_grid(generator, tmp_path / "s.png", 4_000_000, 0, 1.0, style=style)
    assert not list(tmp_path.iterdir())


# ---- clips -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("classes", [(), ("ant", "bee")])
def test_a_sheet_of_clips_has_a_row_for_each(tmp_path, monkeypatch, classes):
    monkeypatch.setattr("figment.sharing.samples.BATCH_SAMPLES", 16)
    generator = clip_generator(classes=classes)
    told = []
    style = SheetStyle(1, is_marked=False)
    write_grid(
        generator, tmp_path / "s.png", 3, 1, 0.8, style=style, labels=classes, progress=lambda *s: told.append(s)
    )
    sheet = held(tmp_path / "s.png")
    strips = [generator.strips(3, 1, 0.8, label=label) for label in classes or [None]]
    assert told[-1] == (3 * len(strips),) * 2
    gap, names = (3, sheet.shape[2] - 8 * 19 + 3) if classes else (2, 0)
    for row, clip in enumerate(torch.cat(strips)):
        for column, frame in enumerate(clip):
            top, left = row * (16 + gap), names + column * (16 + gap)
            if not classes:  # beside them lie the names, and rows are as high as these
                assert torch.equal(sheet[:, top : top + 16, left : left + 16], frame)
    if not classes:
        assert sheet.shape == (3, 3 * 18 - 2, 8 * 18 - 2)


def test_a_numbered_sheet_of_clips_and_one_on_paper(tmp_path):
    generator = clip_generator(size=64)
    write_grid(generator, tmp_path / "n.png", None, 1, 1.0, style=SheetStyle(1, numbered=True, is_marked=False))
    sheet = held(tmp_path / "n.png")
    strips = generator.strips(8, 1)
    assert torch.equal(sheet[:, -64:, -64:], strips[7, 7])
    assert sheet.shape[1] > 8 * 67 - 3  # times above
    write_grid(generator, tmp_path / "p.png", 2, 1, 1.0, style=SheetStyle(paper="a5"))
    assert held(tmp_path / "p.png").shape == (3, 1748, 2480)


def test_clips_are_not_picked(tmp_path):
    with pytest.raises(InputError, match="--pick 2 chooses among pictures, not among clips"):
        write_grid(clip_generator(), tmp_path / "s.png", 2, 1, 1.0, pick=2)
