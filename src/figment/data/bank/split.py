"""Which pictures of a set a bank takes, each once, and which of them it holds out."""

import re
from hashlib import sha256

import numpy as np

from figment.data.decoding.decode import short_hash
from figment.errors import InputError

HELD_OUT_SHARE = 0.1  # of the pictures, or of the groups


def split(keys: list[bytes]) -> np.ndarray:
    """Which pictures are held out, bool (N,): a tenth, by a hash of each one's key alone, whatever else is there.

    A set so small that this leaves one side empty gets the key with the lowest hash held out. Raises InputError where
    there is only one key.
    """
    draws = np.array([int.from_bytes(sha256(key).digest()[:8], "big") for key in keys], dtype=np.uint64)
    held_out = draws < np.uint64(int(HELD_OUT_SHARE * 2**64))
    if not held_out.any() or held_out.all():
        held_out = draws == draws.min()
    if held_out.all():
        raise InputError(
            "--group: all pictures are in one group, so none can be held out: give a pattern that tells groups apart"
        )
    return held_out


def exact_duplicates(digests: np.ndarray) -> tuple[np.ndarray, dict[int, int]]:
    """Slots, in order, of the first picture with each digest, and the slot of each further copy → the first one's.

    digests: uint8 (slots, 16); zeros mean that there is no picture.
    """
    readable = np.flatnonzero(digests.any(axis=1))
    whole = np.ascontiguousarray(digests[readable]).view(f"V{digests.shape[1]}")[:, 0]
    _, first, inverse = np.unique(whole, return_index=True, return_inverse=True)
    original = first[inverse]
    copies = np.flatnonzero(original != np.arange(len(readable)))
    copied = zip(readable[copies].tolist(), readable[original[copies]].tolist(), strict=True)
    return readable[np.sort(first)], dict(copied)


def group_pattern(group: str | None) -> re.Pattern[str] | None:
    """The compiled pattern. Raises InputError for one that is no regular expression, or has no bracket."""
    if group is None:
        return None
    try:
        pattern = re.compile(group)
    except re.error as error:
        raise InputError(f"--group {group!r} isn't a regular expression ({error}): mend it") from None
    if not pattern.groups:
        raise InputError(f"--group {group!r} has no bracket: put one around what names the group: '^(.*)_'")
    return pattern


def group_keys(pattern: re.Pattern[str] | None, names: list[str]) -> list[bytes | None]:
    """What decides each picture's side of the split: its group; None, so its own pixels, where it is in no group.

    Raises InputError where the pattern matches no name.
    """
    if pattern is None:
        return [None] * len(names)
    found = [pattern.search(name) for name in names]
    keys = [match[1] if match else None for match in found]
    if not any(key is not None for key in keys):
        example = f", such as {names[0]!r}" if names else ""
        raise InputError(f"--group {pattern.pattern!r} matches no picture's name{example}: mend the pattern")
    return [None if key is None else short_hash(b"group", key.encode("utf-8", "surrogatepass")) for key in keys]
