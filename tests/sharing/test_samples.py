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
from figment.sharing.samples import file_endings, write_files, write_grid


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


@pytest.mark.parametrize(("labels", "rows"), [((), 2), (["bee"], 1), (["bee", "ant"], 2)])
def test_a_sheet_of_classes(tmp_path, labels, rows):
    generator = untrained(classes=("ant", "bee"))
    write_grid(generator, tmp_path / "s.png", None if rows == 2 else 3, 1, 1.0, labels)
    assert torch.equal(
        held(tmp_path / "s.png"),
        torch.from_numpy(generator.sheet(None if rows == 2 else 3, 1, labels=labels)).permute(2, 0, 1),
    )
    assert source_of(tmp_path / "s.png") == "trainedAlgorithmicMedia"


@pytest.mark.parametrize("labels", [(), ("b",), ("a", "b")])
def test_a_numbered_sheet_shows_the_same_pictures(tmp_path, labels):
    made = make("dcgan", size=16, channels=3, width=2, code_size=4, labels=True, classes=("a", "b"))
    generator = Generator(nets.initialised(nets.generator(made), 0, "generator"), made)
    write_grid(generator, tmp_path / "n.png", 5, 3, 1.0, labels, numbered=True)
    sheet = np.asarray(Image.open(tmp_path / "n.png"))
    assert source_of(tmp_path / "n.png") == "trainedAlgorithmicMedia"
    kept = [sheet[i:, j:][:64, :64][::4, ::4] for i in range(sheet.shape[0] - 63) for j in range(sheet.shape[1] - 63)]
    found = {tile.tobytes() for tile in kept}
    for label in labels or (None,):
        for picture in generator.sample(5, 3, label=label):
            assert picture.permute(1, 2, 0).numpy().tobytes() in found


@pytest.mark.parametrize("numbered", [False, True])
def test_a_sheet_too_large_for_its_format_is_refused_before_anything_is_drawn(tmp_path, monkeypatch, numbered):
    generator = untrained(size=16)
    monkeypatch.setattr(generator, "decode", lambda *_: pytest.fail("drawn"))
    with pytest.raises(InputError, match=r"\.webp holds at most 16,383 a side: let it end in \.(png|jpg)"):
        write_grid(generator, tmp_path / "s.webp", 900_000, 0, 1.0, numbered=numbered)
    with pytest.raises(InputError, match="ask for fewer"):
        write_grid(generator, tmp_path / "s.png", 4_000_000, 0, 1.0)
    assert not list(tmp_path.iterdir())
