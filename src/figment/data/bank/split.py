"""Which pictures of a set a bank takes, each once, and which of them it holds out."""

from collections import Counter
from collections.abc import Sequence
from hashlib import sha256

import numpy as np

from figment.data.decoding.decode import short_hash
from figment.errors import InputError

HELD_OUT_SHARE = 0.1  # of the pictures
GROUP_SHARES = 0.05, 0.15  # of the pictures in groups: what lies between is a tenth, or nearly
UNTOLD_SHARES = 0.075, 0.125  # that whole groups come to where they had to be chosen; less and more is told
MIN_CLASS_SHARE = 0.05  # of all pictures are held out, where most classes are so small that few can be
MIN_SPLIT_CLASS = 10  # pictures of a class, from which on it is on both sides


def split(keys: list[bytes]) -> np.ndarray:
    """Which pictures are held out, bool (N,): a tenth, by a hash of each one's key alone, whatever else is there.

    A set so small that this leaves one side empty gets the key with the lowest hash held out. Raises InputError where
    there is only one key.
    """
    draws = _draws(keys)
    held_out = draws < np.uint64(int(HELD_OUT_SHARE * 2**64))
    if not held_out.any() or held_out.all():
        held_out = draws == draws.min()
    if held_out.all():
        raise InputError(
            "--group: all pictures are in one group, so none can be held out: give a pattern that tells groups apart"
        )
    return held_out


def split_groups(groups: Sequence[bytes | None], keys: list[bytes]) -> tuple[np.ndarray, str | None]:
    """Whole groups held out, bool (N,), about a tenth of the pictures in groups; and what is to be said of it, if anything.

    groups: of each picture, or None where it is in none and its own key decides. A group's hash alone decides as long as
    that gives about a tenth of the pictures, whatever else is there. Else groups are taken in the order of their hashes
    as long as each brings the whole nearer to a tenth, and the smallest where none does. Raises InputError where all
    pictures are in one group.
    """
    held_out = split([group or key for group, key in zip(groups, keys, strict=True)])
    sizes = Counter(group for group in groups if group is not None)
    total = sizes.total()
    chosen = {group for group, held in zip(groups, held_out, strict=True) if held and group is not None}
    low, high = GROUP_SHARES
    if low * total <= sum(sizes[group] for group in chosen) <= high * total:
        return held_out, None
    single = len(sizes) == 1  # beside pictures that are in none
    chosen = set() if single else _nearest_to_a_tenth(sizes)
    free = [place for place, group in enumerate(groups) if group is None]
    held_free = set(np.array(free)[split([keys[place] for place in free])].tolist()) if len(free) > 1 else set()
    if single and not held_free:
        held_free = set(free)
    held_out = np.array([place in held_free or group in chosen for place, group in enumerate(groups)])
    count = sum(sizes[group] for group in chosen)
    if UNTOLD_SHARES[0] * total <= count <= UNTOLD_SHARES[1] * total:
        return held_out, None
    largest = max(sizes.values())
    return held_out, (
        f"--group: {count:,} of {total:,} pictures in groups are held out ({count / total:.1%}), since groups aren't taken"
        f" apart: of {len(sizes):,} the largest has {largest:,} and the smallest {min(sizes.values()):,} pictures."
    )


def split_classes(labels: Sequence[str | None], keys: list[bytes]) -> np.ndarray:
    """As `split`, bool (N,), but within each class: of ten pictures and more at least one is held out, never over half.

    So a class of one picture is trained on. Where labels are nearly as many as pictures they part nothing, and the
    pictures are split without them.
    """
    held_out = split(keys)
    members: dict[str, list[int]] = {}
    for place, label in enumerate(labels):
        if label is not None:
            members.setdefault(label, []).append(place)
    most = {label: len(places) // 2 for label, places in members.items()}
    labelled = sum(map(len, members.values()))
    if sum(most.values()) < MIN_CLASS_SHARE * labelled or not any(most.values()):
        return held_out
    draws = _draws(keys)
    for label, places in members.items():
        held = int(held_out[places].sum())
        wanted = min(max(held, len(places) >= MIN_SPLIT_CLASS), most[label])
        if wanted != held:
            held_out[places] = False
            held_out[sorted(places, key=draws.__getitem__)[:wanted]] = True
    _top_up(held_out, draws, members, most, max(1, int(MIN_CLASS_SHARE * labelled)))
    return held_out


def _top_up(
    held_out: np.ndarray, draws: np.ndarray, members: dict[str, list[int]], most: dict[str, int], wanted: int
) -> None:
    """Hold out more of the classes that allow it, in the order of the hashes, until so many are."""
    counts = {label: int(held_out[places].sum()) for label, places in members.items()}
    missing = wanted - sum(counts.values())
    if missing <= 0:
        return
    label_of = {place: label for label, places in members.items() for place in places if not held_out[place]}
    for place in sorted(label_of, key=draws.__getitem__):
        label = label_of[place]
        if missing > 0 and counts[label] < most[label]:
            held_out[place] = True
            counts[label] += 1
            missing -= 1


def _nearest_to_a_tenth(sizes: Counter[bytes]) -> set[bytes]:
    target = HELD_OUT_SHARE * sizes.total()
    chosen: set[bytes] = set()
    count = 0
    for group in sorted(sizes, key=lambda group: sha256(group).digest()):
        if abs(count + sizes[group] - target) < abs(count - target):
            chosen.add(group)
            count += sizes[group]
    return chosen or {min(sizes, key=lambda group: (sizes[group], sha256(group).digest()))}


def _draws(keys: list[bytes]) -> np.ndarray:
    return np.array([int.from_bytes(sha256(key).digest()[:8], "big") for key in keys], dtype=np.uint64)


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


def group_keys(groups: Sequence[str | None]) -> list[bytes | None]:
    """What decides each picture's side of the split: its group; None, so its own pixels, where it is in no group."""
    return [None if name is None else short_hash(b"group", name.encode("utf-8", "surrogatepass")) for name in groups]
