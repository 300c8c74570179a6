"""All that was found out of a set of pictures: for a person, for measures.jsonl, for a JSON file."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from figment.errors import InputError
from figment.metrics.asked import CLIP_COPYING
from figment.metrics.clip_originality import ClipCopying
from figment.metrics.clip_scores import ClipScores
from figment.metrics.copying import Copying
from figment.metrics.scores import Missing, Score, Scores
from figment.metrics.self_test import SelfTest
from figment.metrics.table import as_csv, score_lines, score_title
from figment.metrics.verdicts import Verdict, as_sentence, decide
from figment.run import Run

if TYPE_CHECKING:
    from figment.attributes.coverage import AttributeCoverage
    from figment.metrics.clip_truth import ClipTruth

FORMAT = 1  # of --out FILE.json
UNUSABLE_PREFIX = "features "  # before the name of a network that can't be had, in what is missing


@dataclass(frozen=True, eq=False, repr=False)
class Measurement:
    """All that was found out. facts: what is needed to repeat it. run: whose it is, None for a folder's pictures.

    missing: scores that can't be had, and why. tests: whether the networks can tell, by name. verdict: what may be said of
    it all, which the scores' own verdicts follow.
    """

    name: str
    facts: dict[str, Any]
    run: Run | None
    scored: list[Score]
    missing: Missing
    tests: dict[str, SelfTest] = field(default_factory=dict)
    copying: Copying | None = None
    attributes: "AttributeCoverage | None" = None
    clips: ClipScores | None = None  # of a generator of clips
    clip_copying: ClipCopying | None = None  # of the same
    clip_names: Sequence[str] = ()  # of the clips that copies are looked for among
    truth: "ClipTruth | None" = None  # of one of the moving portraits
    pairs: NDArray[np.uint8] | None = None  # a sheet of the closest pairs, samples above training pictures
    notes: list[str] = field(default_factory=list)
    unkept: InputError | None = None  # why not all of it is kept in the run
    left_out: frozenset[str] = frozenset()  # scores and other parts that weren't asked for
    files: tuple[Sequence[str], Sequence[str]] = ((), ())  # names of the samples, where they have any, and of the reals

    @cached_property
    def _decided(self) -> tuple[Verdict, list[Score]]:
        return decide(self.scored, self.tests, self.copying, self.attributes, self.left_out, self.clip_copying)

    @property
    def verdict(self) -> Verdict:
        """What may be said of all that was measured, in a sentence."""
        return self._decided[0]

    @property
    def scores(self) -> Scores:
        """All scores, with what may be said of each: in their order, and by their keys, as scores["fd"]."""
        return Scores(self._decided[1])

    def __repr__(self) -> str:
        """What the command prints."""
        return "\n".join(self.lines())

    def records(self) -> list[dict[str, Any]]:
        """The lines of measures.jsonl: one for each score, for originality, for attributes, and for the summary."""
        found = [score.as_record() for score in self.scores]
        if self.copying is not None:
            found.append({"score": "copying", **self.originality()})
        if self.clip_copying is not None:
            found.append({"score": CLIP_COPYING, **self.clip_copying.as_record(self.clip_names)})
        if self.attributes is not None:
            found.append({
                "score": "attributes", **self.attributes.as_record(), "sentences": self.attributes.sentences(),
            })  # fmt: skip
        if self.clips is not None:
            found.append({"score": "clips", **self.clips.as_record()})
        if self.truth is not None:
            found.append({"score": "truth", **self.truth.as_record()})
        found.append({"score": "summary", **self._summary()})
        return [record | self.facts for record in found]

    def _summary(self) -> dict[str, Any]:
        """The summary as a record, with how the networks did in their tests."""
        return {**self.verdict.as_record(), "self_tests": {name: test.as_record() for name, test in self.tests.items()}}

    def originality(self) -> dict[str, Any]:
        """What copying found, as a record in which pairs have the names of their files."""
        assert self.copying is not None
        record = self.copying.as_record()
        samples, reals = self.files
        for pair in [*record["copies"], *record["closest"]]:
            pair["real_file"] = reals[pair["train"]]
            if pair["second"] is not None:
                pair["second_file"] = reals[pair["second"]]
            if samples:
                pair["sample_file"] = samples[pair["generated"]]
        return record

    @property
    def unusable(self) -> list[str]:
        """Networks that were asked for and couldn't be had; missing says why."""
        return [name.removeprefix(UNUSABLE_PREFIX) for name in self.missing if name.startswith(UNUSABLE_PREFIX)]

    def lines(self) -> list[str]:
        """For a person: the summary, a table of scores with a sentence for each, originality, attributes, what is missing."""
        text = [as_sentence(self.verdict.sentence)]
        if self.scores:
            text += ["", *score_lines(self.scores)]
        if self.copying is not None:
            text += ["", self.copying.verdict(), *self.copying.unsaid]
        if self.clip_copying is not None:
            text += ["", self.clip_copying.verdict()]
        if self.attributes is not None:
            text += ["", *self.attributes.sentences()]
        if self.clips is not None:
            text += ["", *self.clips.lines()]
        if self.truth is not None:
            text += ["", *self.truth.lines()]
        reasons: dict[str, list[str]] = {}
        for name, reason in self.missing.items():
            if not name.startswith(UNUSABLE_PREFIX):  # told before anything was measured
                reasons.setdefault(reason, []).append(score_title(name))
        if reasons:
            text += ["", "Not measured:", *(f"  {', '.join(names)}: {reason}" for reason, names in reasons.items())]
        return text

    def as_json(self) -> str:
        """What --out FILE.json holds: documented in docs/measure.md."""
        return json.dumps({"format": FORMAT} | self.content(), indent=1) + "\n"

    def content(self) -> dict[str, Any]:
        """The same as plain values."""
        found = {score.key: score.as_record() for score in self.scores}
        return {
            "what": self.name, **self._summary(), "scores": found, "missing": self.missing,
            "copying": None if self.copying is None else self.originality(),
            "attributes": None if self.attributes is None else self.attributes.as_record(),
            **({} if self.clip_copying is None else {CLIP_COPYING: self.clip_copying.as_record(self.clip_names)}),
            **({} if self.clips is None else {"clips": self.clips.as_record()}),
            **({} if self.truth is None else {"truth": self.truth.as_record()}),
            "notes": self.notes, **self.facts,
        }  # fmt: skip


def as_output(found: Sequence[Measurement], suffix: str) -> str:
    """What --out FILE.csv, or FILE.json of several, holds: documented in docs/measure.md."""
    if suffix == ".csv":
        return as_csv([(one.name, one.scores, one.facts) for one in found])
    if len(found) == 1:
        return found[0].as_json()
    content = {"format": FORMAT, "what": [one.name for one in found], "measurements": [one.content() for one in found]}
    return json.dumps(content, indent=1) + "\n"
