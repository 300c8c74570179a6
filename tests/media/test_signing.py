"""Content Credentials that figment writes: read back by itself, and bad certificates told before anything is signed."""

import json
import shutil
import stat
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from figment.errors import InputError
from figment.forensics.check import Wanted, check
from figment.media.certificates import HOUSE, write_test_chain
from figment.media.images import encode, write
from figment.media.provenance import is_own
from figment.media.signing import MARK_LABEL, Signer, load_signer
from figment.media.video import write_video
from figment.media.watermark import Mark
from figment.version import __version__

pytest.importorskip("c2pa")
pytest.importorskip("cryptography")
PICTURE = np.clip(np.random.default_rng(0).normal(128, 40, (128, 128, 3)), 0, 255).astype(np.uint8)
MARK = Mark(b"a run's")


@dataclass(frozen=True)
class Files:
    certificates: Path
    key: Path
    root: Path

    def signer(self) -> Signer:
        return load_signer(self.certificates, self.key)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Files:
    folder = tmp_path_factory.mktemp("certificates") / "test"
    write_test_chain(folder, "Ada")
    return Files(folder / "certificates.pem", folder / "key.pem", folder / "root.pem")


@pytest.fixture
def files(made: Files, tmp_path: Path) -> Files:
    """Certificates of the test's own."""
    folder = Path(shutil.copytree(made.certificates.parent, tmp_path / "certificates"))
    return Files(folder / "certificates.pem", folder / "key.pem", folder / "root.pem")


def draw(path: Path, signer: Signer | None) -> Path:
    if path.suffix == ".mp4" or path.stem == "film":
        write_video(path, [PICTURE] * 4, 10, mark=MARK, signer=signer)
    else:
        write(path, PICTURE, mark=MARK, signer=signer)
    return path


def stated(path: Path, kind: str) -> dict:
    """The active manifest."""
    from c2pa import Reader

    with path.open("rb") as file, Reader(kind, file) as reader:
        told = json.loads(reader.json())
    return told["manifests"][told["active_manifest"]]


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp", "film.mp4", "film.webp", "film.gif"])
def test_what_is_signed_is_read_back_and_all_marks_stay(name: str, made: Files, tmp_path: Path) -> None:
    path, bare = draw(tmp_path / name, made.signer()), draw(tmp_path / "bare" / name, None)
    found = check(path, Wanted(trust=made.root.read_text(), look="quick"))
    assert found.c2pa is not None
    assert (found.c2pa.state, found.c2pa.problems) == ("trusted", ())
    assert (found.c2pa.signer, found.c2pa.issuer) == ("test signer Ada", HOUSE)
    assert found.c2pa.generator == f"figment {__version__}"
    assert found.c2pa.actions == ("created by figment",)
    assert found.c2pa.source_types == ("trainedAlgorithmicMedia",)
    assert found.metadata is not None
    assert found.metadata.own
    assert is_own(path)
    assert found.watermark is not None
    if path.suffix != ".gif":  # of whose colours few are left
        assert (found.watermark.found, found.watermark.run) == (True, MARK.number)
    assert path.stat().st_size < bare.stat().st_size + 6_000  # no thumbnails
    unasked = check(path).c2pa
    assert unasked is not None
    assert unasked.state == "valid"


@pytest.mark.parametrize(("name", "kind"), [("a.png", "image/png"), ("film.mp4", "video/mp4")])
def test_the_number_of_the_run_is_stated_where_the_mark_is(name: str, kind: str, made: Files, tmp_path: Path) -> None:
    assertions = stated(draw(tmp_path / name, made.signer()), kind)["assertions"]
    assert {"label": MARK_LABEL, "data": {"run": MARK.number}} in assertions
    write(tmp_path / "b.png", PICTURE, signer=made.signer())
    write(tmp_path / "c.png", PICTURE[:16, :16], mark=MARK, signer=made.signer())
    for path in (tmp_path / "b.png", tmp_path / "c.png"):
        assert [one["label"] for one in stated(path, "image/png")["assertions"]] == ["c2pa.actions.v2"]


@pytest.mark.parametrize("suffix", ["png", "webp"])
def test_the_pixels_are_those_of_an_unsigned_picture(suffix: str, made: Files, tmp_path: Path) -> None:
    signed, bare = draw(tmp_path / f"a.{suffix}", made.signer()), draw(tmp_path / f"b.{suffix}", None)
    with Image.open(signed) as one, Image.open(bare) as other:
        assert one.tobytes() == other.tobytes()


def test_a_real_picture_is_not_signed_as_made(made: Files) -> None:
    assert encode(PICTURE, source=None, signer=made.signer()) == encode(PICTURE, source=None)


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp", "film.mp4", "film.gif"])
def test_a_changed_pixel_is_told(name: str, made: Files, tmp_path: Path) -> None:
    path = draw(tmp_path / name, made.signer())
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    found = check(path).c2pa
    assert found is not None
    assert found.state == "invalid"
    assert "the file isn't the one that was signed" in found.problems


@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool isn't installed")
@pytest.mark.parametrize("name", ["a.png", "a.jpg"])
def test_exiftool_reads_both_marks(name: str, made: Files, tmp_path: Path) -> None:
    path = draw(tmp_path / name, made.signer())
    told = json.loads(subprocess.run(["exiftool", "-j", "-a", "-G1", path], capture_output=True, check=True).stdout)[0]
    assert told["XMP-iptcExt:DigitalSourceType"].endswith("/trainedAlgorithmicMedia")
    assert "c2pa.created" in json.dumps(told)


def test_only_its_owner_reads_the_key_and_nothing_is_overwritten(files: Files) -> None:
    folder = files.key.parent
    fresh = folder.parent / "fresh"
    write_test_chain(fresh)
    assert stat.S_IMODE((fresh / "key.pem").stat().st_mode) == 0o600
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(InputError, match="exists and isn't empty"):
        write_test_chain(folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize("name", ["x" * 60, "a\nb", " a"])
def test_a_name_that_no_certificate_takes(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="characters that can be printed"):
        write_test_chain(tmp_path / "new", name)
    assert not (tmp_path / "new").exists()


def refused(files: Files, *words: str) -> None:
    with pytest.raises(InputError) as told:
        files.signer()
    sentence = str(told.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    for word in words:
        assert word in sentence


def test_a_key_of_another_certificate(files: Files) -> None:
    write_test_chain(files.key.parent / "other")
    refused(
        Files(files.certificates, files.key.parent / "other" / "key.pem", files.root),
        "isn't the key of the certificate in",
    )


def test_an_encrypted_key(files: Files) -> None:
    from cryptography.hazmat.primitives import serialization as forms

    key = forms.load_pem_private_key(files.key.read_bytes(), None)
    locked = forms.BestAvailableEncryption(b"secret")
    files.key.write_bytes(key.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.PKCS8, locked))
    refused(files, "the key is encrypted", "openssl pkcs8 -topk8 -nocrypt -in key.pem")


def test_a_chain_in_the_wrong_order(files: Files) -> None:
    start = b"-----BEGIN CERTIFICATE-----"
    first, second = (start + part for part in files.certificates.read_bytes().split(start)[1:])
    files.certificates.write_bytes(second + first)
    refused(files, "the key is that of certificate 2", "put the signer's own first")
    write_test_chain(files.key.parent / "other")
    files.certificates.write_bytes(first + (files.key.parent / "other" / "root.pem").read_bytes())
    refused(files, "certificate 1 isn't issued by the one behind it")


@pytest.mark.parametrize(
    ("begin", "end", "told"), [(-20, -10, "certificate 1 expired on 20"), (10, 20, "isn't valid before 20")]
)
def test_a_certificate_out_of_its_time(begin: int, end: int, told: str, files: Files) -> None:
    files.certificates.write_bytes(lone_certificate(files.key.read_bytes(), begin, end))
    refused(files, told)


def test_a_certificate_for_other_things(files: Files) -> None:
    files.certificates.write_bytes(lone_certificate(files.key.read_bytes(), -1, 10))
    refused(files, "it can't be signed by", "C2PA wants a certificate for digital signatures")


def lone_certificate(key: bytes, begin: int, end: int) -> bytes:
    """One that its own key signs, without a word of what it is for. begin, end: days from today."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.x509.oid import NameOID

    private, now = serialization.load_pem_private_key(key, None), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "alone")])
    made = x509.CertificateBuilder(
        name,
        name,
        private.public_key(),
        1,
        now + timedelta(begin),
        now + timedelta(end),  # type: ignore[arg-type]
    ).sign(private, hashes.SHA256())  # type: ignore[arg-type]
    return made.public_bytes(serialization.Encoding.PEM)


def test_files_that_are_none(files: Files) -> None:
    certificates, key, root = files.certificates, files.key, files.root
    refused(Files(key, certificates, root), "holds a key: name the certificates first, then the key")
    refused(Files(certificates, root, root), "holds no private key in PEM")
    refused(Files(certificates.with_name("absent.pem"), key, root), "absent.pem", "can't be read")
    refused(Files(certificates.parent, key, root), "it is a folder: name a file")
    certificates.write_bytes(b"-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n")
    refused(files, "a certificate in it is damaged")
    certificates.write_bytes(bytes(2**20 + 1))
    refused(files, "more than a megabyte")


@pytest.mark.parametrize("kind", ["P-384", "P-521", "Ed25519", "RSA"])
def test_other_keys_sign_too(kind: str, tmp_path: Path) -> None:
    files = chain_of(kind, tmp_path)
    found = check(draw(tmp_path / "a.webp", files.signer()), Wanted(trust=files.root.read_text())).c2pa
    assert found is not None
    assert found.state == "trusted"
    assert is_own(tmp_path / "a.webp")  # longer signatures stand behind the mark


def test_a_key_that_c2pa_has_no_signature_for(tmp_path: Path) -> None:
    refused(chain_of("secp256k1", tmp_path), "C2PA has no signatures by such a key")


def chain_of(kind: str, folder: Path) -> Files:
    from cryptography.hazmat.primitives import serialization as forms
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    from figment.media import certificates

    keys = {
        "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
        "P-521": lambda: ec.generate_private_key(ec.SECP521R1()),
        "secp256k1": lambda: ec.generate_private_key(ec.SECP256K1()),
        "Ed25519": ed25519.Ed25519PrivateKey.generate,
        "RSA": lambda: rsa.generate_private_key(65537, 4096),
    }
    key, root_key, pem = keys[kind](), ec.generate_private_key(ec.SECP256R1()), forms.Encoding.PEM
    root = certificates._certificate("test root", root_key, root_key, is_root=True).public_bytes(pem)
    own = certificates._certificate("test signer", key, root_key, is_root=False).public_bytes(pem)
    for name, content in {
        "certificates.pem": own + root, "root.pem": root,
        "key.pem": key.private_bytes(pem, forms.PrivateFormat.PKCS8, forms.NoEncryption()),
    }.items():  # fmt: skip
        (folder / name).write_bytes(content)
    return Files(*(folder / f"{name}.pem" for name in ("certificates", "key", "root")))


@pytest.mark.parametrize("module", ["c2pa", "cryptography"])
def test_what_is_not_installed_is_named(module: str, files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    refused_words = f"--c2pa needs {module}: pip install 'figment-gan"
    with pytest.raises(InputError, match=refused_words):
        files.signer()
    with pytest.raises(InputError, match=f"figment mark certificate needs {module}"):
        write_test_chain(files.key.parent / "new")


def test_the_key_is_not_shown(made: Files) -> None:
    assert "PRIVATE" not in repr(made.signer())
