"""Pictures marked as made by machine among real ones: found, named, told, and left out on request."""

import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image, PngImagePlugin

from figment.cli.app import cli
from figment.data.bank.prepare import prepare
from figment.data.sources.open import open_source
from figment.inspection import scan
from figment.inspection.advice import advise, train_options
from figment.inspection.drop import Drop
from figment.inspection.made import invisible, stated
from figment.inspection.page import page
from figment.inspection.scan import Scan
from figment.inspection.survey import Survey, survey
from figment.inspection.table import facts
from figment.media.images import write
from figment.media.watermark import Mark, marked
from figtest.metadata import MANIFEST_BOX, VOCABULARY, chunk, packet, png, text, xmp_chunk
from figtest.pictures import natural

MARK = Mark(b"a run")
SETTINGS = "a cat\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1"
MADE_XMP = f'Iptc4xmpExt:DigitalSourceType="{VOCABULARY}trainedAlgorithmicMedia"'
TAKEN_XMP = f'Iptc4xmpExt:DigitalSourceType="{VOCABULARY}digitalCapture"'
RUN = f"figment's invisible mark of run {MARK.number}"
#: What marks each of the pictures that aren't real.
TRUTH = {
    "resaved.jpg": RUN,
    "large.jpg": RUN,
    "stripped.png": RUN,
    "settings.png": "traces of Stable Diffusion web UI",
    "foreign.jpg": "IPTC's trainedAlgorithmicMedia",
    "signed.png": "Content Credentials' trainedAlgorithmicMedia",
    "twin.jpg": "IPTC's trainedAlgorithmicMedia",
}


def manifest(word: str) -> bytes:
    """A picture with Content Credentials that state a word, behind which their CBOR goes on with a letter."""
    return png(chunk(b"caBX", MANIFEST_BOX + f"{VOCABULARY}{word}factions".encode()))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """40 real pictures, one by figment's own file, and those of TRUTH."""
    place = tmp_path_factory.mktemp("made") / "set"
    place.mkdir()
    for number in range(40):
        Image.fromarray(natural(80, 80, number)).save(place / f"{number:02d}.png")
    Image.fromarray(natural(80, 80, 40)).save(place / "camera.jpg", xmp=packet(TAKEN_XMP))
    write(place / "own.png", natural(80, 80, 41), mark=MARK)
    Image.fromarray(marked(natural(80, 80, 42), MARK)).save(place / "stripped.png")
    Image.fromarray(marked(natural(80, 80, 43), MARK)).save(place / "resaved.jpg", quality=85)
    Image.fromarray(marked(natural(256, 320, 44), MARK)).save(place / "large.jpg", quality=85)
    told = PngImagePlugin.PngInfo()
    told.add_text("parameters", SETTINGS)
    Image.fromarray(natural(80, 80, 45)).save(place / "settings.png", pnginfo=told)
    Image.fromarray(natural(80, 80, 46)).save(place / "foreign.jpg", xmp=packet(MADE_XMP))
    (place / "signed.png").write_bytes(manifest("trainedAlgorithmicMedia"))
    # Copies, of which the second alone kept its metadata: the first is the one that is trained on.
    Image.fromarray(natural(80, 80, 47)).save(place / "twin.jpg")
    Image.fromarray(natural(80, 80, 47)).save(place / "twin2.jpg", xmp=packet(MADE_XMP))
    return place


@pytest.fixture(scope="module")
def looked(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Survey:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FIGMENT_CACHE", str(tmp_path_factory.mktemp("cache")))
        return survey(folder)


def test_the_truth_is_found(looked):
    assert {looked.names[slot]: made.said for slot, made in looked.made.items()} == TRUTH
    assert [item.name for item in looked.marked] == ["own.png"]
    assert looked.unlooked == 0
    assert looked.made_counts == Counter(TRUTH.values())


def test_it_is_told_with_counts_and_names(looked):
    row = dict(facts(looked))["marked as made"]
    assert row.startswith("7 (14.6%): foreign.jpg, large.jpg, …, by ")
    assert f"{RUN} 3" in row
    told = next(sentence for sentence in advise(looked) if "marked as made by machine" in sentence)
    assert "7 pictures (15%)" in told
    assert "foreign.jpg, large.jpg, resaved.jpg, …" in told
    assert "leave them out with --drop marked" in told
    assert "marked" in train_options(looked)[train_options(looked).index("--drop") + 1].split(",")


def test_the_page_shows_them_marked_still(looked):
    shown = page(looked)
    assert "Marked as made" in shown
    assert "<code>--drop marked</code>" in shown
    assert "compositeWithTrainedAlgorithmicMediaDigitalSource" in shown.replace("Composite", "composite")


def test_a_set_without_them_says_nothing(odd):
    assert odd.made == {}
    assert "marked as made" not in dict(facts(odd))
    assert not any("by machine" in sentence for sentence in advise(odd))


def test_dropped_they_and_their_copies_are_left_out(folder):
    drop = Drop.parse("marked", 64, 64)
    source = open_source(folder)
    left = {source.listing.names[slot]: reason for slot, reason in drop(source).items()}
    assert left.keys() == TRUTH.keys() | {"twin2.jpg"}
    assert left["settings.png"] == "marked as made by machine: traces of Stable Diffusion web UI"
    bank = prepare(folder, 64, leave_out=drop)
    assert sorted(bank.names) == [*(f"{number:02d}.png" for number in range(40)), "camera.jpg"]
    assert len(prepare(folder, 64).names) == 41 + len(TRUTH)


def test_of_a_large_set_some_are_looked_at_and_of_drop_all(tmp_path, monkeypatch):
    monkeypatch.setattr(scan, "MAX_LOOKED", 10)
    (few := tmp_path / "few").mkdir()
    for number in range(20):
        Image.fromarray(marked(natural(72, 72, 100 + number), MARK)).save(few / f"{number:02d}.png")
    found = survey(few)
    assert (found.looked, found.unlooked, len(found.made)) == (10, 10, 10)
    assert "10 pictures looked at for figment's invisible mark, 10 not" in dict(facts(found))["marked as made"]
    assert len(Drop.parse("marked", 64, 64)(open_source(few))) == 20


def test_large_jpegs_are_decoded_whole_for_it_only_where_all_are_wanted(tmp_path):
    (place := tmp_path / "large").mkdir()
    Image.fromarray(marked(natural(640, 640), MARK)).save(place / "a.jpg", quality=90)
    Image.fromarray(natural(64, 64)).save(place / "b.jpg")
    source = open_source(place)
    found: dict[str, Scan] = {}
    for look in ("none", "some", "all"):
        with scan.scan(source, look=look) as scanned:
            found[look] = scanned
    assert [(one.looked, list(one.made)) for one in found.values()] == [(0, []), (1, []), (2, [0])]


def test_archives_and_arrays_are_looked_at_too(folder, tmp_path):
    shutil.make_archive(str(tmp_path / "set"), "zip", folder)
    found = survey(tmp_path / "set.zip")
    assert {found.names[slot]: made.said for slot, made in found.made.items()} == TRUTH
    np.save(tmp_path / "set.npy", np.stack([natural(64, 64), marked(natural(64, 64, 1), MARK)]))
    assert list(survey(tmp_path / "set.npy").made) == [1]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (png(xmp_chunk(packet(MADE_XMP))), "IPTC's trainedAlgorithmicMedia"),
        (png(xmp_chunk(packet(TAKEN_XMP))), None),
        (manifest("algorithmicMedia"), "Content Credentials' algorithmicMedia"),
        (manifest("compositeWithTrainedAlgorithmicMedia"), "Content Credentials' compositeWithTrainedAlgorithmicMedia"),
        (manifest("digitalCapture"), None),
        (png(text("Software", "Adobe Firefly")), "traces of Adobe Firefly"),
        (png(text("Software", "GIMP 2.10")), None),
        (png()[:60], None),
        (b"", None),
        (b"no picture", None),
    ],
)
def test_what_a_file_says(content, said):
    found = stated(content)
    assert (found and found.said) == said


def test_too_small_or_unmarked_pictures_have_none():
    assert invisible(natural(64, 64)) is None
    assert invisible(np.full((64, 64, 3), 255, np.uint8)) is None
    unknown = invisible(marked(natural(64, 64), Mark()))
    assert unknown is not None
    assert unknown.said == "figment's invisible mark"


def test_the_command_warns(folder, tmp_path):
    result = CliRunner().invoke(cli, ["data", "inspect", str(folder), "--out", str(tmp_path / "a.html")])
    assert result.exit_code == 0, result.output
    assert "7 pictures (15%) are marked as made by machine" in result.output
    assert "--drop marked" in result.output
