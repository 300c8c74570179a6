"""Scores as tables: two lines a score for a person, several measurements beside one another, and a line a score for programs."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from figment.common.text import aligned
from figment.metrics.scores import KINDS, Score

COLUMN_GAP = "   "
# What a measurement's scores have in a CSV file: of each score, and of all of them.
OF_SCORES = (
    "score", "title", "value", "error", "floor", "floor_error", "difference", "difference_error", "n", "reference",
    "features", "better", "verdict",
)  # fmt: skip
OF_ALL = ("images", "seed", "pick", "codec", "data", "at")


def score_lines(scores: Sequence[Score]) -> list[str]:
    """Two lines a score: value, floor and how they stand to each other; then what it means."""
    cells = [("score", "samples", "reals", "")]
    cells += [(score_title(s.key, s), str(s.value), str(s.floor), s.verdict) for s in scores]
    widths = [max(len(row[column]) for row in cells) for column in range(3)]
    text: list[str] = []
    told: set[str] = set()
    for row, score in zip(cells, [None, *scores], strict=True):
        text.append(
            COLUMN_GAP.join([row[0].ljust(widths[0]), *(row[i].rjust(widths[i]) for i in (1, 2)), row[3]]).rstrip()
        )
        if score is not None:
            better = "less is better" if score.kind.better == "lower" else "more is better"
            if score.kind.name not in told:  # once is enough, with several networks
                text.append(f"{' ' * widths[0]}{COLUMN_GAP}{score.kind.meaning} ({better}; {sample_counts(score)})")
            told.add(score.kind.name)
    return text


def score_title(key: str, score: Score | None = None) -> str:
    """A score's title; with the network where its key has one."""
    kind, _, network = key.partition(":")
    title = score.title if score else KINDS[kind].title.format(fd="FD") if kind in KINDS else kind
    return f"{title} ({network})" if network and not title.startswith(("FD-", "FID")) else title


def sample_counts(score: Score) -> str:
    """How many pictures a score was taken of."""
    against = f" against {score.reference:,} reals" if score.reference else ""
    return f"{score.n:,}{against}"


def beside(scored: Mapping[str, Sequence[Score]]) -> list[str]:
    """Several measurements, by name, as lines: a column each, and what reals reach in the place of the first one's samples."""
    rows = [["score", *scored, "reals"]]
    for key in dict.fromkeys(score.key for scores in scored.values() for score in scores):
        its = [next((score for score in scores if score.key == key), None) for scores in scored.values()]
        first = next(score for score in its if score is not None)
        rows.append(
            [score_title(key, first), *("–" if score is None else str(score.value) for score in its), str(first.floor)]
        )
    return aligned(rows)


def as_csv(measured: Sequence[tuple[str, Sequence[Score], Mapping[str, Any]]]) -> str:
    """Measurements, each its name, scores and facts, as a line a score under a head; an empty cell for what isn't known."""
    text = io.StringIO()
    writer = csv.DictWriter(text, ("what", *OF_SCORES, *OF_ALL), extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for what, scores, facts in measured:
        writer.writerows({"what": what} | dict(facts) | score.as_record() for score in scores)
    return text.getvalue()
