"""Content Credentials for tests: a chain of certificates that nobody trusts, and pictures signed by it."""

import datetime
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

MEDIA = {
    "png": "image/png", "jpg": "image/jpeg", "webp": "image/webp", "gif": "image/gif", "tif": "image/tiff", "mp4": "video/mp4",
    "mov": "video/quicktime", "heic": "image/heic", "avif": "image/avif",
}  # fmt: skip
CREATED = {
    "action": "c2pa.created",
    "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia",
    "softwareAgent": {"name": "Painter 2"},
}


@dataclass(frozen=True)
class Chain:
    """In PEM. certificates: leaf first, as C2PA wants them; root: what to trust."""

    certificates: bytes
    key: bytes
    root: bytes


@cache
def chain() -> Chain:
    """A root and a certificate for signing, good for a hundred years."""
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    def name(common: str) -> x509.Name:
        organisation = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Test house")
        return x509.Name([organisation, x509.NameAttribute(NameOID.COMMON_NAME, common)])

    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root = _certificate(name("Test root"), name("Test root"), root_key, root_key, is_root=True)
    leaf = _certificate(name("Test signer"), name("Test root"), key, root_key, is_root=False)
    pem = serialization.Encoding.PEM
    return Chain(
        leaf.public_bytes(pem) + root.public_bytes(pem),
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
        root.public_bytes(pem),
    )


def _certificate(subject: Any, issuer: Any, key: Any, signing_key: Any, is_root: bool) -> Any:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509.oid import ExtendedKeyUsageOID

    begin = datetime.datetime(2026, 1, 1)
    usage = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only"),
        False,
    )  # fmt: skip
    usage |= {"digital_signature": not is_root, "key_cert_sign": is_root, "crl_sign": is_root}
    made = x509.CertificateBuilder(
        issuer, subject, key.public_key(), 1 + (not is_root), begin, begin + datetime.timedelta(36500)
    )
    made = made.add_extension(x509.BasicConstraints(is_root, None), True).add_extension(x509.KeyUsage(**usage), True)
    made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
    made = made.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key()), False)
    if not is_root:
        made = made.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), False)
    return made.sign(signing_key, hashes.SHA256())


def signed(source: Path, place: Path, actions: tuple[dict[str, Any], ...] = (CREATED,)) -> Path:
    """A copy of a picture or film with Content Credentials; thumbnails are off, nothing is fetched."""
    from c2pa import Builder, C2paSignerInfo, C2paSigningAlg, Context, Settings, Signer

    settings = {
        "builder": {"thumbnail": {"enabled": False}},
        "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
    }
    claim = {
        "claim_generator_info": [{"name": "Studio", "version": "1.5"}],
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": list(actions)}}],
    }
    signer = Signer.from_info(C2paSignerInfo(C2paSigningAlg.ES256, chain().certificates, chain().key, None))
    with source.open("rb") as original, place.open("w+b") as made:
        builder = Builder(claim, Context(Settings.from_dict(settings)))
        builder.sign(signer, MEDIA[source.suffix[1:]], original, made)
    return place
