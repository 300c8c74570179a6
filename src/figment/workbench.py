"""The workbench: a run with whatever an experiment may need of it, for the command line and Python alike."""

from functools import cached_property
from pathlib import Path

from figment.attributes.from_labels import label_columns, linear_predictor, table_columns
from figment.attributes.from_portraits import portrait_predictor
from figment.attributes.portrait_reader import TEACHING_A_PICTURE, portrait_reader, remaining_work
from figment.attributes.predictor import AttributePredictor
from figment.common import sizes
from figment.common.machine import this_machine
from figment.common.progress import Preparing, Silent, Tally
from figment.common.units import as_rough_time
from figment.data.bank.bank import Bank
from figment.data.bank.prepare import prepare
from figment.data.sources.open import open_source
from figment.discriminator import Discriminator, load_discriminator
from figment.errors import InputError
from figment.generator import Generator, load
from figment.metrics.resemblance import Resemblance, resemblance
from figment.reals import are_portraits, bank_of
from figment.run import Run
from figment.similarity.nearest import Subset


class Workbench:
    """A run, or a generator alone, with what an experiment may need of it, made ready when it is asked for.

    path: a run folder or a generator's file. device: auto, cuda, mps or cpu. display: is told what takes long.
    """

    def __init__(self, path: str | Path, device: str = "auto", display: Preparing | None = None) -> None:
        self.path, self.asked_device = Path(path), device
        self.display: Preparing = display or Silent()

    @cached_property
    def device(self) -> str:
        return this_machine(self.asked_device).device

    @cached_property
    def run(self) -> Run:
        """Raises InputError where it is a generator alone."""
        if self.path.is_file():
            raise InputError(f"{self.path} is a file: this needs what else is in the run: name its run folder.")
        return Run(self.path)

    @cached_property
    def generator(self) -> Generator:
        return load(self.path, self.device)

    @cached_property
    def discriminator(self) -> Discriminator:
        return load_discriminator(self.run.folder, self.device)

    @cached_property
    def bank(self) -> Bank:
        """The run's real pictures. Raises InputError where they are gone."""
        return bank_of(self.run, self.display)

    @cached_property
    def resemblance(self) -> Resemblance | None:
        """Whether samples look like the run's pictures at all; None where nobody can tell, as of a generator alone."""
        try:
            bank = self.bank
        except InputError:
            return None
        return resemblance(self.generator, Subset(bank.pictures, bank.train), device=self.device)

    @property
    def findings(self) -> Path:
        """Where findings are kept; those of a generator's file in a folder of its own, lest the run's be overwritten."""
        if self.path.is_dir():
            return self.path / "findings"
        return self.path.parent / (
            "findings" if self.path.name == "generator.safetensors" else f"{self.path.stem}.findings"
        )

    def predictor(self, labels: str | Path | None = None) -> AttributePredictor:
        """What reads attributes from the run's pictures: attribute_predictor. Raises InputError where nothing does."""
        return attribute_predictor(self.run, labels, self.display)

    def predictor_if_any(self) -> AttributePredictor | None:
        """What reads attributes, where that can be had without being told how."""
        try:
            return self.predictor()
        except InputError:
            return None


def attribute_predictor(run: Run, labels: str | Path | None, display: Preparing) -> AttributePredictor:
    """What reads attributes from a run's pictures.

    labels: DATA whose pictures have labels (a folder with sub-folders, say; real pictures or sorted samples), or a .csv
    file of attributes of the run's own pictures. Without them it is the reader of the built-in portraits for a run that
    learnt from these, else what the run's own pictures are labelled with. Raises InputError where there are no labels.
    """
    recipe = run.recipe
    if labels is None and are_portraits(run.data):
        size = recipe.shape[0]
        if recipe.shape != (size, size):
            raise InputError(
                f"{run.folder} draws portraits of {sizes.as_text(recipe.shape)}, and their reader reads only squares:"
                " give --labels."
            )
        taught = remaining_work(size)
        if taught:
            time = as_rough_time(taught * TEACHING_A_PICTURE)
            display.say(
                f"A reader of attributes is taught first, once, and kept in the cache: about {time} of a quiet core."
            )
        return portrait_predictor(
            portrait_reader(size, Tally(display.stage("teaching a reader of attributes, once"), taught))
        )
    discriminator, learning = load_discriminator(run.folder), display.stage("learning what labels mean")
    if labels is not None and Path(labels).suffix.lower() == ".csv":
        bank, table = bank_of(run, display), _text(Path(labels))
        return linear_predictor(
            discriminator, bank, table_columns(table, bank.names, f"--labels {labels}"), learning, display.say
        )
    bank = labelled_bank(run, labels, display)
    mend = (
        "give --labels DATA, pictures in a folder a class, or --labels FILE.csv"
        if labels is None else "put the pictures of each class into a folder of its own"
    )  # fmt: skip
    columns = label_columns(bank.labels)
    if len(columns) < 2:
        raise InputError(f"{bank.source} has no labels that tell two kinds of pictures apart: {mend}.")
    return linear_predictor(discriminator, bank, columns, learning, display.say)


def labelled_bank(run: Run, labels: str | Path | None, display: Preparing) -> Bank:
    """The bank of labelled DATA, prepared as the run's pictures are, or of the run's own pictures for None."""
    if labels is None:
        return bank_of(run, display)
    source, recipe = open_source(str(labels), None, None, display.say), run.recipe
    telling = display.stage(f"preparing {source.display}")
    return prepare(source, recipe.size, int(recipe.channels), None, telling, recipe.fit, keep_marked=True)


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise InputError(f"--labels {file} can't be read ({reason}): name a CSV file of attributes.") from None
