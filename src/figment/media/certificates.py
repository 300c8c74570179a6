"""A chain of certificates to try signing with (C2PA), which nobody vouches for and which says so in every name."""

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from figment.common.extras import require
from figment.common.files import flush_to_disk
from figment.common.parts import part_beside
from figment.common.places import check_folder
from figment.common.refusals import naming_refusals
from figment.common.text import shown
from figment.errors import InputError

HOUSE = "figment test certificate, vouched for by nobody"  # the organisation of all; X.509 takes 64 characters
SIGNER, ROOT = "test signer", "test root"
MAX_NAME = 64 - len(f"{SIGNER} ")
LASTS = timedelta(days=3650)
SLOW = timedelta(days=1)  # that clocks of others may be behind
CERTIFICATES, KEY, ROOT_FILE = "certificates.pem", "key.pem", "root.pem"


@dataclass(frozen=True)
class Chain:
    """In PEM. certificates: the signer's own, then the root's; key: of the signer; root: what a reader may be told to trust."""

    certificates: bytes
    key: bytes = field(repr=False)
    root: bytes


def write_test_chain(folder: Path, name: str = "") -> None:
    """Make a chain and write it into a new folder; its key is for its owner's eyes alone. name: of the signer, behind "test
    signer". Raises InputError where the folder holds something, or can't be written."""
    require("c2pa", "figment mark certificate")
    check_name(name)
    check_folder(folder)
    if folder.is_dir() and any(folder.iterdir()):
        raise InputError(f"--out {folder} exists and isn't empty: name another folder.")
    made = made_up_chain(name)
    with naming_refusals(f"--out {folder}"), part_beside(folder, folder=True) as part:
        _write(part / KEY, made.key, 0o600)
        _write(part / CERTIFICATES, made.certificates)
        _write(part / ROOT_FILE, made.root)
        part.replace(folder)


def check_name(name: str) -> None:
    """Raise InputError for a name that a certificate doesn't take."""
    if not name.isprintable() or len(name) > MAX_NAME or name != name.strip():
        raise InputError(f"--name {shown(name)}: a certificate takes up to {MAX_NAME} characters that can be printed.")


def made_up_chain(name: str = "") -> Chain:
    """A root, whose key is forgotten, and a signer's certificate that it issued."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root = _certificate(ROOT, root_key, root_key, is_root=True).public_bytes(Encoding.PEM)
    own = _certificate(f"{SIGNER} {name}".strip(), key, root_key, is_root=False).public_bytes(Encoding.PEM)
    return Chain(own + root, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), root)


def _certificate(name: str, key: Any, signing_key: Any, is_root: bool) -> Any:
    """As C2PA 2.1, section 14.5.1, wants certificates."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509.oid import ExtendedKeyUsageOID

    now = datetime.now(UTC)
    usage = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only"),
        False,
    )  # fmt: skip
    usage |= {"digital_signature": not is_root, "key_cert_sign": is_root, "crl_sign": is_root}
    made = x509.CertificateBuilder(
        _name(ROOT), _name(name), key.public_key(), x509.random_serial_number(), now - SLOW, now + LASTS
    )
    made = made.add_extension(x509.BasicConstraints(is_root, None), True).add_extension(x509.KeyUsage(**usage), True)
    made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
    made = made.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key()), False)
    if not is_root:
        made = made.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), False)
    return made.sign(signing_key, hashes.SHA256())


def _name(common: str) -> Any:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    return x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, HOUSE), x509.NameAttribute(NameOID.COMMON_NAME, common)]
    )


def _write(path: Path, content: bytes, mode: int = 0o644) -> None:
    """A new file, which nobody may read between its making and its mode."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
    flush_to_disk(path)
