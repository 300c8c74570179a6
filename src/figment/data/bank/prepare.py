"""From a source to a bank: every picture decoded once, on all cores, into its place; what was done is never done again.

The work goes on in a draft folder beside the final one, which is renamed when all is there: there is never a part of a
bank. A journal in the draft says what is done, so an interrupted preparation goes on where it was.
"""

import json
import shutil
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from figment.common import sizes
from figment.common.cache import cache_folder
from figment.common.extras import mend, missing
from figment.common.files import flush_to_disk
from figment.common.pointers import FETCH, IS_POINTER
from figment.common.progress import Progress, Say
from figment.common.video_shape import VideoShape
from figment.data.bank.bank import DECODING, FORMAT, HELD_OUT_ROWS, MANY, TRAIN_ROWS, Bank, DealtPart, open_bank
from figment.data.bank.channels import choose_channels
from figment.data.bank.clips import save_clips
from figment.data.bank.cluster import check_cluster, joined
from figment.data.bank.drafts import BROKEN_PROFILE, CONVERTED, JOURNAL_FILE, Journal, draft_folder, preparing
from figment.data.bank.filling import fill
from figment.data.bank.kept import Kept, kept_clips, kept_pictures
from figment.data.bank.preparer import ChunkPreparer, Decoder
from figment.data.bank.shards import compact, pictures_per_shard
from figment.data.bank.split import group_keys, split, split_classes, split_groups
from figment.data.decoding.decode import MARKED, NO_HEIC, NO_PERMISSION, UNKNOWN_FORMAT
from figment.data.decoding.fit import STRIP, Target, check_fit
from figment.data.sources.folder import IN_ICLOUD
from figment.data.sources.groups import grouping
from figment.data.sources.open import Skipped, Source, check_clips, open_source, watch
from figment.data.sources.part_of import Part, PartOf
from figment.errors import InputError, Notice

# What to do where so many pictures are skipped for one reason that too few are left.
MENDS = {
    IS_POINTER: FETCH,
    NO_PERMISSION: "mend their permissions",
    NO_HEIC: "install it, or save them as JPEG",
    UNKNOWN_FORMAT: "save them as PNG or JPEG",
    "a link that leads nowhere": "mend the links",
    IN_ICLOUD: "have Finder download them (Download Now), or copy the pictures elsewhere",
}
MIN_PICTURES = 32  # to train on
MIN_CLIPS = 2  # one of them is held out
ENLARGED_BELOW = 0.75  # of the size: a picture with less shows that it was enlarged
HEIC_SUFFIXES = (".heic", ".heif", ".hif")
KEEP_MARKED = "keep marked"  # in the key of a bank that has pictures made by figment


class LeaveOut(Protocol):
    """Chooses pictures that aren't to be used, and says why."""

    @property
    def key(self) -> str:
        """The same key chooses the same pictures of a source."""

    def __call__(self, source: Source) -> dict[int, str]:
        """Reasons by slot."""


def prepare(
    data: Any,
    size: int | tuple[int, int],
    channels: int | None = None,
    group: str | None = None,
    progress: Progress | None = None,
    fit: str = "crop",
    leave_out: LeaveOut | None = None,
    min_pictures: int = MIN_PICTURES,
    keep_marked: bool = False,
    video: VideoShape | None = None,
    cluster: str | None = None,
    say: Say | None = None,
    part: Part | None = None,
) -> Bank:
    """Bring the pictures of data to one size, or open the bank where that has been done before.

    data: whatever open_source takes. size: pixels of a square, or (height, width). channels: 1 (grey), 3, or None to
    let the pictures decide. group: tells what stays on one side of the split (a person, say): a pattern whose first
    bracket is searched in a picture's name, a column that the data have, or a file of names and groups. progress: called
    with (done, total). fit: how pictures of other shapes are brought to the size. leave_out: chooses pictures that aren't
    used. min_pictures: different pictures that it takes, 2 at least. keep_marked: pictures that figment made, as their
    mark says, are used like others. video: films, strips (fit "strip") or folders of frames are cut into clips, whose frames
    are the bank's pictures. cluster: address of a Dask scheduler, whose workers decode in this machine's place; say is told
    what is waited for. part: which part of the pictures alone, as one machine of several holds it.

    Works on all cores; memory doesn't grow with the pictures; disk use is N·channels·height·width bytes. Interrupted
    with KeyboardInterrupt it raises Interrupted, and the same call goes on later. Raises InputError where the data, the
    pattern or the disk forbid it, or the data change meanwhile.
    """
    if cluster is not None:
        check_cluster(cluster)
    height, width = sizes.shape(size)
    if channels not in (None, 1, 3) or min(height, width) < 1:
        wanted = "give a positive size, and 1 or 3 channels"
        raise InputError(f"size {height}×{width} with {channels} channels can't be prepared: {wanted}")
    fit = check_fit(fit)
    grouped = None if group is None else grouping(group)
    source = open_source(data, video=video, strips=fit == STRIP)
    check_clips(source, video, fit, drop=leave_out is not None)
    watch(source, progress)
    fit = "crop" if fit == STRIP else fit
    banks = cache_folder() / "banks"
    content = source.fingerprint()
    channels = channels or choose_channels(source, banks / f"{content[:32]}.{DECODING}.channels")
    together, dropped = grouped.key if grouped else None, (leave_out.key or None) if leave_out else None

    def key(content: str) -> str:
        told = [FORMAT, content, height, width, channels, fit, together, dropped]
        told += [KEEP_MARKED] * keep_marked + [str(video)] * (video is not None)
        return sha256(json.dumps(told).encode()).hexdigest()[:32]

    whole, key_of_whole = source, key(content)
    if part is not None:
        if video is not None:
            raise InputError("parts are for pictures: of clips each machine takes all")
        source = PartOf(whole, part, None if grouped is None else lambda: group_keys(grouped.of(whole)))
        content = source.fingerprint()
    fingerprint = key(content)
    folder = banks / fingerprint
    bank = _opened(folder)
    if bank is None:
        groups = group_keys(grouped.of(source)) if grouped else None
        if video is None:
            _check_heic(source, min_pictures)
        if fit == "face":
            from figment.data.decoding import faces

            faces.require_detector()
        with preparing(banks, fingerprint):
            bank = _opened(folder)  # somebody may have prepared it while we waited
            if bank is None:
                target, own = Target(height, width, channels, fit), None
                if part is not None:
                    own = DealtPart(part.number, part.of, len(whole.listing.names), key_of_whole)
                request = _Request(
                    source, content, target, groups, leave_out, min_pictures, keep_marked, cluster, say, own
                )
                _build(request, folder, progress)
                bank = open_bank(folder)
    if len(bank.pictures) < min_pictures:  # it was prepared for a purpose that takes fewer
        raise _too_few(source, len(bank.pictures), bank.skipped, bank.left_out, len(bank.copies), min_pictures)
    if bank.clips is not None and len(bank.clips) < MIN_CLIPS:
        raise _too_few_clips(source, len(bank.clips), bank.skipped)
    # The same pictures may have been prepared under another name, and with other things beside them.
    aside = source.listing.aside if source.lists_at_once else bank.aside
    return replace(bank, source=source.display, aside=aside)


def _check_heic(source: Source, min_pictures: int) -> None:
    """Tell of HEIC pictures that can't be read without a package, now. Raises InputError where too few others are there."""
    names = source.listing.names if missing("heic") else []
    unread = sum(name.lower().endswith(HEIC_SUFFIXES) for name in names)
    if not unread:
        return
    told = f"{unread:,} of {len(names):,} pictures of {source.where} are HEIC, which needs pillow-heif: {mend('heic')}"
    if len(names) - unread < min_pictures:
        raise InputError(f"{told}, or save them as JPEG")
    warnings.warn(f"{told}; they are left out", Notice, stacklevel=3)


@dataclass(frozen=True, eq=False)
class _Request:
    """What a bank is made of, and how.

    fingerprint: of the source. groups: by slot, what stays together (see group_keys); None without --group. part: where the
    source is a part of another.
    """

    source: Source
    fingerprint: str
    target: Target
    groups: list[bytes | None] | None
    leave_out: LeaveOut | None
    min_pictures: int
    keep_marked: bool
    cluster: str | None
    say: Say | None
    part: DealtPart | None = None


def _build(request: _Request, folder: Path, progress: Progress | None) -> None:
    """Prepare everything in a draft, then rename it to the final folder."""
    shutil.rmtree(folder, ignore_errors=True)  # a spoilt one, or open_bank would have opened it
    source, target = request.source, request.target
    picture_bytes, slots = target.picture_bytes, len(source.listing.names)
    per_shard = pictures_per_shard((target.channels, target.height, target.width))
    with (
        joined(request.cluster, request.say) as cluster,
        draft_folder(folder, slots, picture_bytes, per_shard) as (draft, journal),
    ):
        if journal.left_out is None:
            journal.left_out = request.leave_out(source) if request.leave_out else {}
        decoder = Decoder(target, keep_marked=request.keep_marked)
        fill(source, draft, journal, ChunkPreparer(str(draft), per_shard, decoder), progress, cluster)
        if source.fingerprint() != request.fingerprint:
            raise InputError(
                f"{source.where} changed while it was being read: run this again when nothing writes to it any more"
            )
        video = source.video
        kept = kept_pictures(journal) if video is None else kept_clips(journal, source.listing, video.frames)
        skipped, left_out = _apart(source, journal, kept)
        if kept.lengths is not None and len(kept.lengths) < MIN_CLIPS:
            raise _too_few_clips(source, len(kept.lengths), skipped)
        if len(kept.slots) < request.min_pictures:
            raise _too_few(source, len(kept.slots), skipped, left_out, len(kept.copies), request.min_pictures)
        (draft / JOURNAL_FILE).unlink(missing_ok=True)  # from here on it wouldn't be true
        compact(draft, kept.slots, picture_bytes, per_shard, slots)
        _write_facts(draft, request, kept, journal, per_shard)
        for file in draft.iterdir():
            flush_to_disk(file)
        flush_to_disk(draft)
        draft.rename(folder)
        flush_to_disk(folder.parent)


def _write_facts(draft: Path, request: _Request, kept: Kept, journal: Journal, per_shard: int) -> None:
    """Write all that a bank knows beside its pixels: plain JSON and .npy, the same bytes for the same source."""
    source, target = request.source, request.target
    listing = source.listing
    slots, units = kept.slots.tolist(), kept.units
    labels = sorted({label for label in listing.labels if label is not None})
    places: dict[str | None, int] = {label: place for place, label in enumerate(labels)}
    if request.groups:
        groups = [request.groups[slot] for slot in units]
        held_out, note = split_groups(groups, kept.keys)
        told = ([note] if note else []) + _of_no_group(groups)
    elif request.part is not None:  # by its pixels alone, so that a picture is on the same side in all parts
        held_out, told = split(kept.keys), []
    else:
        held_out, told = split_classes([listing.labels[slot] for slot in units], kept.keys), []
    if kept.lengths is not None:
        told = [note.replace("pictures", "clips") for note in told]
    held_out = kept.of_pictures(held_out)
    _write_array(draft / "held_out.npy", held_out)
    if len(held_out) >= MANY:
        _write_array(draft / TRAIN_ROWS, np.flatnonzero(~held_out))
        _write_array(draft / HELD_OUT_ROWS, np.flatnonzero(held_out))
    kinds = np.array([places.get(listing.labels[slot], -1) for slot in slots], np.int32)
    _write_array(draft / "labels.npy", kinds)
    _write_json(draft / "names.json", [listing.names[slot] for slot in slots])
    large_enough = (ENLARGED_BELOW * target.width, ENLARGED_BELOW * target.height)
    copied = {copy: f"exact copy of {listing.names[first]}" for copy, first in kept.copies.items()}
    skipped, left_out = _apart(source, journal, kept)
    facts = {
        "format": FORMAT,
        "count": len(slots),
        "height": target.height,
        "width": target.width,
        "channels": target.channels,
        "fit": target.fit,
        "per_shard": per_shard,
        "enlarged": int((journal.sides[kept.slots] < large_enough).any(axis=1).sum()),
        "source": source.display,
        "drawn": source.is_drawn,
        "labels": labels,
        "ignored": listing.ignored,
        "aside": [asdict(item) for item in listing.aside],
        "notes": listing.notes + told,
        "skipped": [asdict(item) for item in skipped],
        "decoding": DECODING,
        "ranges": journal.ranges.records(),
        "converted_profiles": int(((journal.marks[kept.slots] & CONVERTED) > 0).sum()),
        "broken_profiles": int(((journal.marks[kept.slots] & BROKEN_PROFILE) > 0).sum()),
        "copies": [asdict(item) for item in _named(source, copied)],
        "left_out": [asdict(item) for item in left_out],
    }
    if source.video is not None and (clips := kept.clips(listing, source.video.fps)) is not None:
        save_clips(draft, clips)
        facts |= {"clips": clips.names, "video": str(source.video)}
    if request.part is not None:
        facts["part"] = asdict(request.part)
    _write_json(draft / "bank.json", facts)


def _of_no_group(groups: Sequence[bytes | None]) -> list[str]:
    """What is to be said where some pictures are in no group."""
    alone = sum(group is None for group in groups)
    text = f"--group: {alone:,} of {len(groups):,} pictures are in no group, and each of them is held out or not by itself."
    return [text] if alone else []


def _apart(source: Source, journal: Journal, kept: Kept) -> tuple[list[Skipped], list[Skipped]]:
    """Pictures that can't be used, and those that aren't wanted: dropped as asked, or made by figment itself."""
    marked = {slot: reason for slot, reason in journal.skipped.items() if reason == MARKED}
    broken = {slot: reason for slot, reason in journal.skipped.items() if slot not in marked}
    if kept.lengths is not None:  # told by clips
        own = [item for item in kept.broken if item.reason == MARKED]
        told = [item for item in kept.broken if item.reason != MARKED]
        return _named(source, {}, [*source.listing.skipped, *told]), _named(source, journal.left_out or {}, own)
    return _named(source, broken, source.listing.skipped), _named(source, (journal.left_out or {}) | marked)


def _named(source: Source, reasons: dict[int, str], more: Sequence[Skipped] = ()) -> list[Skipped]:
    told = [*more, *(Skipped(source.listing.names[slot], reason) for slot, reason in reasons.items())]
    return sorted(told, key=lambda item: item.name)


def _too_few(
    source: Source, usable: int, skipped: list[Skipped], left_out: list[Skipped], copies: int, min_pictures: int
) -> InputError:
    reasons = Counter(item.reason for item in skipped)
    marked = sum(item.reason == MARKED for item in left_out)
    dropped = len(left_out) - marked
    counts = [(reasons.total(), "skipped"), (copies, "exact duplicates"), (dropped, "dropped"), (marked, MARKED)]
    absent = [f"{number:,} {what}" for number, what in counts if number]
    mostly = f"; mostly {reasons.most_common(1)[0][0]}" if reasons else ""
    text = f" ({', '.join(absent)}{mostly})" if absent else ""
    mend = "add more, or drop less" if dropped else "add more"
    if marked:
        mend += ", or train on figment's own with --keep-marked"
    if reasons and usable + reasons.most_common(1)[0][1] >= min_pictures:  # those would have done
        mend = MENDS.get(reasons.most_common(1)[0][0], mend)
    return InputError(
        f"{source.where} has {usable:,} usable pictures{text}, and at least {min_pictures} are needed: {mend}"
    )


def _too_few_clips(source: Source, clips: int, skipped: list[Skipped]) -> InputError:
    why = f"; left out: {skipped[0].name}: {skipped[0].reason}" if skipped else ""
    return InputError(
        f"{source.where} gives {clips} clip{'s' * (clips != 1)} of --video {source.video}, and at least {MIN_CLIPS} are needed,"
        f" since whole clips are held out{why}: add films, or ask for fewer frames"
    )


def _opened(folder: Path) -> Bank | None:
    """The bank in a folder; None where there is none, or one whose pictures were decoded as they no longer are."""
    try:
        bank = open_bank(folder)
    except InputError:
        return None
    return bank if bank.decoding == DECODING else None


def _write_json(file: Path, content: Any) -> None:
    file.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", "utf-8")


def _write_array(file: Path, array: np.ndarray) -> None:
    # Through memory, since numpy's own writing forgets to say that the disk was full.
    content = BytesIO()
    np.save(content, array)
    file.write_bytes(content.getvalue())
