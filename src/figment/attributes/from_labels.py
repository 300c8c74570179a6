"""Predictors learnt from labels: of folders, or of a table, by linear models of what a discriminator sees."""

import csv
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from figment.attributes.predictor import MAX_VALUE, AttributePredictor, Scores
from figment.common.progress import Progress, Say
from figment.data.bank.bank import Bank
from figment.data.bank.shards import Shards
from figment.discriminator import Discriminator, representation
from figment.errors import InputError

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

Columns = dict[str, NDArray[np.float64]]  # by attribute, a number for each picture of a bank, NaN where it isn't known
BATCH_PICTURES = 64
MAX_NAMED_COLUMNS = 8  # in a message, of those that are left out
MAX_TOLD_COLUMNS = 24  # in a message, of those that are read


def linear_predictor(
    discriminator: Discriminator, bank: Bank, columns: Columns, progress: Progress | None = None,
    say: Say = lambda sentence: None,
) -> AttributePredictor:  # fmt: skip
    """The predictor of attributes that a bank's pictures are known to have: linear models of what a discriminator sees.

    columns: by attribute, a number for each picture of the bank, NaN where it isn't known. Of a column of zeros and
    ones the log-odds are learnt by logistic regression, of others the value by ridge regression; each from the training
    pictures, and tested on held-out ones, of which say is told. Columns that haven't two of each kind among the
    training pictures are left out, which is said, too. Raises InputError where none is left.
    """
    columns = _learnable(columns, bank, say)
    rows = np.flatnonzero(~np.isnan(np.stack(list(columns.values()))).all(0))
    seen, trained = _representations(discriminator, bank.pictures, rows, progress), np.isin(rows, bank.train)
    continuous = {name for name, column in columns.items() if not np.isin(column[~np.isnan(column)], (0, 1)).all()}
    models: dict[str, Pipeline] = {}
    accuracy: dict[str, float] = {}
    for name, column in columns.items():
        models[name], accuracy[name] = _fitted(seen, column[rows], trained, name in continuous)

    def predict(pictures: NDArray[np.uint8]) -> Scores:
        if not len(pictures):
            return {name: np.empty(0, np.float32) for name in columns}
        x = _representations(discriminator, pictures, np.arange(len(pictures)))
        return {
            name: (model.predict(x) if name in continuous else model.decision_function(x)).astype(np.float32)
            for name, model in models.items()
        }

    ranges = {name: (float(np.nanmin(columns[name])), float(np.nanmax(columns[name]))) for name in continuous}
    about = f"a linear model of what the discriminator sees, taught by {int(trained.sum()):,} labelled pictures"
    say(f"attributes are read by {about}; on held-out ones it is right: {_told(accuracy, continuous)}")
    return AttributePredictor(tuple(columns), frozenset(continuous), accuracy, predict, about, None, ranges)


def _learnable(columns: Columns, bank: Bank, say: Say) -> Columns:
    """The columns that have something to learn from. Says which haven't; raises InputError where none has."""
    unusable = [name for name, column in columns.items() if not _tells(column[bank.train])]
    if not unusable:
        return columns
    named = ", ".join(unusable[:MAX_NAMED_COLUMNS]) + (", …" if len(unusable) > MAX_NAMED_COLUMNS else "")
    why = f"{bank.source} hasn't two kinds of at least two training pictures each that are labelled so"
    if len(unusable) == len(columns):
        raise InputError(f"--labels: nothing to learn from {named}: {why}: label more pictures.")
    say(f"left out: {named}: {why}")
    return {name: column for name, column in columns.items() if name not in unusable}


def _representations(
    discriminator: Discriminator, pictures: Shards | NDArray[np.uint8], rows: NDArray[np.int64],
    progress: Progress | None = None,
) -> NDArray[np.float32]:  # fmt: skip
    """What the discriminator sees in some of the pictures, one at least: (N, d)."""
    parts = []
    for start in range(0, len(rows), BATCH_PICTURES):
        parts.append(representation(discriminator, pictures[rows[start : start + BATCH_PICTURES]]))
        if progress:
            progress(min(start + BATCH_PICTURES, len(rows)), len(rows))
    return np.concatenate(parts)


def _fitted(
    seen: NDArray[np.float32], values: NDArray[np.float64], trained: NDArray[np.bool_], continuous: bool
) -> "tuple[Pipeline, float]":
    """The model of one column, of training pictures whose value is known, and its score on others (NaN: too few)."""
    from sklearn.linear_model import LogisticRegression, RidgeCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    known = ~np.isnan(values)
    last = RidgeCV(np.logspace(0, 5, 6)) if continuous else LogisticRegression(C=0.001, max_iter=500)
    model = make_pipeline(StandardScaler(), last)
    model.fit(seen[trained & known], values[trained & known])
    unseen = ~trained & known
    enough = unseen.sum() > 1 and len(np.unique(values[unseen])) > 1
    return model, float(model.score(seen[unseen], values[unseen])) if enough else float("nan")


def _tells(column: NDArray[np.float64]) -> bool:
    """Whether a column has something to learn from: more than two kinds, or two of at least two pictures each."""
    counts = np.unique(column[~np.isnan(column)], return_counts=True)[1]
    return len(counts) > 2 or (len(counts) == 2 and counts.min() >= 2)


def _told(accuracy: dict[str, float], continuous: set[str]) -> str:
    """How well attributes are read, in words."""
    known = {name: share for name, share in accuracy.items() if not np.isnan(share)}
    facts = [f"{name} {'R² ' if name in continuous else ''}{share:.2f}" for name, share in known.items()]
    return ", ".join(facts[:MAX_TOLD_COLUMNS]) + ", …" * (len(facts) > MAX_TOLD_COLUMNS) or "nobody knows"


def label_columns(labels: Sequence[str | None]) -> Columns:
    """A column of zeros and ones for each different label; of two labels also one each, so that both have names."""
    kinds = sorted({label for label in labels if label is not None})
    unknown = np.array([label is None for label in labels])
    return {kind: np.where(unknown, np.nan, [float(label == kind) for label in labels]) for kind in kinds}


def table_columns(text: str, names: Sequence[str], where: str) -> Columns:
    """Columns of a CSV file whose first column names pictures.

    Numbers are taken as they are (-1 and 1 as 0 and 1), words as a column "column=word" each. names: of the bank's
    pictures; a row names one in full or without its folders. Raises InputError where no row does.
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
            if (np.abs(column) > MAX_VALUE).any():
                raise InputError(f"{where}: the column {heading} has numbers beyond ±{MAX_VALUE:g}: mend them.")
        except ValueError:
            words = label_columns([cell or None for cell in cells])
            columns |= words if len(headings) == 1 else {f"{heading}={word}": c for word, c in words.items()}
            continue
        values = np.unique(column[~np.isnan(column)])
        columns[heading] = (
            np.where(np.isnan(column), np.nan, column > 0) if len(values) == 2 and values[0] == -1 else column
        )
    return columns
