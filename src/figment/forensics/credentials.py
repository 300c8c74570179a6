"""Content Credentials (C2PA): who signed a file, what was stated, and whether that fits the file still. Nothing is fetched."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from figment.common.extras import missing
from figment.common.text import shown
from figment.media.signing import MARK_LABEL
from figment.metadata.xmp import IPTC_WORD

State = Literal["trusted", "valid", "invalid", "unreadable", "unread", "elsewhere"]
KINDS = {
    "PNG": "image/png", "JPEG": "image/jpeg", "WebP": "image/webp", "GIF": "image/gif", "TIFF": "image/tiff", "MP4": "video/mp4",
    "MOV": "video/quicktime", "HEIC": "image/heic", "AVIF": "image/avif",
}  # fmt: skip
# No manifest and no revocation list is asked for on the web, and no host may be asked anything.
SETTINGS = {
    "core": {"allowed_network_hosts": []},
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False, "verify_trust": True, "verify_after_reading": True},
}
BITS = 16  # of a run's number, as media/watermark.py has it, which brings numpy
MAX_LISTED = 20  # actions, manifests, problems
# What failed, by the codes of C2PA 2.1, section 15.2.2; others are told by their code.
FAILURES = {
    "assertion.dataHash.mismatch": "the file isn't the one that was signed",
    "assertion.bmffHash.mismatch": "the file isn't the one that was signed",
    "assertion.boxesHash.mismatch": "the file isn't the one that was signed",
    "assertion.hashedURI.mismatch": "what it states isn't what was signed",
    "claimSignature.mismatch": "the signature doesn't fit",
    "claimSignature.missing": "the signature is missing",
    "claimSignature.outsideValidity": "it was signed when the certificate wasn't valid",
    "signingCredential.invalid": "the certificate isn't one for signing pictures",
    "signingCredential.expired": "the certificate has expired",
    "signingCredential.ocsp.revoked": "the certificate was revoked",
    "claim.missing": "it states nothing",
    "claim.malformed": "what it states is malformed",
    "assertion.missing": "a part of what it states is missing",
}
UNTRUSTED = "signingCredential.untrusted"


@dataclass(frozen=True)
class Credentials:
    """state: "trusted": unchanged since it was signed, by a certificate of a list that was named; "valid": unchanged, but nobody
    here vouches for who signed; "invalid": it doesn't fit the file; "unreadable": damaged, or no manifest at all; "unread":
    c2pa-python isn't installed; "elsewhere": it lies at an address on the web, which isn't asked.

    signer, issuer: by the certificate. generator: the program that made the claim. actions: what was done, "created" and the
    like, with what software. source_types: words of IPTC's DigitalSourceType among them. run: the number of the run that figment
    says it was drawn by; own: whether that is the generator's that is asked about, None where none is. problems: what is wrong.
    """

    state: State
    signer: str | None = None
    issuer: str | None = None
    generator: str | None = None
    actions: tuple[str, ...] = ()
    source_types: tuple[str, ...] = ()
    run: int | None = None
    own: bool | None = None
    problems: tuple[str, ...] = ()


def read_credentials(path: Path, kind: str, trust: str | None = None) -> Credentials:
    """The Content Credentials in a file that bears some. trust: certificates in PEM of signers who are trusted, or of who
    issues theirs."""
    if "c2pa" in missing("c2pa"):
        return Credentials("unread")
    from c2pa import C2paError, Reader

    try:
        with path.open("rb") as file, Reader(KINDS.get(kind), file, context=_context(trust)) as reader:
            told = json.loads(reader.json())
    except (C2paError, ValueError, RecursionError, OSError) as error:
        return Credentials("unreadable", problems=(_short(error),))
    return _in_order(told)


def check_trust(trust: str) -> None:
    """Raise ValueError where a text holds no certificates by which signers could be trusted."""
    from c2pa import C2paError

    if "-----BEGIN CERTIFICATE-----" not in trust:
        raise ValueError("it holds no certificate")
    try:
        _context(trust)
    except C2paError as error:
        raise ValueError(_short(error)) from None


@lru_cache(maxsize=1)
def _context(trust: str | None) -> Any:
    from c2pa import Context, Settings

    return Context(Settings.from_dict(SETTINGS | ({"trust": {"trust_anchors": trust}} if trust else {})))


def _in_order(told: dict[str, Any]) -> Credentials:
    """What c2pa-python tells of a manifest store, put in order; the rest of its report isn't gone by."""
    manifests = _mapping(told.get("manifests"))
    active = _mapping(manifests.get(told.get("active_manifest") or ""))
    signature = _mapping(active.get("signature_info"))
    others = [_mapping(it) for it in manifests.values() if it is not active]
    actions = [action for manifest in (active, *others[:MAX_LISTED]) for action in _actions(manifest)]
    codes = [str(_mapping(it).get("code")) for it in told.get("validation_status") or []]
    state: State = {"Trusted": "trusted", "Valid": "valid"}.get(str(told.get("validation_state")), "invalid")  # type: ignore[assignment]
    return Credentials(
        state,
        _text(signature.get("common_name")),
        _text(signature.get("issuer")),
        _generator(active),
        tuple(dict.fromkeys(filter(None, map(_action, actions))))[:MAX_LISTED],
        tuple(dict.fromkeys(filter(None, (_word(action.get("digitalSourceType")) for action in actions))))[:MAX_LISTED],
        run=_run(active),
        problems=tuple(dict.fromkeys(FAILURES.get(code, shown(code)) for code in codes if code != UNTRUSTED))[
            :MAX_LISTED
        ],
    )


def _generator(manifest: Mapping[str, Any]) -> str | None:
    """The program that made a claim, by the older field or the newer list."""
    infos = manifest.get("claim_generator_info")
    info = _mapping(infos[0] if isinstance(infos, list) and infos else None)
    named = " ".join(str(info[key]) for key in ("name", "version") if info.get(key))
    return _text(named or manifest.get("claim_generator"))


def _actions(manifest: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    assertions = manifest.get("assertions")
    for assertion in assertions if isinstance(assertions, list) else []:
        if str(_mapping(assertion).get("label")).startswith("c2pa.actions"):
            actions = _mapping(assertion.get("data")).get("actions")
            yield from map(_mapping, actions if isinstance(actions, list) else [])


def _run(manifest: Mapping[str, Any]) -> int | None:
    """The number of the run that figment states."""
    assertions = manifest.get("assertions")
    stated = map(_mapping, assertions if isinstance(assertions, list) else [])
    numbers = (_mapping(one.get("data")).get("run") for one in stated if one.get("label") == MARK_LABEL)
    return next((number for number in numbers if type(number) is int and 0 < number < 2**BITS), None)


def _action(action: Mapping[str, Any]) -> str | None:
    """Such as: created by GPT-4o."""
    agent = action.get("softwareAgent")
    agent = agent.get("name") if isinstance(agent, Mapping) else agent
    done = _text(str(action.get("action") or "").removeprefix("c2pa."))
    return f"{done} by {shown(agent)}" if done and agent else done


def _word(address: object) -> str | None:
    found = IPTC_WORD.fullmatch(address) if isinstance(address, str) else None
    return found[1] if found else None


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: object) -> str | None:
    return shown(value) if isinstance(value, str) and value else None


def _short(error: Exception) -> str:
    """The library's reason, without the name of its own exception before it."""
    return shown(str(error).partition("\n")[0].rpartition(": ")[2] or type(error).__name__)
