"""Content Credentials as c2pa-python writes them are read rightly; broken, untrusted and made-up ones are said to be that."""

import json
import socket
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from figment.cli.app import cli
from figment.errors import InputError
from figment.forensics.check import Wanted, check
from figment.forensics.sentences import sentence
from figment.media import signing
from figment.media.images import encode, write
from figment.media.signing import Signer
from figment.media.video import write_video
from figment.media.watermark import Mark
from figtest.credentials import CREATED, MEDIA, chain, signed
from figtest.metadata import MANIFEST_BOX, PICTURE, box, chunk, packet, png, xmp_chunk
from figtest.pictures import natural

pytest.importorskip("c2pa")
pytest.importorskip("cryptography")
MANIFEST = signing.manifest
FORMATS = {"png": "PNG", "jpg": "JPEG", "webp": "WEBP", "gif": "GIF", "tif": "TIFF", "avif": "AVIF", "heic": "HEIF"}


def bare(folder: Path, suffix: str) -> Path:
    path = folder / f"bare.{suffix}"
    if suffix in ("mp4", "mov"):
        write_video(folder / "bare.mp4", [PICTURE] * 3, 10, source=None)
        (folder / "bare.mp4").replace(path)
    else:
        if suffix == "heic":
            pytest.importorskip("pillow_heif").register_heif_opener()
        Image.fromarray(PICTURE).save(path, FORMATS[suffix])
    return path


@pytest.fixture
def picture(tmp_path) -> Path:
    return signed(bare(tmp_path, "png"), tmp_path / "a.png")


@pytest.mark.parametrize("suffix", MEDIA)
def test_what_was_signed_and_by_whom(suffix, tmp_path):
    found = check(signed(bare(tmp_path, suffix), tmp_path / f"a.{suffix}")).c2pa
    assert found is not None
    assert (found.state, found.signer, found.issuer) == ("valid", "Test signer", "Test house")
    assert (found.generator, found.actions) == ("Studio 1.5", ("created by Painter 2",))
    assert found.source_types == ("trainedAlgorithmicMedia",)
    assert found.problems == ()


@pytest.mark.parametrize(("key", "own"), [(None, None), (b"a run", True), (b"another", False)])
def test_the_run_that_a_manifest_states(key, own, tmp_path):
    drawn = Mark(b"a run")
    signer = Signer(chain().certificates, chain().key, "ES256")
    write(tmp_path / "a.png", natural(96, 96), mark=drawn, signer=signer)
    found = check(tmp_path / "a.png", Wanted("quick", Mark(key) if key else None))
    assert found.c2pa is not None
    assert (found.c2pa.state, found.c2pa.run, found.c2pa.own) == ("valid", drawn.number, own)
    told = {None: "", True: " (this generator's number)", False: " (not this generator's)"}[own]
    assert f"; drawn by figment's run {drawn.number:,}{told};" in sentence(found)
    assert "isn't the one that is stated" not in sentence(found)


def test_a_manifest_and_pixels_that_name_two_runs(tmp_path):
    pixels, stated = Mark(b"a run"), Mark(b"another")
    signer = Signer(chain().certificates, chain().key, "ES256")
    content = signer.signed(encode(natural(96, 96), "PNG", mark=pixels), ".png", "trainedAlgorithmicMedia", stated)
    (tmp_path / "a.png").write_bytes(content)
    told = sentence(check(tmp_path / "a.png", Wanted("quick")))
    assert f"the run in its pixels, {pixels.number:,}, isn't the one that is stated, {stated.number:,}" in told


@pytest.mark.parametrize("run", [0, -3, 1 << 16, "7", True, None, 1.5, [1]])
def test_a_run_that_is_no_number_is_none(run, tmp_path, monkeypatch):
    monkeypatch.setattr(signing, "manifest", lambda source, mark: of_run(source, run))
    content = Signer(chain().certificates, chain().key, "ES256").signed(png(), ".png", "trainedAlgorithmicMedia")
    (tmp_path / "a.png").write_bytes(content)
    found = check(tmp_path / "a.png").c2pa
    assert found is not None
    assert (found.state, found.run) == ("valid", None)


def of_run(source, run):
    """A manifest of figment's that states something else as the run."""
    told = MANIFEST(source, None)
    return told | {"assertions": [*told["assertions"], {"label": signing.MARK_LABEL, "data": {"run": run}}]}


def test_a_chain_that_nobody_trusts_and_one_that_is_named(picture):
    told = sentence(check(picture))
    assert "signed by Test signer of Test house with Studio 1.5, which state: created by Painter 2, trained" in told
    assert "nobody here vouches for the certificate" in told
    trusted = check(picture, Wanted(trust=chain().root.decode()))
    assert trusted.c2pa is not None
    assert trusted.c2pa.state == "trusted"
    assert "doesn't make it true" in sentence(trusted)


def test_a_changed_picture_breaks_them(picture):
    content = bytearray(picture.read_bytes())
    content[content.index(b"IDAT") + 200] ^= 1
    picture.write_bytes(content)
    found = check(picture)
    assert found.c2pa is not None
    assert found.c2pa.state == "invalid"
    assert "the file isn't the one that was signed" in sentence(found)
    assert "prove nothing" in sentence(found)


def test_changed_words_break_them(picture):
    picture.write_bytes(picture.read_bytes().replace(b"Painter 2", b"Painter 3"))
    told = sentence(check(picture))
    assert "what it states isn't what was signed" in told
    assert "are broken" in told


def test_a_spoilt_signature_is_one(picture):
    content = bytearray(picture.read_bytes())
    at = content.index(b"c2pa.signature", content.index(b"c2pa.claim"))
    content[content.index(b"\x58\x40", at) + 10] ^= 0xFF  # COSE's 64 bytes of ES256
    picture.write_bytes(content)
    found = check(picture)
    assert found.c2pa is not None
    assert found.c2pa.state == "invalid"
    assert "the signature doesn't fit" in found.c2pa.problems


def test_those_of_another_picture_prove_nothing(picture, tmp_path):
    content = picture.read_bytes()
    size = int.from_bytes(content[33:37], "big")
    other = tmp_path / "other.png"
    Image.fromarray(255 - PICTURE).save(other)
    other.write_bytes(other.read_bytes()[:33] + content[33 : 33 + 12 + size] + other.read_bytes()[33:])
    found = check(other)
    assert found.c2pa is not None
    assert found.c2pa.state == "invalid"


@pytest.mark.parametrize(
    "made",
    [MANIFEST_BOX, b"", b"signed, honestly", MANIFEST_BOX[:-4], b"\xff\xff\xff\xf0" + MANIFEST_BOX[4:]],
)
def test_a_box_that_holds_none_is_said_to(made, tmp_path):
    (path := tmp_path / "a.png").write_bytes(png(chunk(b"caBX", made)))
    found = check(path)
    assert found.c2pa is not None
    assert found.c2pa.state == "unreadable"
    assert "that is none or is damaged" in sentence(found)
    assert sentence(found).endswith("that alone proves nothing.")


def test_ten_thousand_boxes_within_one_another(tmp_path):
    made = MANIFEST_BOX[8:]
    for _ in range(10_000):
        made = box(b"jumb", MANIFEST_BOX[8:] + made)
    (path := tmp_path / "a.png").write_bytes(png(chunk(b"caBX", made)))
    found = check(path)
    assert found.c2pa is not None
    assert found.c2pa.state == "unreadable"


def test_an_address_is_told_and_nobody_is_asked(tmp_path, monkeypatch):
    def refuse(*_):
        raise AssertionError("asked the web")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    told = packet('<b dcterms:provenance="https://example.org/a.c2pa"/>')
    (path := tmp_path / "a.png").write_bytes(png(xmp_chunk(told)))
    found = check(path)
    assert found.c2pa is not None
    assert found.c2pa.state == "elsewhere"
    assert "lie at https://example.org/a.c2pa, where figment doesn't look" in sentence(found)


def test_actions_of_every_form(tmp_path):
    actions = (
        CREATED,
        {"action": "c2pa.edited", "softwareAgent": {"name": "Brush"}},
        {"action": "c2pa.color_adjustments"},
    )
    found = check(signed(bare(tmp_path, "png"), tmp_path / "a.png", actions)).c2pa
    assert found is not None
    assert found.actions == ("created by Painter 2", "edited by Brush", "color_adjustments")


def test_the_command_takes_certificates_to_trust(picture, tmp_path):
    (anchors := tmp_path / "anchors.pem").write_bytes(chain().root)
    result = CliRunner().invoke(cli, ["check", str(picture), "--trust", str(anchors), "--json"])
    assert json.loads(result.stdout)[0]["c2pa"]["state"] == "trusted"
    for content in (b"no certificate", b"-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n", b"\xff"):
        anchors.write_bytes(content)
        result = CliRunner().invoke(cli, ["check", str(picture), "--trust", str(anchors)])
        assert isinstance(result.exception, InputError), content
        assert "name certificates in PEM" in str(result.exception)


def test_spoilt_ones_are_a_line_each(picture):
    content, chance = picture.read_bytes(), np.random.default_rng(0)
    for _ in range(100):
        made = bytearray(content)
        for at in chance.integers(33, 4000, 3):
            made[at] = chance.integers(256)
        picture.write_bytes(made)
        told = sentence(check(picture))
        assert told.endswith(".")
        assert "\n" not in told
