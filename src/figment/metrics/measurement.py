"""How real, varied and original the pictures of a generator, or of a folder, are; each beside what reals reach."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from figment.common.bars import Shown, shown_on
from figment.common.machine import this_machine
from figment.common.pixels import to_rgb
from figment.common.places import try_writing
from figment.common.progress import Agree, Preparing, Progress
from figment.common.refusals import naming_refusals
from figment.common.rehearsal import SAMPLES, at_most
from figment.common.units import as_rough_time
from figment.common.video_shape import VideoShape
from figment.data.bank.bank import Bank
from figment.errors import InputError
from figment.features.base import Extractor
from figment.features.codec import check_codec, codec_for
from figment.features.extract import LazyPictures, SetFeatures, bank_rows, extract_features
from figment.features.onnx_clips import ClipNetwork, clip_network
from figment.features.registry import NETWORKS, default_network, extractor
from figment.media.choosing import choice
from figment.media.images import write
from figment.metrics.asked import ATTRIBUTES, CLIP_COPYING, CLIPS, COPYING, MAX_REALS, Asked, asked_for
from figment.metrics.clip_copying import measure_clip_copying
from figment.metrics.clip_scores import (
    LEAST_CLIPS,
    MOST_CLIPS,
    clip_scores,
    film_distance,
    held_out_first,
    real_windows,
    split_clips,
)
from figment.metrics.copying import gallery, measure_copying
from figment.metrics.expected_time import expected_seconds
from figment.metrics.result import UNUSABLE_PREFIX, Measurement
from figment.metrics.scores import (
    FEATURE_SCORES,
    KINDS,
    Missing,
    Reference,
    Score,
    Seen,
    feature_scores,
    named,
    picture_scores,
)
from figment.metrics.self_test import self_tests
from figment.metrics.subjects import MIN_SIDE, Subject, open_subject
from figment.reals import Data, are_moving_portraits, are_portraits, shape_of
from figment.run import Run
from figment.similarity.nearest import Subset
from figment.version import __version__

ELSEWHERE = "measure a copy of the run"  # where the run can't be written to
MAX_COMPARED_SAMPLES = 5000  # samples whose nearest training pictures are looked for
LEAST_TOLD_SECONDS = 10  # that a measurement takes, from which on it is said how long
ATTRIBUTE_SAMPLES = 2000  # samples whose attributes are read, on the built-in portraits
READ_CLIPS = (
    200  # clips of each kind, on the moving ones: a share of them is known to 2 %, and a minute's reading at most
)


def measure(
    what: Run | str | Path, against: Data = None, *, features: str | Sequence[str] = (), n: int | None = None,
    only: str | Collection[str] = (), quick: bool = False, seed: int = 0, pick: int = 1, codec: str = "auto",
    size: int | tuple[int, int] | None = None, group: str | None = None, keep_marked: bool = False,
    video: VideoShape | str | None = None, clip_features: str | None = None, device: str = "auto",
    agree: Agree | None = None, display: Shown = "auto",
) -> Measurement:  # fmt: skip
    """Measure the pictures of a generator, or of a folder, against real ones. A run keeps it in its measures.jsonl.

    Parameters
    ----------
    what : Run, str or Path
        A run, its folder, a generator.safetensors, or pictures of any kind that train takes.
    against : str, Path or a list of these, optional
        The real pictures, as train takes them; by default those that the run was trained on.
    features : str or sequence of str, optional
        Networks' names, as figment.features.registry.extractor takes them; by default lite0;
        random where its package is missing.
    n : int, optional
        Samples; by default 5,000, quick 500. Of fewer than twice as many reals half are taken, since the floor is one of
        as many.
    only : str or collection of str, optional
        Names of what is measured: scores ("kid", "recall"; figment.metrics.asked.PARTS has all), "copying", "attributes". By
        default all.
    quick : bool
        A quick look: FD and KID, or what `only` names, of 500 samples against 2,000 reals.
    seed : int
        Which samples, and which reals stand in the floor.
    pick : int
        Of a generator: measure of each so many candidates the one that its discriminator finds most real.
    codec : str
        "none", "jpeg:QUALITY", which both sides then go through, or "auto": jpeg:90 where one side's files are mostly
        JPEG and the other's aren't.
    size : int or (int, int), optional
        Side, or height and width, in pixels, that a folder's pictures and the reals are brought to; by default the
        folder's first picture's.
    group : str, optional
        As for train, where `against` is given.
    keep_marked : bool
        Take pictures of `against` that figment made itself as real ones, too.
    video : str, optional
        Of films in the place of a run: the shape of the clips that they are cut into, "16x12". A run's clips have its own.
    clip_features : str, optional
        "onnx:FILE", a network for films: clips' Fréchet distance in its features is told, too, FVD in those of its I3D.
    device : {"auto", "cuda", "mps", "cpu"}
    agree : callable, optional
        Asked with a licence before a public set is downloaded for the first time; by default nobody agrees.
    display : {"auto"}, None or Preparing
        What is told how it goes: "auto" shows bars on a terminal and in a notebook, and a line every ten seconds elsewhere
        (on standard error); None is silent.

    Returns
    -------
    Measurement
        `verdict`, `scores`, each beside its floor (`scores["fd"]`); `copying`; and in `missing` what the pictures are too few
        for, and why. Printed, it is what the command prints.

    Raises
    ------
    InputError
        For what isn't there or can't be used.

    See Also
    --------
    figment.train : makes such a run.

    Examples
    --------
    >>> found = figment.measure("runs/my-pictures-1", n=2000)  # doctest: +SKIP
    >>> found.scores["fd"].value  # doctest: +SKIP
    Estimate(value=1408.9, error=24.1)
    """
    asked = asked_for(only, quick, n)
    device, codec = str(this_machine(device).device), check_codec(codec)
    asked = replace(asked, samples=at_most(asked.samples, SAMPLES))
    with shown_on(display) as shown:
        networks, missing = _networks(features, asked, device, shown)
        films = clip_network(clip_features) if clip_features else None
        subject, bank = open_subject(
            what, against, asked.samples, seed, size, group, device, agree, shown, pick, keep_marked, shape_of(video)
        )
        shown.say(bank.summary(split=against is None))
        if subject.run is not None:  # told now, not after all the work
            with naming_refusals(f"the run {subject.run.folder}", done="written to", elsewhere=ELSEWHERE):
                try_writing(subject.run.folder)
        if films is not None:
            if subject.clips is None:
                raise InputError("--clip-features is for clips: name a run of clips, or films with --video.")
            films.check(subject.frames)
        return _measured(subject, bank, against, networks, missing, asked, seed, codec, shown, films)


def _measured(
    subject: Subject, bank: Bank, against: Data, networks: Sequence[Extractor], missing: Missing, asked: Asked, seed: int,
    codec: str, display: Preparing, films: ClipNetwork | None = None,
) -> Measurement:  # fmt: skip
    """The measurement of what has been opened: scores, then originality, then the attributes of portraits.

    What was found by then is kept in the run when a person interrupts it.
    """
    count = min(asked.samples, subject.pictures.count, len(bank.pictures) // 2)
    chosen = codec_for(subject.names, bank.names) if codec == "auto" and subject.names else codec
    chosen = "none" if chosen == "auto" else chosen
    notes = _notes(subject, bank, asked.samples, count, chosen if codec == "auto" else "none")
    for note in notes:
        display.say(note)
    facts = _facts(subject, bank, networks, chosen, seed)
    spare, reference = (bank_rows(bank, rows) for rows in split_reals(bank, count, seed, asked.reals))
    data = subject.run.data if against is None and subject.run is not None else against
    is_read, moving = are_portraits(data), are_moving_portraits(data) and subject.clips is not None
    to_read = _left_to_read(subject, count, bank, is_read, moving) if ATTRIBUTES in asked.parts else (0, 0)
    shown = subject.pictures.first(count), spare, reference
    _tell_time(shown, networks, chosen, asked, bank, against is None, to_read, display)

    ours = extract_features(subject.pictures.first(count), networks, chosen, display.stage("samples"))
    theirs = extract_features(reference, networks, chosen, display.stage("real pictures"))
    telling = display.stage("other real pictures, for the floor")
    others = extract_features(spare, networks, chosen, telling)
    references = {network.name: Reference(theirs.features[network.name]) for network in networks}
    found, more = all_scores(ours, theirs, others, networks, references, seed, display.stage("scores"), asked.parts)
    tests = self_tests(spare, others.features, references, networks, chosen, display.stage("degraded real pictures"))
    left_out = {part: reason for part, reason in asked.left_out.items() if _could_be(part, networks, is_read or moving)}
    missing = missing | more | left_out
    result = Measurement(
        subject.name, facts, subject.run, found, missing, tests, notes=notes, left_out=frozenset(asked.left_out)
    )

    # As many as can be, for copies are rare and need no floor of as many reals; untouched by the codec, as these are.
    wanted = min(MAX_COMPARED_SAMPLES, subject.pictures.count)
    seen = chosen == "none" and len(ours.pictures) >= wanted
    try:
        if asked.parts & {COPYING, ATTRIBUTES}:
            samples = ours.pictures[:wanted] if seen else to_rgb(subject.pictures.between(0, wanted))
        if COPYING in asked.parts:
            result = _with_originality(result, samples, subject, bank, against is None, display)
            if subject.clips is not None:
                result = _with_clip_originality(
                    result, subject.clips, bank, subject.frames, against is None, seed, display
                )
        if is_read and ATTRIBUTES in asked.parts:
            result = _with_attributes(result, samples[:ATTRIBUTE_SAMPLES], seed, display)
        if subject.clips is not None and CLIPS in asked.parts:
            result = _with_clips(result, subject.clips, bank, networks, films, seed, display)
        if moving and ATTRIBUTES in asked.parts:
            result = _with_truth(result, subject, bank, seed, display)
    finally:
        result = _kept(result)
    return result


def _tell_time(
    sets: tuple[LazyPictures, LazyPictures, LazyPictures], networks: Sequence[Extractor], codec: str, asked: Asked, bank: Bank,
    own: bool, to_read: tuple[int, int], display: Preparing,
) -> None:  # fmt: skip
    """Say about how long it will take, and what takes it. sets: samples, reals for the floor, and those to compare with.
    own: as in _with_originality. to_read: pictures that a reader of attributes has still to learn from, and that are read."""
    pictures, _, reference = sets
    taught, _ = to_read
    train, held_out = (len(bank.train), len(bank.held_out)) if own else (len(bank.pictures), 0)
    seconds = expected_seconds(*sets, networks, codec, asked, train, held_out, to_read)
    if taught or seconds >= LEAST_TOLD_SECONDS:
        parts = [f"{pictures.count:,} samples", f"{reference.count:,} real pictures"]
        parts += [f"copies among {train:,}"] if COPYING in asked.parts else []
        parts += ["a reader of attributes, which is taught once and kept in the cache"] if taught else []
        sooner = "" if asked.how else " --quick takes a look sooner."
        display.say(f"About {as_rough_time(seconds)}: {', '.join(parts)}.{sooner}")


def _left_to_read(subject: Subject, count: int, bank: Bank, stills: bool, moving: bool) -> tuple[int, int]:
    """Of the built-in portraits, pictures that a reader has still to learn from, and that it reads then."""
    if stills:
        return _left_to_teach(count, bank.height, bank.width), 2 * min(count, ATTRIBUTE_SAMPLES)
    if not moving or not MIN_SIDE <= bank.height == bank.width:
        return 0, 0
    from figment.attributes.moving_reader import remaining_work

    return remaining_work(bank.height), 2 * at_most(READ_CLIPS, SAMPLES) * subject.frames


def _left_to_teach(count: int, height: int, width: int) -> int:
    """Pictures that the reader of portraits has still to learn from; none where so many of such a size aren't read."""
    from figment.attributes.coverage import MIN_PICTURES
    from figment.attributes.portrait_reader import remaining_work

    return remaining_work(height) if count >= MIN_PICTURES and MIN_SIDE <= height == width else 0


def _could_be(part: str, networks: Sequence[Extractor], is_read: bool) -> bool:
    """Whether a part that is left out would have been there. is_read: the pictures are portraits, whose attributes are read."""
    if part == "inception_score":
        return any(network.head is not None for network in networks)
    return part != CLIPS and (part != ATTRIBUTES or is_read)


def _with_originality(
    result: Measurement, samples: NDArray[np.uint8], subject: Subject, bank: Bank, own: bool, display: Preparing
) -> Measurement:
    """The same, with what is copied. own: the reals are the run's own, so it is known which it was trained on.

    Of others that isn't known: copies are then looked for among all of them, and nothing is held out to compare with.
    """
    everything = np.arange(len(bank.pictures))
    rows, held_out = (bank.train, bank.held_out) if own else (everything, everything[:0])
    what = "pictures" if bank.clips is None else "frames"
    reals, called = Subset(bank.pictures, rows), f"training {what}" if own else f"real {what}"
    units = None if bank.clips is None else (bank.clips.numbers[rows], bank.clips.numbers[held_out])
    if min(bank.height, bank.width) < MIN_SIDE:
        reason = f"needs pictures of at least {MIN_SIDE} pixels a side"
        return replace(result, missing=result.missing | {"copying": reason})
    copying = measure_copying(
        samples, reals, Subset(bank.pictures, held_out), display.stage(f"nearest {called}"), called=called, units=units
    )
    names = [bank.names[row] for row in rows] if copying.closest else []
    return replace(
        result, copying=copying, pairs=gallery(samples, reals, copying.closest), files=(subject.names, names)
    )


def _with_clip_originality(
    result: Measurement, drawn: Callable[[int], NDArray[np.uint8]], bank: Bank, frames: int, own: bool, seed: int,
    display: Preparing,
) -> Measurement:  # fmt: skip
    """The same, with whether clips are training clips played again. drawn: gives so many generated clips; own: as above."""
    if bank.clips is None or len(bank.clips) < 2 or min(bank.height, bank.width) < MIN_SIDE:
        reason = f"needs two real clips, of at least {MIN_SIDE} pixels a side"
        return replace(result, missing=result.missing | {CLIP_COPYING: reason})
    everything = np.arange(len(bank.clips))
    train, held_out = (
        (bank.clips.of(part) for part in (bank.train, bank.held_out)) if own else (everything, everything[:0])
    )
    called = "training clips" if own else "real clips"
    most = at_most(MOST_CLIPS, SAMPLES)
    found = measure_clip_copying(
        drawn(most), bank.pictures, bank.clips.ranges()[train], real_windows(bank, held_out, frames, most),
        display.stage(f"nearest {called}"), seed, called,
    )  # fmt: skip
    return replace(result, clip_copying=found, clip_names=[bank.clips.names[clip] for clip in train])


def _with_attributes(result: Measurement, samples: NDArray[np.uint8], seed: int, display: Preparing) -> Measurement:
    """The same, with what attributes the samples of built-in portraits have."""
    from figment.attributes.coverage import measure_attributes

    taught = _left_to_teach(len(samples), *samples.shape[2:])
    title = "teaching a reader of attributes, once, and reading them" if taught else "reading attributes"
    try:
        attributes = measure_attributes(samples, seed, display.stage(title))
    except InputError as error:
        return replace(result, missing=result.missing | {"attributes": str(error)})
    return replace(result, attributes=attributes)


def _with_clips(
    result: Measurement, drawn: Callable[[int], NDArray[np.uint8]], bank: Bank, networks: Sequence[Extractor],
    films: ClipNetwork | None, seed: int, display: Preparing,
) -> Measurement:  # fmt: skip
    """The same, with how well clips move, by the first network, and by one for films. drawn: gives so many generated clips."""
    if bank.clips is None or len(bank.clips) < LEAST_CLIPS or not networks:
        lacking = f"needs {LEAST_CLIPS} real clips" if networks else "needs a network: name kid or fd, too"
        return replace(result, missing=result.missing | {CLIPS: lacking})
    others, reference = split_clips(bank, drawn(1).shape[1], at_most(MOST_CLIPS, SAMPLES), seed)
    samples = drawn(min(len(others), MOST_CLIPS))
    if len(samples) < LEAST_CLIPS // 2:
        return replace(result, missing=result.missing | {CLIPS: f"needs {LEAST_CLIPS // 2} clips"})
    found = clip_scores(samples, others, reference, networks[0], seed, display.stage("clips"))
    if films is not None:
        more = film_distance(samples, others, reference, films, seed, display.stage("clips, by the network for films"))
        found = replace(found, scores=[*found.scores, more])
    return replace(result, clips=found)


def _with_truth(result: Measurement, subject: Subject, bank: Bank, seed: int, display: Preparing) -> Measurement:
    """The same, with whether clips of the moving portraits keep to the truth."""
    from figment.attributes.moving_reader import moving_reader, remaining_work
    from figment.metrics.clip_truth import LEAST_READ, measure_truth

    assert subject.clips is not None
    few = bank.clips is None or len(bank.clips) < LEAST_READ or len(subject.clips(LEAST_READ)) < LEAST_READ
    if few or not MIN_SIDE <= bank.height == bank.width:
        lacking = f"needs {LEAST_READ} clips and as many real ones, square and of {MIN_SIDE} pixels a side or more"
        return replace(result, missing=result.missing | {ATTRIBUTES: lacking})
    most, size = at_most(READ_CLIPS, SAMPLES), bank.height
    others = real_windows(bank, held_out_first(bank, seed)[0], subject.frames, most)
    taught = remaining_work(size)
    progress = display.stage(f"{'teaching a reader of moving portraits, once, and ' if taught else ''}reading clips")
    truth = measure_truth(
        subject.clips(most), others, subject.fps, lambda tally: moving_reader(size, tally), taught, progress
    )
    return replace(result, truth=truth)


def _kept(result: Measurement) -> Measurement:
    """The same, its records and pairs in the run's folder, where it is a run that is measured.

    Where they can't be, what was measured isn't lost: `unkept` says why.
    """
    run = result.run
    if run is None:
        return result
    try:
        with naming_refusals(run.folder, elsewhere=ELSEWHERE):
            run.add_measures(result.records())
            if result.pairs is not None:
                write(run.pairs_file, result.pairs, "compositeWithTrainedAlgorithmicMedia")
    except InputError as error:
        return replace(result, unkept=error)
    return result


def _facts(subject: Subject, bank: Bank, networks: Sequence[Extractor], codec: str, seed: int) -> dict[str, Any]:
    """What is needed to repeat a measurement."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "images": None if subject.run is None else subject.run.facts.get("images"),
        "networks": {network.name: {"digest": network.digest, "resize": network.resize} for network in networks},
        "codec": codec, "seed": seed, "pick": subject.pick, "data": bank.source, "fingerprint": bank.fingerprint,
        "size": [bank.height, bank.width], "figment": __version__,
    }  # fmt: skip


def all_scores(
    ours: SetFeatures, theirs: SetFeatures, others: SetFeatures, networks: Sequence[Extractor],
    references: Mapping[str, Reference], seed: int, progress: Progress, wanted: Collection[str] = KINDS,
) -> tuple[list[Score], Missing]:  # fmt: skip
    """The wanted scores of what was seen in the samples, against the reals, with those of other reals beside them."""
    found: list[Score] = []
    missing: Missing = {}
    for place, network in enumerate(networks):
        name, key = network.name, f":{network.name}" if place else ""
        seen, floor = (Seen(its.features[name], its.logits[name]) for its in (ours, others))
        values, absent = feature_scores(seen, floor, references[name], seed, wanted)
        found += named(values, network.label, name, key)
        missing |= {kind + key: reason for kind, reason in absent.items()}
        progress(place + 1, len(networks) + 1)
    values, absent = picture_scores(ours.pictures, others.pictures, theirs.pictures, seed, wanted)
    progress(len(networks) + 1, len(networks) + 1)
    return [*found, *named(values)], missing | absent


def _networks(
    features: str | Sequence[str], asked: Asked, device: str, display: Preparing
) -> tuple[list[Extractor], Missing]:  # fmt: skip
    """The networks that what is asked for needs, and why others that are named can't be had."""
    if not asked.parts & FEATURE_SCORES:
        return [], {}
    names = (features,) if isinstance(features, str) else tuple(features) or (default_network(display.say),)
    return _usable_networks(names, device, display)


def _usable_networks(names: Sequence[str], device: str, display: Preparing) -> tuple[list[Extractor], Missing]:
    """The networks that can be had, and why the others can't. Raises InputError, before any work, where none can."""
    networks: list[Extractor] = []
    missing: Missing = {}
    for name in dict.fromkeys(names):
        try:
            network = extractor(name, device, display.stage("downloading weights", "MB"))
        except InputError as error:
            if name.partition(":")[0] not in NETWORKS or len(set(names)) == 1:  # mistyped, or all that was asked for
                raise
            display.say(f"{error}\nIts scores are left out.")
            missing[UNUSABLE_PREFIX + name] = str(error)
            continue
        if any(network.name == other.name for other in networks):
            if any(network.digest == other.digest for other in networks):
                continue  # the same under two names
            network.name = f"{network.name}-{network.digest}"
        networks.append(network)
    return networks, missing


def split_reals(
    bank: Bank, count: int, seed: int, most: int = MAX_REALS
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:  # fmt: skip
    """Rows of the reals that stand in the samples' place for the floor, count of them, and of most at most to compare with.

    Held-out reals come first into the floor, since no generator was trained on them; the two parts share no picture.
    """
    random = np.random.default_rng([seed, 5])
    order = np.concatenate([random.permutation(bank.held_out), random.permutation(bank.train)])
    # In no order of names or classes: some scores are taken of the first so many, or part by part.
    return random.permutation(order[:count]), random.permutation(order[count : count + most])


def _notes(subject: Subject, bank: Bank, asked: int, count: int, evened: str) -> list[str]:
    """What a person should know of how it is measured. evened: the codec that auto has chosen."""
    notes = _notes_of_choice(subject)
    if count < min(asked, subject.pictures.count):
        notes.append(
            f"Scores are taken of {count:,} samples: the floor needs as many reals beside those to compare with, and "
            f"there are {len(bank.pictures):,}."
        )
    if evened != "none":
        notes.append(f"Both sides go through {evened}, since one side's files are mostly JPEG and the other's aren't.")
    return notes


def _notes_of_choice(subject: Subject) -> list[str]:
    """That the samples are chosen ones; and that those were chosen otherwise which were measured before, if they were."""
    pick, notes = subject.pick or 1, []
    if pick > 1:
        notes.append(
            f"Samples are chosen, {choice(pick)}: realism gains by that and variety loses, so look at recall, too."
        )
    before = subject.run.measures()[-1:] if subject.run else []
    if before and pick != (last := before[0].get("pick") or 1):
        notes.append(
            f"The last measurement of this run was with --pick {last}, this one is with --pick {pick}: what differs between "
            "them isn't the generator."
        )
    return notes
