"""`figment check` finds the invisible mark in files, and says what that is worth."""

import json
from dataclasses import replace

import av
import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from figment import nets
from figment.cli.app import cli
from figment.forensics.check import Wanted, check
from figment.forensics.check_table import as_csv
from figment.forensics.credentials import Credentials
from figment.forensics.sentences import DRAWN, QUICKLY, kinds, sentence
from figment.generator import Generator
from figment.media.images import write
from figment.media.video import write_video
from figment.media.watermark import Mark, marked
from figment.metadata.stored import MAX_TEXTS
from figment.presets import make
from figtest.pictures import natural

MARK = Mark(b"a run")


@pytest.fixture
def picture(tmp_path):
    write(tmp_path / "made.png", natural(96, 96), mark=MARK)
    return tmp_path / "made.png"


def test_a_screenshot_that_lost_its_metadata(picture, tmp_path):
    with Image.open(picture) as made:
        Image.fromarray(np.asarray(made)[3:90, 5:]).save(tmp_path / "shot.jpg", quality=85)
    found = check(tmp_path / "shot.jpg", Wanted("thorough", MARK))
    assert found.watermark is not None
    assert (found.watermark.found, found.watermark.run, found.watermark.how) == (True, MARK.number, "cut out")
    assert found.watermark.own == "number"
    assert found.is_marked
    said = sentence(found)
    assert said.startswith(f"Bears figment's invisible mark of run {MARK.number:,}, cut out (of pictures without it")
    assert "the key is no secret" in said
    assert list(kinds([found])) == ["with figment's invisible mark alone"]
    assert f"run {MARK.number}" in as_csv([found])
    quick = check(tmp_path / "shot.jpg", Wanted("quick"))
    assert "nor figment's invisible one in its pixels (looked for as it was made, not in cut-outs" in sentence(quick)


@pytest.mark.parametrize(("key", "own"), [(b"a run", "yes"), (b"another run", "no")])
def test_whether_a_generator_made_it(picture, key, own):
    found = check(picture, Wanted("quick", Mark(key)))
    assert found.watermark is not None
    assert found.watermark.own == own
    assert ("only this generator has" in sentence(found)) == (own == "yes")
    assert (f"which isn't this generator's, whose run is {Mark(key).number:,}" in sentence(found)) == (own == "no")
    assert found.watermark.asked == Mark(key).number


def test_a_generator_of_which_the_pixels_say_nothing(tmp_path):
    Image.fromarray(natural(96, 96)).save(tmp_path / "real.png")
    write(tmp_path / "told.png", natural(96, 96))
    real, told = (sentence(check(tmp_path / name, Wanted("quick", MARK))) for name in ("real.png", "told.png"))
    asked = f"; its pixels say nothing of this generator, whose run is {MARK.number:,}: "
    assert f"nor figment's invisible one in its pixels{QUICKLY}{asked}that proves nothing" in real
    assert f"as figment writes it{asked}anybody can write" in told


@pytest.mark.parametrize("ending", ["mp4", "gif", "webp"])
def test_a_film(tmp_path, ending):
    frames = [np.roll(natural(160, 160), shift, 1) for shift in range(0, 24, 2)]
    write_video(tmp_path / f"film.{ending}", frames, 12, mark=MARK)
    found = check(tmp_path / f"film.{ending}", Wanted("quick"))
    assert found.watermark is not None
    assert (found.watermark.found, found.watermark.run) == (True, MARK.number)


def test_broken_credentials_leave_the_marks_worth(picture):
    found = check(picture, Wanted("quick"))
    said = sentence(replace(found, c2pa=Credentials("invalid")))
    assert f"so they prove nothing; by its pixels {DRAWN}." in said


def test_a_film_of_quicktime(tmp_path):
    write_video(tmp_path / "film.mp4", [natural(160, 160)] * 3, 12, mark=MARK)
    with av.open(tmp_path / "film.mp4") as made, av.open(tmp_path / "film.mov", "w") as anew:
        stream = anew.add_stream_from_template(made.streams.video[0])
        for packet in made.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                anew.mux(packet)
    found = check(tmp_path / "film.mov", Wanted("quick"))
    assert found.metadata is not None
    assert found.metadata.kind == "MOV"
    assert found.watermark is not None
    assert found.watermark.run == MARK.number


def test_real_pictures_and_what_has_no_pixels(tmp_path):
    Image.fromarray(natural(96, 96)).save(tmp_path / "real.png")
    (tmp_path / "page.html").write_text("<p>words</p>")
    (tmp_path / "cut.mp4").write_bytes(b"\0\0\0\x18ftypisom" + b"\0" * 40)
    real, page, cut = (check(tmp_path / name, Wanted("thorough")) for name in ("real.png", "page.html", "cut.mp4"))
    assert real.watermark is not None
    assert not real.watermark.found
    assert real.watermark.false_alarm > 1e-3
    assert page.watermark is None
    assert cut.watermark is None


def test_a_page_of_texts_doesnt_hide_the_mark(tmp_path):
    """More text than is read beside the pixels: they are looked at all the same."""
    many = PngInfo()
    for number in range(MAX_TEXTS + 1):
        many.add_text(f"key {number}", "words")
    Image.fromarray(marked(natural(96, 96), MARK)).save(tmp_path / "made.png", pnginfo=many)
    found = check(tmp_path / "made.png", Wanted("quick"))
    assert found.error is None
    assert found.watermark is not None
    assert found.watermark.run == MARK.number
    assert "not all of the file could be read: it has more than 200 texts" in sentence(found)
    assert "can't be read in whole (it has more than 200 texts" in (check(tmp_path / "made.png").error or "")


def test_pixels_that_cant_be_looked_at_are_told(picture):
    picture.write_bytes(picture.read_bytes().replace(b"IDAT", b"IDAX"))
    for name in "marked.png", "bare.png":
        content = picture.read_bytes()
        (picture.parent / name).write_bytes(content if name == "marked.png" else content.replace(b"iTXt", b"xxXx"))
        said = sentence(check(picture.parent / name, Wanted("quick")))
        assert "its pixels can't be decoded, so no invisible mark was looked for in them" in said


def test_the_command_finds_what_sample_made(tmp_path):
    recipe = make("dcgan", size=64, channels=3, width=4, code_size=8)
    generator = Generator(nets.initialised(nets.generator(recipe), 0, "generator"), recipe)
    write(tmp_path / "a.png", generator.sample(1)[0].permute(1, 2, 0).numpy(), mark=generator.mark)
    result = CliRunner().invoke(cli, ["check", str(tmp_path / "a.png"), "--json"])
    record = json.loads(result.stdout)[0]["watermark"]
    assert record["found"]
    assert record["run"] == generator.mark.number
