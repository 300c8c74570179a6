"""Files that exiftool and exiv2 wrote are read rightly, and figment's own are read by them."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from figment.forensics.check import check
from figment.media.images import write
from figment.media.video import write_video
from figtest.metadata import PICTURE, VOCABULARY

WORD = "compositeWithTrainedAlgorithmicMedia"
PICTURES = {"png": "PNG", "jpg": "JPEG", "webp": "WEBP", "tif": "TIFF", "gif": "GIF", "avif": "AVIF", "jp2": "JPEG2000"}
needs = {name: pytest.mark.skipif(shutil.which(name) is None, reason=f"no {name}") for name in ("exiftool", "exiv2")}


def bare(folder: Path, suffix: str) -> Path:
    """A picture or film without any mark."""
    path = folder / f"a.{suffix}"
    if suffix in ("mp4", "mov"):
        write_video(folder / "a.mp4", [PICTURE] * 3, 10, source=None)
        (folder / "a.mp4").replace(path)
    elif suffix == "heic":
        pytest.importorskip("pillow_heif").register_heif_opener()
        Image.fromarray(PICTURE).save(path, "HEIF")
    else:
        Image.fromarray(PICTURE).save(path, PICTURES[suffix])
    return path


def ran(*words: object) -> str:
    return subprocess.run(list(map(str, words)), check=True, capture_output=True, text=True).stdout


@needs["exiftool"]
@pytest.mark.parametrize("suffix", [*PICTURES, "heic", "mp4", "mov"])
def test_what_exiftool_writes(suffix, tmp_path):
    path = bare(tmp_path, suffix)
    ran(
        "exiftool", "-q", "-m", "-overwrite_original", f"-XMP-iptcExt:DigitalSourceType={VOCABULARY}{WORD}",
        "-XMP-photoshop:Credit=Made with Google AI", "-XMP-xmp:CreatorTool=Painter", "-EXIF:Make=Maker", "-EXIF:Model=M 1",
        "-EXIF:UserComment=ein Kätzchen\nSteps: 20, Sampler: Euler a", path,
    )  # fmt: skip
    found = check(path).metadata
    assert found is not None
    assert found.problem is None
    assert (found.source_type, found.own, found.software) == (WORD, False, "Painter")
    assert "Google" in {trace.generator for trace in found.traces}
    if suffix not in ("gif", "mp4", "mov", "jp2"):  # which it writes no EXIF into, or in a box of its own
        assert found.camera == "Maker M 1"
        assert "Stable Diffusion web UI" in {trace.generator for trace in found.traces}


@needs["exiv2"]
@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tif", "jp2"])
def test_what_exiv2_writes(suffix, tmp_path):
    path = bare(tmp_path, suffix)
    told = {
        "Xmp.iptcExt.DigitalSourceType": VOCABULARY + WORD, "Exif.Image.Make": "Maker", "Exif.Image.Model": "Maker 2",
        "Iptc.Application2.Credit": "Made with Google AI",
    }  # fmt: skip
    ran("exiv2", *(f"-Mset {key} {value}" for key, value in told.items()), path)
    found = check(path).metadata
    assert found is not None
    assert (found.source_type, found.camera, found.problem) == (WORD, "Maker 2", None)
    if suffix != "webp":  # which has no place for IPTC's older fields
        assert [trace.where for trace in found.traces] == ["IPTC Credit"]


@needs["exiftool"]
def test_exiftools_xmp_in_several_segments(tmp_path):
    path = bare(tmp_path, "jpg")
    ran(
        "exiftool", "-q", "-overwrite_original", f"-XMP-iptcExt:DigitalSourceType={VOCABULARY}{WORD}",
        f"-XMP-dc:Description={'y' * 100_000}", path,
    )  # fmt: skip
    assert b"http://ns.adobe.com/xmp/extension/" in path.read_bytes()
    found = check(path).metadata
    assert found is not None
    assert (found.source_type, found.problem) == (WORD, None)


@needs["exiftool"]
@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp", "a.gif", "a.mp4"])
def test_exiftool_reads_figments_marks(name, tmp_path):
    if name in ("a.gif", "a.mp4"):
        write_video(tmp_path / name, [PICTURE] * 3, 10)
    else:
        write(tmp_path / name, PICTURE)
    (told,) = json.loads(ran("exiftool", "-json", "-XMP:all", tmp_path / name))
    assert told["DigitalSourceType"] == VOCABULARY + "trainedAlgorithmicMedia"


@needs["exiv2"]
@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp"])
def test_exiv2_reads_figments_marks(name, tmp_path):
    write(tmp_path / name, np.ascontiguousarray(PICTURE), "algorithmicMedia")
    assert VOCABULARY + "algorithmicMedia" in ran("exiv2", "-px", tmp_path / name)
