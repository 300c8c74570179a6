"""Scores as a table for a person: two lines a score."""

from collections.abc import Sequence

from figment.metrics.scores import KINDS, Score

COLUMN_GAP = "   "


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
