"""Content Credentials (C2PA) written into pictures and films: a signature under what figment states of them. Nothing is fetched.

No time stamp is asked for, as that takes a server: a signature is good as long as its certificate. figment reads them in
forensics/credentials.py.
"""

import io
from binascii import a2b_base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from figment.common.extras import require
from figment.common.marks import VOCABULARY
from figment.common.refusals import naming_refusals
from figment.common.text import shown
from figment.errors import InputError
from figment.version import __version__

if TYPE_CHECKING:
    from figment.media.provenance import DigitalSourceType
    from figment.media.watermark import Mark

MEDIA_TYPES = {
    ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".webp": "image/webp", ".gif": "image/gif",
    ".mp4": "video/mp4",
}  # fmt: skip
# With thumbnails, which c2pa-python makes unless told otherwise, a WebP of 6 kB has 870.
SETTINGS = {
    "core": {"allowed_network_hosts": []},
    "builder": {"thumbnail": {"enabled": False}},
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
}
CURVES = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}
MARK_LABEL = "figment.invisible-mark"  # of the assertion that has the run's number
MAX_BYTES = 2**20  # of a file of certificates
# One grey pixel, by which a certificate is tried before there is anything to be lost.
TRIED_PNG = a2b_base64("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg==")
PURPOSE = (
    "C2PA wants a certificate for digital signatures of documents or e-mail (keyUsage digitalSignature, extendedKeyUsage), "
    "issued by another one"
)


@dataclass(frozen=True)
class Signer:
    """What signs. certificates: the signer's own first, then who issued it, in PEM; key: unencrypted PKCS#8 in PEM."""

    certificates: bytes
    key: bytes = field(repr=False)
    algorithm: str

    def signed(self, content: bytes, suffix: str, source: "DigitalSourceType", mark: "Mark | None" = None) -> bytes:
        """A file's content with Content Credentials; two of the same content differ."""
        made = io.BytesIO()
        self.sign(io.BytesIO(content), made, suffix, source, mark)
        return made.getvalue()

    def sign(
        self, original: BinaryIO, made: BinaryIO, suffix: str, source: "DigitalSourceType", mark: "Mark | None" = None
    ) -> None:
        """Write a copy of an open file with Content Credentials into another, which is open for reading, too.

        suffix: that the file's name ends in. source: of IPTC's vocabulary. mark: the invisible one in its pixels. Raises
        InputError where it can't be signed.
        """
        from c2pa import Builder, C2paError

        try:
            with Builder(manifest(source, mark), _context()) as builder:
                builder.sign(self._in_library(), MEDIA_TYPES[suffix.lower()], original, made)
        except C2paError as error:
            raise InputError(f"--c2pa: this can't be signed ({_reason(error)}).") from None

    def _in_library(self) -> Any:
        return _signer(self.certificates, self.key, self.algorithm)


def manifest(source: "DigitalSourceType", mark: "Mark | None") -> dict[str, Any]:
    """What is stated of a file: that figment created it, how, and by which run it is marked."""
    agent = {"name": "figment", "version": __version__}
    created = {"action": "c2pa.created", "digitalSourceType": VOCABULARY + source, "softwareAgent": agent}
    assertions: list[dict[str, Any]] = [{"label": "c2pa.actions.v2", "data": {"actions": [created]}}]
    if mark is not None and mark.number:
        assertions.append({"label": MARK_LABEL, "data": {"run": mark.number}})
    return {"claim_generator_info": [agent], "assertions": assertions}


def load_signer(certificates: Path, key: Path) -> Signer:
    """What signs by certificates and a key in PEM. Raises InputError, before any work, where they can't be used."""
    require("c2pa", "--c2pa")
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    chain, private = _certificates(certificates), _private_key(key)
    _check_key(private, chain, certificates, key)
    _check_chain(chain, certificates)
    signer = Signer(
        b"".join(one.public_bytes(Encoding.PEM) for one in chain),
        private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        _algorithm(private, key),
    )
    _try(signer, certificates)
    return signer


def _read(path: Path) -> bytes:
    with naming_refusals(path, done="read"), path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise InputError(f"--c2pa {path}: a file of more than a megabyte holds neither certificates nor a key.")
    return content


def _certificates(path: Path) -> list[Any]:
    from cryptography import x509

    content = _read(path)
    if b"-----BEGIN CERTIFICATE-----" not in content:
        swapped = "a key: name the certificates first, then the key" if b"PRIVATE KEY-----" in content else ""
        raise InputError(
            f"--c2pa {path} holds {swapped or 'no certificate in PEM: name the certificates, then the key'}."
        )
    try:
        return x509.load_pem_x509_certificates(content)
    except ValueError:
        raise InputError(f"--c2pa {path}: a certificate in it is damaged: take it anew from who issued it.") from None


def _private_key(path: Path) -> Any:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    content = _read(path)
    try:
        return load_pem_private_key(content, None)
    except TypeError:
        mend = f"openssl pkcs8 -topk8 -nocrypt -in {path.name} -out open.pem writes it without"
        raise InputError(f"--c2pa {path}: the key is encrypted, and no password is asked for: {mend}.") from None
    except (ValueError, UnsupportedAlgorithm):
        raise InputError(f"--c2pa {path} holds no private key in PEM: name the certificates, then the key.") from None


def _check_key(private: Any, chain: Sequence[Any], certificates: Path, key: Path) -> None:
    """Raise InputError where the key isn't that of the first certificate."""
    own = _public(private.public_key())
    fitting = [number for number, one in enumerate(chain) if _public(one.public_key()) == own]
    if not fitting:
        raise InputError(
            f"--c2pa {key} isn't the key of the certificate in {certificates}: name the two that belong together."
        )
    if fitting[0]:
        raise InputError(
            f"--c2pa {certificates}: the key is that of certificate {fitting[0] + 1} in it: put the signer's own first, then who "
            "issued it, and so on."
        )


def _public(key: Any) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return bytes(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def _check_chain(chain: Sequence[Any], path: Path) -> None:
    """Raise InputError where a certificate isn't issued by the next one, or isn't valid today."""
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

    for number, (one, issuer) in enumerate(pairwise(chain), 1):
        try:
            one.verify_directly_issued_by(issuer)
        except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
            raise InputError(
                f"--c2pa {path}: certificate {number} isn't issued by the one behind it: put the signer's own first, then who "
                "issued it, and so on."
            ) from None
    now = datetime.now(UTC)
    for number, one in enumerate(chain, 1):
        if now > one.not_valid_after_utc:
            raise InputError(
                f"--c2pa {path}: certificate {number} expired on {one.not_valid_after_utc:%Y-%m-%d}: ask for a new one."
            )
        if now < one.not_valid_before_utc:
            raise InputError(
                f"--c2pa {path}: certificate {number} isn't valid before {one.not_valid_before_utc:%Y-%m-%d}: wait, or set "
                "this machine's clock."
            )


def _algorithm(private: Any, path: Path) -> str:
    """The signature of C2PA 2.1, section 13.2, that a key makes."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    if isinstance(private, ec.EllipticCurvePrivateKey) and private.curve.name in CURVES:
        return CURVES[private.curve.name]
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return "ED25519"
    if isinstance(private, rsa.RSAPrivateKey):
        return "PS256"
    raise InputError(f"--c2pa {path}: C2PA has no signatures by such a key: make one of P-256, Ed25519 or RSA.")


def _try(signer: Signer, certificates: Path) -> None:
    """Raise InputError where a signature by these certificates wouldn't be taken for one."""
    import json

    from c2pa import C2paError, Reader

    try:
        made = io.BytesIO(signer.signed(TRIED_PNG, ".png", "trainedAlgorithmicMedia"))
        with Reader("image/png", made, context=_context()) as reader:
            told = json.loads(reader.json())
    except (InputError, C2paError) as error:
        raise InputError(f"--c2pa {certificates}: it can't be signed by ({_reason(error)}): {PURPOSE}.") from None
    if told.get("validation_state") not in ("Valid", "Trusted"):
        raise InputError(f"--c2pa {certificates}: it can't be signed by: {PURPOSE}.")


@cache
def _context() -> Any:
    from c2pa import Context, Settings

    return Context(Settings.from_dict(SETTINGS))


@cache
def _signer(certificates: bytes, key: bytes, algorithm: str) -> Any:
    from c2pa import C2paSignerInfo, C2paSigningAlg, Signer

    return Signer.from_info(C2paSignerInfo(getattr(C2paSigningAlg, algorithm), certificates, key, None))


def _reason(error: Exception) -> str:
    """The library's reason, without the name of its own exception before it."""
    return shown(str(error).partition("\n")[0].rpartition(": ")[2] or type(error).__name__)
