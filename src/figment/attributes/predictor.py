"""Judge: tells what attributes pictures have, as numbers, so that what a change in the code does can be measured.

The built-in portraits have their reader (reader.py). Other pictures have a judge if they have labels: linear models of what
the run's own discriminator sees in labelled pictures, tested on held-out ones.
"""

import csv
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

import numpy as np
import torch
from numpy.typing import NDArray

from figment.attributes.portrait_reader import CATEGORIES, CONTINUOUS, Reader, spreads
from figment.attributes.small_nets import READ_AT_ONCE
from figment.common.progress import Progress, Say
from figment.data.bank.bank import Bank
from figment.data.portraits.table import Attribute
from figment.discriminator import Discriminator, as_input
from figment.errors import InputError

Columns = dict[str, NDArray[np.float64]]
Scores = dict[str, NDArray[np.float32]]
LARGEST = 1e9  # number in a table of attributes
POOLED = 4  # places a side at which a layer's maps are looked at
AT_ONCE = 64
MOST_NAMED = 8  # columns, in a message
COMPARED = {">": np.greater, "<": np.less, ">=": np.greater_equal, "<=": np.less_equal}
TERM = re.compile(r"\s*(no\s+|!)?([^<>=!]+?)\s*(?:(>=|<=|>|<|=)\s*(.+?))?\s*")


@dataclass(frozen=True, eq=False)
class Judge:
    """Reads named attributes.

    continuous: attributes that are read in units of their own, the others being there or not: of these the log-odds are
    read, above 0 for "there". accuracy: by attribute, on unseen real pictures, R² of a continuous one, share right of
    another. valid: which pictures can be read at all, bool (N,); None where nobody knows. about: what it is, in words.
    """

    names: tuple[str, ...]
    continuous: frozenset[str]
    accuracy: dict[str, float]
    read: Callable[[NDArray[np.uint8]], Scores]
    about: str
    valid: Callable[[NDArray[np.uint8]], NDArray[np.bool_]] | None = None
    ranges: dict[str, tuple[float, float]] = field(default_factory=dict)

    def check(self, name: str, option: str = "") -> str:
        """The name itself. Raises InputError, with the nearest one, for an attribute that it can't read."""
        if name in self.names:
            return name
        near = get_close_matches(name, self.names, n=1, cutoff=0.5)
        mend = f"did you mean {near[0]}?" if near else f"there are {', '.join(self.names)}."
        raise InputError(f"{option}{name}: no attribute of these pictures; {mend}")


@dataclass(frozen=True)
class Term:
    """One condition: an attribute's score above or below a limit."""

    name: str
    sign: str
    limit: float

    def holds(self, scores: Scores) -> NDArray[np.bool_]:
        """Where it is met, bool (N,)."""
        return COMPARED[self.sign](scores[self.name], self.limit)


def terms(text: str, judge: Judge, option: str = "") -> list[Term]:
    """Conditions from words: "glasses, smile>0.4, no beard, hair_colour=blond". All have to hold.

    "class=9" is "9", which alone would be a sample's number. option: that they were given for, for messages. Raises
    InputError for an attribute that the judge can't read, or a condition that makes no sense for it.
    """
    found, option = [], f"{option} " if option else ""
    for part in text.split(","):
        match = TERM.fullmatch(part)
        if match is None:
            raise InputError(
                f"{option}{part.strip() or text!r}: write a condition as glasses, no glasses, smile>0.4 or a=b."
            )
        absent, name, sign, value = match.groups()
        if sign == "=" and value == "none" and not absent:
            absent, sign = "no", None  # glasses=none
        elif sign == "=":
            name, sign = value if name == "class" and value in judge.names else f"{name}={value}", None
        judge.check(name, option)
        if (name in judge.continuous) != (sign is not None) or (absent and sign):
            example = f"{name}>{np.mean(judge.ranges.get(name, (0, 1))):.2g}" if name in judge.continuous else name
            raise InputError(f"{option}{part.strip()}: for this attribute write a condition such as {example}.")
        try:
            limit = float(value) if sign else 0.0
        except ValueError:
            limit = float("nan")
        if not abs(limit) <= LARGEST:
            raise InputError(f"{option}{part.strip()}: {value} is no number to compare with: give one such as 0.4.")
        found.append(Term(name, sign or ("<" if absent else ">"), limit))
    return found


def meets(scores: Scores, wanted: Sequence[Term]) -> NDArray[np.bool_]:
    """Which pictures meet all conditions, bool (N,)."""
    return np.logical_and.reduce([term.holds(scores) for term in wanted])


def of_portraits(reader: Reader) -> Judge:
    """The judge of built-in portraits: continuous attributes in their own units; of categories each name
    ("hair_colour=blond"), and where one of the names is none the category itself ("glasses")."""
    names = [a.name for a in CONTINUOUS]
    for a in CATEGORIES:
        names += [a.name] if "none" in a.names else []
        names += [f"{a.name}={value}" for value in a.names if value != "none"]
    accuracy = {name: reader.accuracy[name.partition("=")[0]] for name in names}

    def read(pictures: NDArray[np.uint8]) -> Scores:
        answers = [reader.net.answers(pictures[i : i + READ_AT_ONCE]) for i in range(0, len(pictures), READ_AT_ONCE)]
        return scores_of(torch.cat(answers)) if answers else {name: np.empty(0, np.float32) for name in names}

    return Judge(
        tuple(names),
        frozenset(a.name for a in CONTINUOUS),
        accuracy,
        read,
        "the reader of the built-in portraits",
        lambda pictures: ~reader.invalid(reader.read(pictures)),
        {a.name: (a.low, a.high) for a in CONTINUOUS},
    )


def scores_of(answers: torch.Tensor) -> Scores:
    """The portraits' reader's answers, (N, HEAD), as a judge has them: not clipped, and log-odds of what is there."""
    scaled, *odds = answers.split([len(CONTINUOUS), *(len(a.names) for a in CATEGORIES)], 1)
    found: Scores = {}
    for a, column, (mean, deviation) in zip(CONTINUOUS, scaled.numpy().T, spreads(), strict=True):
        found[a.name] = (mean + deviation * column).astype(np.float32)
    for a, logits in zip(CATEGORIES, odds, strict=True):
        found |= _log_odds(a, logits)
    return found


def _log_odds(attribute: Attribute, logits: torch.Tensor) -> Scores:
    """log P/(1 − P) of each name of a category but none, and of its not being none; from unnormalised logits (N, K)."""
    found = {}
    for place, name in enumerate(attribute.names):
        others = torch.cat([logits[:, :place], logits[:, place + 1 :]], 1)
        odds = (logits[:, place] - others.logsumexp(1)).numpy()
        if name == "none":
            found[attribute.name] = -odds
        else:
            found[f"{attribute.name}={name}"] = odds
    return found


def of_columns(
    discriminator: Discriminator,
    bank: Bank,
    columns: Columns,
    progress: Progress | None = None,
    say: Say = lambda sentence: None,
) -> Judge:
    """A judge of attributes that pictures of a bank are known to have: a linear model of what the discriminator sees.

    columns: by attribute, a number for each picture of the bank, NaN where it isn't known. Of a column of zeros and ones the
    log-odds are learnt by logistic regression, of others the value by ridge regression; each from the training pictures, and
    tested on held-out ones, of which say is told. Columns that haven't two of each kind among the training pictures are left
    out, which is said, too. Raises InputError where none is left.
    """
    from sklearn.linear_model import LogisticRegression, RidgeCV
    from sklearn.pipeline import Pipeline, make_pipeline
    from sklearn.preprocessing import StandardScaler

    unusable = [name for name, column in columns.items() if not _tells(column[bank.train])]
    if unusable:
        named = ", ".join(unusable[:MOST_NAMED]) + (", …" if len(unusable) > MOST_NAMED else "")
        why = f"{bank.source} hasn't two kinds of at least two training pictures each that are labelled so"
        if len(unusable) == len(columns):
            raise InputError(f"--labels: nothing to learn from {named}: {why}: label more pictures.")
        say(f"left out: {named}: {why}")
        columns = {name: column for name, column in columns.items() if name not in unusable}
    wanted = ~np.isnan(np.stack(list(columns.values()))).all(0)
    rows = np.flatnonzero(wanted)
    parts = []
    for start in range(0, len(rows), AT_ONCE):
        parts.append(representation(discriminator, bank.pictures[rows[start : start + AT_ONCE]]))
        if progress:
            progress(min(start + AT_ONCE, len(rows)), len(rows))
    seen = np.concatenate(parts)
    trained = np.isin(rows, bank.train)
    models: dict[str, Pipeline] = {}
    accuracy: dict[str, float] = {}
    continuous = {name for name, column in columns.items() if not np.isin(column[~np.isnan(column)], (0, 1)).all()}
    for name, column in columns.items():
        known, values = ~np.isnan(column[rows]), column[rows]
        last = RidgeCV(np.logspace(0, 5, 6)) if name in continuous else LogisticRegression(C=0.001, max_iter=500)
        models[name] = make_pipeline(StandardScaler(), last)
        models[name].fit(seen[trained & known], values[trained & known])
        unseen = ~trained & known
        enough = unseen.sum() > 1 and len(np.unique(values[unseen])) > 1
        accuracy[name] = float(models[name].score(seen[unseen], values[unseen])) if enough else float("nan")

    def read(pictures: NDArray[np.uint8]) -> Scores:
        pieces = [representation(discriminator, pictures[i : i + AT_ONCE]) for i in range(0, len(pictures), AT_ONCE)]
        if not pieces:
            return {name: np.empty(0, np.float32) for name in columns}
        x = np.concatenate(pieces)
        return {
            name: (model.predict(x) if name in continuous else model.decision_function(x)).astype(np.float32)
            for name, model in models.items()
        }

    ranges = {name: (float(np.nanmin(columns[name])), float(np.nanmax(columns[name]))) for name in continuous}
    about = f"a linear model of what the discriminator sees, taught by {int(trained.sum()):,} labelled pictures"
    say(f"attributes are read by {about}; on held-out ones it is right: {_told(accuracy, continuous)}")
    return Judge(tuple(columns), frozenset(continuous), accuracy, read, about, None, ranges)


def _tells(column: NDArray[np.float64]) -> bool:
    """Whether a column has something to learn from: more than two kinds, or two of at least two pictures each."""
    counts = np.unique(column[~np.isnan(column)], return_counts=True)[1]
    return len(counts) > 2 or (len(counts) == 2 and counts.min() >= 2)


def _told(accuracy: dict[str, float], continuous: set[str]) -> str:
    """How well attributes are read, in words."""
    facts = [
        f"{name} {'R² ' if name in continuous else ''}{share:.2f}" for name, share in accuracy.items() if share == share
    ]
    return (
        ", ".join(facts[: 3 * MOST_NAMED]) + (", …" if len(facts) > 3 * MOST_NAMED else "") if facts else "nobody knows"
    )


def by_label(labels: Sequence[str | None]) -> Columns:
    """A column of zeros and ones for each different label; of two labels one column each as well, so that both have names."""
    kinds = sorted({label for label in labels if label is not None})
    unknown = np.array([label is None for label in labels])
    return {kind: np.where(unknown, np.nan, [float(label == kind) for label in labels]) for kind in kinds}


def by_table(text: str, names: Sequence[str], where: str) -> Columns:
    """Columns of a CSV file whose first column names pictures: numbers as they are (-1 and 1 as 0 and 1), words as a column
    "column=word" each.

    names: of the bank's pictures; a row names one in full or without its folders. Raises InputError where no row does.
    """
    try:
        lines = list(csv.reader(io.StringIO(text)))
    except csv.Error as error:
        raise InputError(f"{where} is no table that can be read ({error}): check its quotes.") from None
    if len(lines) < 2 or len(lines[0]) < 2:
        raise InputError(
            f"{where} is no table: write a first line of headings, then a picture's name and its values a line."
        )
    headings, rows = [cell.strip() for cell in lines[0][1:]], {line[0]: line[1:] for line in lines[1:] if line}
    if len(set(headings)) < len(headings) or not all(heading.isprintable() and heading for heading in headings):
        raise InputError(f"{where}: each column needs a heading of its own, in letters that can be printed.")
    found = [rows.get(name, rows.get(name.rpartition("/")[2])) for name in names]
    if not any(found):
        raise InputError(
            f"{where} names none of the run's pictures: its first column must be names such as {names[0]}."
        )
    columns: Columns = {}
    for place, heading in enumerate(headings):
        cells = [row[place].strip() if row and place < len(row) else "" for row in found]
        try:
            column = np.array([float(cell) if cell else np.nan for cell in cells])
            if (np.abs(column) > LARGEST).any():
                raise InputError(f"{where}: the column {heading} has numbers beyond ±{LARGEST:g}: mend them.")
        except ValueError:
            words = by_label([cell or None for cell in cells])
            columns |= words if len(headings) == 1 else {f"{heading}={word}": c for word, c in words.items()}
            continue
        values = np.unique(column[~np.isnan(column)])
        columns[heading] = (
            np.where(np.isnan(column), np.nan, column > 0) if len(values) == 2 and values[0] == -1 else column
        )
    return columns


@torch.inference_mode()
def representation(discriminator: Discriminator, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What a discriminator sees in pictures, uint8 (N, C, H, W), after the DCGAN paper's section 5.1: every layer's maps,
    max-pooled to 4×4 (or left where they are smaller), in one row: float32 (N, d)."""
    x = as_input(torch.from_numpy(np.ascontiguousarray(pictures))).to(discriminator.device)
    pooled = [
        torch.nn.functional.adaptive_max_pool2d(maps, (min(POOLED, maps.shape[2]), min(POOLED, maps.shape[3]))).flatten(
            1
        )
        for maps in discriminator.maps(x)
    ]
    return torch.cat(pooled, 1).float().cpu().numpy()
