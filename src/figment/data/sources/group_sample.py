"""A smaller set out of a large one: some groups (people), a few pictures of each, copied as they are into a folder."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, UnidentifiedImageError

from figment.common.files import flush_to_disk
from figment.common.parts import part_beside
from figment.common.progress import Progress
from figment.common.refusals import naming_refusals
from figment.data.decoding.chunks import StoredChunk
from figment.data.decoding.decode import PILLOW_FORMATS, Broken, Payload
from figment.data.sources.base import Source, has_picture_suffix
from figment.data.sources.groups import Grouping
from figment.data.sources.joined import unique_names
from figment.errors import InputError

SUFFIXES = {"JPEG": ".jpg", "MPO": ".jpg", "TIFF": ".tif", "JPEG2000": ".jp2"}  # others are called as their format


class Written(NamedTuple):
    """What has come into the folder. unread: pictures that couldn't be taken out of their archive."""

    groups: int
    pictures: int
    unread: int
    pattern: str  # for --group, by which the folder's names tell the groups


def sample_groups(
    source: Source, grouped: Grouping, groups: int, each: int, seed: int, folder: Path, progress: Progress | None = None
) -> Written:
    """Copy `each` pictures of so many groups, drawn by the seed, into a new folder, as GROUP_PICTURE with its suffix.

    Groups of fewer pictures aren't drawn. The folder is there whole or not at all. Raises InputError where there are too
    few groups, or the folder can't be written.
    """
    chosen = choose_groups(grouped.of(source), groups, each, seed, source.where)
    names = _file_names(chosen, source.listing.names)
    written = unread = 0
    with naming_refusals(folder), part_beside(folder.absolute(), folder=True) as part:
        for slot, payload in _payloads(source, sorted(names)):
            content = _content(payload)
            if content is None:
                unread += 1
            else:
                name = names[slot]
                (part / (name if has_picture_suffix(name) else name + _suffix(content))).write_bytes(content)
                written += 1
            if progress:
                progress(written + unread, len(names))
        flush_to_disk(part)
        part.chmod(0o755)
        if folder.is_dir():
            folder.rmdir()  # which was empty
        part.rename(folder)
    digits = all(name.isascii() and name.isdigit() for name in chosen)
    return Written(len(chosen), written, unread, r"^(\d+)_" if digits else "^([^_]+)_")


def choose_groups(
    group_of: Sequence[str | None], groups: int, each: int, seed: int, where: str = "this set"
) -> dict[str, list[int]]:
    """So many groups and `each` slots of each, drawn by the seed: whatever the order of the pictures, the same groups.

    Raises InputError where fewer groups have as many pictures.
    """
    members: dict[str, list[int]] = defaultdict(list)
    for slot, group in enumerate(group_of):
        if group is not None:
            members[group].append(slot)
    large = sorted(group for group, slots in members.items() if len(slots) >= each)
    if len(large) < groups:
        sizes = sorted(map(len, members.values()), reverse=True)
        mends = [f"--people {len(large)}"] if len(large) > 1 else []
        mends += [f"--each {sizes[groups - 1]}"] if len(sizes) >= groups else []
        raise InputError(
            f"--people {groups:,}: of the {len(members):,} of {where}, {len(large):,} have {each:,} pictures or more: take"
            f" {' or '.join(mends) or 'another set, or another --group'}"
        )
    random = np.random.default_rng(seed)
    drawn = [large[place] for place in sorted(random.choice(len(large), groups, replace=False).tolist())]
    return {group: sorted(random.choice(members[group], each, replace=False).tolist()) for group in drawn}


def _file_names(chosen: dict[str, list[int]], names: Sequence[str]) -> dict[int, str]:
    """Names by slot, all different. The group's has no _, at which it ends, and nothing that a file's name can't have."""
    groups = unique_names([_plain(group).replace("_", "-") or "group" for group in chosen])
    files: dict[int, str] = {}
    for group, slots in zip(groups, chosen.values(), strict=True):
        inner = unique_names([_plain(names[slot].rpartition("/")[2]) for slot in slots])
        # 12_0001.jpg of person 12 says already whose it is.
        names_of = [name if name.startswith(f"{group}_") else f"{group}_{name}" for name in inner]
        files |= dict(zip(slots, names_of, strict=True))
    return files


def _plain(text: str) -> str:
    return re.sub(r"[^\w.-]+", "-", text, flags=re.ASCII).strip(".-")[:100]


def _payloads(source: Source, slots: Sequence[int]) -> Iterator[tuple[int, Payload]]:
    for chunk in source.chunks(set(slots)):
        if not isinstance(chunk, StoredChunk):
            raise InputError(f"{source.where} is drawn by figment, and has no files to copy: give another set")
        yield from zip(chunk.slots, chunk.payloads, strict=True)


def _content(payload: Payload) -> bytes | None:
    """The bytes of a picture's file; of pixels, a PNG's. None where it can't be read."""
    if isinstance(payload, Broken):
        return None
    if isinstance(payload, bytes):
        return payload
    if isinstance(payload, str):
        try:
            return Path(payload).read_bytes()
        except OSError:
            return None
    buffer = BytesIO()
    try:
        Image.fromarray(payload).save(buffer, "PNG")
    except (OSError, TypeError, ValueError):  # floats, which no PNG holds
        return None
    return buffer.getvalue()


def _suffix(content: bytes) -> str:
    """What a picture's name should end in, by its first bytes; nothing where they don't tell."""
    try:
        with Image.open(BytesIO(content), formats=PILLOW_FORMATS) as picture:
            return SUFFIXES.get(str(picture.format), f".{str(picture.format).lower()}")
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError):
        return ""
