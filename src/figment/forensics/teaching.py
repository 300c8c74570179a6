"""Making a detector: what its eyes see in pictures under many conditions, what that says of real and made, and how sure it is.

Groups are parted in three: half to learn from, a quarter to calibrate by, a quarter to test on, by their hashes alone.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from figment.common import sizes
from figment.common.bars import Shown, shown_on
from figment.common.jsontext import without_nan
from figment.common.machine import this_machine
from figment.common.progress import Agree, Preparing, Progress
from figment.common.rehearsal import rehearsing
from figment.discriminator import discriminator_file, load_discriminator
from figment.errors import InputError
from figment.features.weights import LITE0 as LITE0_WEIGHTS
from figment.forensics import curves, novelty, probe
from figment.forensics.accuracy import accuracy, reliability
from figment.forensics.conditions import MIN_QUALITY, Condition, applied, drawn, shorter_side
from figment.forensics.detector import AVERAGE, Detector, averaged, eye_of_net
from figment.forensics.eyes import (
    CHUNK_PICTURES,
    DISCRIMINATOR,
    EYES,
    LITE0,
    SPECTRUM,
    Eye,
    check_names,
    lite0_eye,
    seen,
    spectrum_eye,
)
from figment.forensics.gathering import SHARES, Role, Set, gathered
from figment.forensics.views import boxes
from figment.recipe import Recipe
from figment.version import __version__

DEFAULT_PICTURES = 1000  # of each kind
DRAWS = 2  # conditions that each picture is met under
KNOWN_SHARE = 0.99  # of pictures of their kind that stay within the limit of the unlike, by each eye
MIN_EACH = 30  # pictures of each kind in each part: as many as game/calibration.py asks for


@dataclass(frozen=True, eq=False)
class Met:
    """Pictures as they are met: number of a set, row in it, and condition. kinds, groups: of each."""

    where: list[tuple[int, int, Condition]]
    is_fake: NDArray[np.bool_]
    groups: list[str]

    def pictures(self, sets: Sequence[Set]) -> Iterator[NDArray[np.uint8]]:
        return (applied(sets[place].pictures[row], condition) for place, row, condition in self.where)


def train(
    real: Sequence[str], fake: Sequence[str], *, by: Sequence[str] = (), n: int = DEFAULT_PICTURES, seed: int = 0,
    size: int | tuple[int, int] | None = None, group: str | None = None, device: str = "auto", agree: Agree | None = None,
    display: Shown = "auto",
) -> Detector:  # fmt: skip
    """A detector for real pictures and made ones: see `figment detect train`.

    real, fake: DATA, and of made ones runs, too. by: names of EYES; by default the spectrum and lite0. n: pictures of each kind,
    at most. The same pictures and seed give the same detector. Raises InputError for what can't be used.
    """
    where = str(this_machine(device).device)
    names = check_names(by or default_eyes())
    with shown_on(display) as shown:
        asked = None if size is None else sizes.shape(size)
        eyes, discriminator = _eyes(names, fake, where)
        sets = gathered(real, fake, n, seed, asked, group, where, agree, shown)
        return taught(sets, eyes, seed, shown, discriminator)


def default_eyes() -> tuple[str, ...]:
    """What a detector sees by where nobody says: lite0 too, where its package is there."""
    if rehearsing():
        return (SPECTRUM,)
    return (SPECTRUM, LITE0) if LITE0_WEIGHTS.found() is not None else (SPECTRUM,)


def taught(
    sets: Sequence[Set], eyes: Mapping[str, Eye], seed: int, display: Preparing,
    discriminator: tuple[Mapping[str, Any], Recipe] | None = None,
) -> Detector:  # fmt: skip
    """A detector of sets of both kinds. Raises InputError for too few pictures."""
    met: dict[Role, Met] = {role: meet(sets, role, seed) for role in SHARES}
    _check_counts(met)
    features = _features(sets, met, eyes, display.stage("looking at pictures"))
    learning = display.stage("learning")
    learning(0, len(eyes))
    probes, novelties = {}, {}
    for number, name in enumerate(eyes, 1):
        of_views = features["train"][name]
        labels = np.repeat(met["train"].is_fake, of_views.shape[1])
        probes[name] = probe.fitted(of_views.reshape(len(labels), -1), labels)
        novelties[name] = novelty.fitted(of_views[:, 0], features["calibrate"][name][:, 0], KNOWN_SHARE)
        learning(number, len(eyes))
    fitted = _curves(_logits(probes, features["calibrate"]), met["calibrate"], seed)
    fitted = _with_unseen(fitted, sets, met, features)
    views = _logits(probes, features["test"])
    if AVERAGE in fitted:
        views[AVERAGE] = averaged(views, fitted)
    scores = {name: found.mean(1) for name, found in views.items()}
    reals = {name: np.sort(found[~met["test"].is_fake]) for name, found in scores.items()}
    default = AVERAGE if AVERAGE in fitted else next(iter(eyes))
    sides = _sides(sets, met.values())
    made = Detector(eyes, probes, fitted, default, novelties, reals, sides, MIN_QUALITY, discriminator=discriminator)
    within = [its.distances(features["test"][name][:, 0]) <= its.limit for name, its in novelties.items()]
    return replace(made, card=_card(sets, made, scores, met["test"], np.all(within, axis=0), seed))


def _features(
    sets: Sequence[Set], met: Mapping[Role, Met], eyes: Mapping[str, Eye], progress: Progress
) -> dict[Role, dict[str, NDArray[np.float32]]]:
    """What each eye sees of the pictures of each role: (N, views, dimension)."""
    total, done = sum(len(its.where) for its in met.values()), 0
    found: dict[Role, dict[str, NDArray[np.float32]]] = {}
    for role, its in met.items():
        chunks = []
        for chunk in seen(eyes, its.pictures(sets), boxes):
            chunks.append(chunk)
            done += min(CHUNK_PICTURES, total - done)
            progress(done, total)
        found[role] = {name: np.concatenate([chunk[name] for chunk in chunks]) for name in eyes}
    return found


def _logits(
    probes: Mapping[str, probe.Probe], features: Mapping[str, NDArray[np.float32]]
) -> dict[str, NDArray[np.float64]]:
    """Of views, (N, views), by eye."""
    return {name: its.logits(features[name]) for name, its in probes.items()}


def meet(sets: Sequence[Set], role: Role, seed: int) -> Met:
    """The pictures of a role, each under two conditions: number i of the real ones and of the made ones under the same."""
    where: list[tuple[int, int, Condition]] = []
    kinds: list[bool] = []
    for is_fake in (False, True):
        number = 0
        for place, one in enumerate(sets):
            for row in np.flatnonzero(one.roles == role) if one.is_fake == is_fake else ():
                for _ in range(DRAWS):
                    where.append((place, int(row), drawn(_seed_of(seed, role), number)))
                    kinds.append(is_fake)
                    number += 1
    return Met(where, np.array(kinds, bool), [sets[place].groups[row] for place, row, _ in where])


def _seed_of(seed: int, role: Role) -> int:
    return len(SHARES) * seed + list(SHARES).index(role)


def _eyes(
    names: Sequence[str], fake: Sequence[str], device: str
) -> tuple[dict[str, Eye], tuple[Mapping[str, Any], Recipe] | None]:  # fmt: skip
    """The eyes by name; and the discriminator of the first run among the fakes, where it is one of them."""
    eyes: dict[str, Eye] = {}
    discriminator = None
    for name in names:
        if name == DISCRIMINATOR:
            file = next((Path(one) for one in fake if (Path(one) / "run.json").is_file()), None)
            if file is None:
                raise InputError(f"--by {DISCRIMINATOR}: it is that of a run, and no --fake is one: leave it out.")
            found = load_discriminator(file)
            digest = sha256(discriminator_file(file).read_bytes()).hexdigest()[:16]
            discriminator = dict(found.net.state_dict()), found.recipe
            eyes[name] = eye_of_net(*discriminator, digest, device)
        else:
            eyes[name] = spectrum_eye() if name == SPECTRUM else lite0_eye(device)
    return eyes, discriminator


def _check_counts(met: Mapping[Role, Met]) -> None:
    """Raise InputError where too few pictures, or groups, of a kind are left for one of the roles."""
    for role, its in met.items():
        counts = []
        for kind, name in ((False, "real"), (True, "made")):
            groups = {group for group, fake in zip(its.groups, its.is_fake, strict=True) if fake == kind}
            counts.append((int((its.is_fake == kind).sum()) // DRAWS, len(groups), name))
        if any(pictures < MIN_EACH or groups < 2 for pictures, groups, _ in counts):
            told = " and ".join(f"{pictures} {name} ones in {groups} groups" for pictures, groups, name in counts)
            raise InputError(
                f"too few pictures: of the groups {SHARES[role]:.0%} are to {role}, which is {told}, and it takes {MIN_EACH} of "
                "each in two groups: name more."
            )


def _curves(
    views: dict[str, NDArray[np.float64]], met: Met, seed: int
) -> dict[str, curves.Curves]:  # fmt: skip
    """From what each eye says to P(fake), and from their average, which is of what is calibrated already."""
    found = {name: curves.fitted(its.mean(1), met.is_fake, met.groups, seed) for name, its in views.items()}
    if len(found) > 1:
        found[AVERAGE] = curves.fitted(averaged(views, found).mean(1), met.is_fake, met.groups, seed)
    return found


def _with_unseen(
    fitted: dict[str, curves.Curves], sets: Sequence[Set], met: Mapping[Role, Met],
    features: Mapping[Role, Mapping[str, NDArray[np.float32]]],
) -> dict[str, curves.Curves]:  # fmt: skip
    """The curves with what P(fake) is for a generator that wasn't learnt from: each set of fakes is left out in turn, and
    its scores by the others' probes, beside those of the real pictures, give one curve. As they are where there is but one."""
    makers = [place for place, one in enumerate(sets) if one.is_fake]
    if len(makers) < 2:
        return fitted
    places = {role: np.array([place for place, _, _ in its.where]) for role, its in met.items()}
    scores: dict[str, list[NDArray[np.float64]]] = {name: [] for name in fitted}
    kinds, groups = [], []
    for maker in makers:
        learnt = places["train"] != maker
        tried = ~met["calibrate"].is_fake | (places["calibrate"] == maker)
        views = {}
        for name, its in features["train"].items():
            labels = np.repeat(met["train"].is_fake[learnt], its.shape[1])
            without = probe.fitted(its[learnt].reshape(len(labels), -1), labels)
            views[name] = without.logits(features["calibrate"][name][tried])
        if AVERAGE in fitted:
            views[AVERAGE] = averaged(views, fitted)
        for name, found in views.items():
            scores[name].append(found.mean(1))
        kinds.append(met["calibrate"].is_fake[tried])
        groups += [group for group, is_tried in zip(met["calibrate"].groups, tried, strict=True) if is_tried]
    is_fake = np.concatenate(kinds)
    return {
        name: replace(its, unseen=curves.fitted(np.concatenate(scores[name]), is_fake, groups, 0).numbers[0])
        for name, its in fitted.items()
    }


def _sides(sets: Sequence[Set], all_met: Iterable[Met]) -> tuple[int, int]:
    """Least and greatest shorter side of pictures as they were met."""
    shorter = [
        shorter_side(min(sets[place].pictures.shape[2:]), condition)
        for met in all_met for place, _, condition in met.where
    ]  # fmt: skip
    return min(shorter), max(shorter)


def _card(
    sets: Sequence[Set], made: Detector, scores: Mapping[str, NDArray[np.float64]], test: Met, known: NDArray[np.bool_],
    seed: int,
) -> dict[str, Any]:  # fmt: skip
    """What a detector was made of, and what it is worth on pictures of the same places that it didn't learn from."""
    worth = {}
    for name, found in scores.items():
        p_fake = made.curves[name].p_fake(found)
        worth[name] = accuracy(found, p_fake, test.is_fake, test.groups, seed).as_record() | {
            "reliability": reliability(p_fake, test.is_fake),
        }
    height, width = sets[0].pictures.shape[2:]
    card: dict[str, Any] = {
        "figment": __version__, "seed": seed, "size": [height, width], "sees_by": {name: EYES[name] for name in made.probes},
        "sets": [
            {
                "name": one.name, "kind": "fake" if one.is_fake else "real", "pictures": len(one.pictures),
                "groups": len(set(one.groups)), "fingerprint": one.fingerprint, "made_by": one.made_by,
            }
            for one in sets
        ],
        "generators": sorted({one.made_by for one in sets if one.made_by}),
        "pictures": {"real": int((~test.is_fake).sum()) // DRAWS, "fake": int(test.is_fake.sum()) // DRAWS},
        "conditions": "resized ×0.5 to ×2, cut to 75 %, JPEG and WebP of quality 30 to 98, or none of these",
        "known_share": float(known.mean()), "worth": worth,
    }  # fmt: skip
    return without_nan(card)
