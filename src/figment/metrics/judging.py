"""Which judge a run has: the portraits' reader, or linear models taught by labels."""

from pathlib import Path

from figment.attributes.from_labels import by_label, by_table, of_columns
from figment.attributes.from_portraits import of_portraits
from figment.attributes.portrait_reader import reader_of, work_of
from figment.attributes.predictor import Judge
from figment.common import sizes
from figment.common.progress import Tally
from figment.data.bank.bank import Bank
from figment.data.bank.prepare import prepare
from figment.data.sources.open import open_source
from figment.discriminator import load_discriminator
from figment.errors import InputError
from figment.run import Run
from figment.start import Preparing, bank_of

PORTRAITS = (None, "portraits")


def judge_of(run: Run, labels: str | Path | None, display: Preparing) -> Judge:
    """The judge of a run's pictures.

    labels: DATA whose pictures have labels (a folder with sub-folders, say; real pictures or sorted samples), or a .csv file of
    attributes of the run's own pictures. Without them it is the reader of the built-in portraits for a run that learnt from
    these, else what the run's own pictures are labelled with. Raises InputError where there are no labels.
    """
    recipe = run.recipe
    if labels is None and run.facts["data"] in PORTRAITS:
        size = recipe.shape[0]
        if recipe.shape != (size, size):
            raise InputError(
                f"{run.folder} draws portraits of {sizes.text(recipe.shape)}, and their reader reads only squares: give --labels."
            )
        return of_portraits(
            reader_of(size, Tally(display.stage("teaching the reader of portraits, once"), work_of(size)))
        )
    discriminator, learning = load_discriminator(run.folder), display.stage("learning what labels mean")
    if labels is not None and Path(labels).suffix.lower() == ".csv":
        bank, table = bank_of(run, display), _text(Path(labels))
        return of_columns(discriminator, bank, by_table(table, bank.names, f"--labels {labels}"), learning, display.say)
    bank = labelled_bank(run, labels, display)
    mend = (
        "give --labels DATA, pictures in a folder a class, or --labels FILE.csv"
        if labels is None else "put the pictures of each class into a folder of its own"
    )  # fmt: skip
    columns = by_label(bank.labels)
    if len(columns) < 2:
        raise InputError(f"{bank.source} has no labels that tell two kinds of pictures apart: {mend}.")
    return of_columns(discriminator, bank, columns, learning, display.say)


def labelled_bank(run: Run, labels: str | Path | None, display: Preparing) -> Bank:
    """The bank of labelled DATA, prepared as the run's pictures are, or of the run's own pictures for None."""
    if labels is None:
        return bank_of(run, display)
    source, recipe = open_source(str(labels), None, None, display.say), run.recipe
    telling = display.stage(f"preparing {source.display}")
    return prepare(source, recipe.size, int(recipe.channels), None, telling, recipe.fit)


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise InputError(f"--labels {file} can't be read ({reason}): name a CSV file of attributes.") from None
