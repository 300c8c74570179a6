"""TODO"""

import csv
import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from figment.attributes.predictor import LARGEST, AttributePredictor, Scores
from figment.common.progress import Progress, Say
from figment.data.bank.bank import Bank
from figment.discriminator import Discriminator, representation
from figment.errors import InputError

Columns = dict[str, NDArray[np.float64]]
AT_ONCE = 64
MOST_NAMED = 8  # columns, in a message


def linear_predictor(
    discriminator: Discriminator,
    bank: Bank,
    columns: Columns,
    progress: Progress | None = None,
    say: Say = lambda sentence: None,
) -> AttributePredictor:
    """A predictor of attributes that pictures of a bank are known to have: a linear model of what the discriminator sees.

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
    return AttributePredictor(tuple(columns), frozenset(continuous), accuracy, read, about, None, ranges)


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


def label_columns(labels: Sequence[str | None]) -> Columns:
    """A column of zeros and ones for each different label; of two labels one column each as well, so that both have names."""
    kinds = sorted({label for label in labels if label is not None})
    unknown = np.array([label is None for label in labels])
    return {kind: np.where(unknown, np.nan, [float(label == kind) for label in labels]) for kind in kinds}


def table_columns(text: str, names: Sequence[str], where: str) -> Columns:
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
            words = label_columns([cell or None for cell in cells])
            columns |= words if len(headings) == 1 else {f"{heading}={word}": c for word, c in words.items()}
            continue
        values = np.unique(column[~np.isnan(column)])
        columns[heading] = (
            np.where(np.isnan(column), np.nan, column > 0) if len(values) == 2 and values[0] == -1 else column
        )
    return columns
