"""What a study is asked for: on a command line, in a study.toml, or by the name of one that figment brings along."""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from figment.common import units
from figment.common.addresses import absent
from figment.common.jsontext import fault
from figment.common.refusals import naming_refusals
from figment.common.text import nearest, suggestion
from figment.errors import InputError
from figment.studies.factors import Levels, Range, check_factors, levels_of

FORMAT = 1
SUFFIX = ".toml"
SCORES = ("kid", "fd", "precision", "recall", "density", "coverage")  # that a cell can be judged by
Search = Literal["grid", "halving", "tpe"]


class Request(BaseModel):
    """A study as it is asked for. time: all of it together; images: of each run."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, allow_inf_nan=False)

    title: str = ""
    data: str | list[str] | None = None
    vary: dict[str, Any] = {}
    settings: dict[str, Any] = Field({}, alias="set")
    recipe: str = "auto"
    time: str | None = Field(None, alias="for")
    images: int | str | None = None
    seeds: Annotated[int, Field(ge=1, le=100)] = 3
    score: str = "kid"
    features: str | None = None  # network that judges; none: the one that figment measures by
    search: Search = "grid"
    trials: Annotated[int, Field(ge=2, le=10_000)] | None = None  # settings that a search tries
    group: str | None = None
    drop: str | None = None
    keep_marked: bool = False

    @field_validator("vary")
    @classmethod
    def _ranges_as_text(cls, vary: dict[str, Any]) -> dict[str, Any]:
        """Ranges as they are written, which JSON can keep."""
        return {name: str(levels) if isinstance(levels, Range) else levels for name, levels in vary.items()}

    @property
    def levels(self) -> dict[str, Levels]:
        """The factors with their levels. Raises InputError for what can't be varied."""
        levels = {name: levels_of(name, its) for name, its in self.vary.items()}
        check_factors(levels, self.settings)
        return levels

    @property
    def seconds(self) -> float | None:
        """Of the whole study; None where each run's images are the budget. Raises InputError."""
        return None if self.time is None else units.seconds(self.time)

    @property
    def images_each(self) -> int | None:
        """Images that each run sees; None where time is the budget. Raises InputError."""
        return None if self.images is None else units.images(str(self.images))

    def checked(self) -> "Request":
        """Itself, when its score and budget can be used. Raises InputError."""
        if self.score not in SCORES:
            raise InputError(f"--score {self.score}: no score to judge by{suggestion(self.score, SCORES)}")
        if (self.seconds is None) == (self.images_each is None):
            both = self.time is not None
            raise InputError(
                "--for and --images can't both be the budget: give the whole study's time, or each run's images."
                if both
                else "a study needs a budget: --for 2h, all of it together, or --images 200k, of each run."
            )
        if self.trials is not None and self.search != "tpe":
            raise InputError("--trials says how many settings --search tpe tries: add that, or leave it out.")
        return self

    @property
    def lower_is_better(self) -> bool:
        from figment.metrics.scores import KINDS  # brings torch, which a worker that waits needn't

        return KINDS[self.score].better == "lower"


def asked(fields: Mapping[str, Any], where: str) -> Request:
    """A request of fields by their names in a study.toml. Raises InputError, naming where they stand and the first fault."""
    known = [info.alias or name for name, info in Request.model_fields.items()]
    unknown = next((name for name in fields if name not in [*known, *Request.model_fields]), None)
    if unknown is not None:
        raise InputError(f"{where}: {unknown} is nothing that a study has{suggestion(unknown, known)}")
    try:
        return Request(**fields)
    except ValidationError as error:
        raise InputError(f"{where}: {fault(error)}.") from None


def request_of(named: str | None, given: Mapping[str, Any]) -> Request:
    """What is asked for: the fields that were given, over those of a named study or of a file. Raises InputError."""
    fields = dict(study_fields(named)) if named is not None else {}
    given = {name: its for name, its in given.items() if its is not None}
    if {"for", "images"} & given.keys():
        fields.pop("for", None)
        fields.pop("images", None)
    for table in ("vary", "set"):
        if table in given:
            fields[table] = {**fields.get(table, {}), **given.pop(table)}
    request = asked(fields | given, named if named is not None and named.endswith(SUFFIX) else "the study").checked()
    request.levels  # noqa: B018 - factors that can't be are refused before anything is prepared
    return request


def named_studies() -> dict[str, dict[str, Any]]:
    """The studies that figment brings along, by name: the fields of their files."""
    folder = files("figment.studies") / "named"
    found = sorted((file for file in folder.iterdir() if file.name.endswith(SUFFIX)), key=lambda file: file.name)
    return {file.name.removesuffix(SUFFIX): _fields(file.read_text("utf-8"), file.name) for file in found}


def study_fields(name: str) -> dict[str, Any]:
    """The fields of a named study, or of a file. Raises InputError for what isn't there, or none."""
    if not name.endswith(SUFFIX):
        known = named_studies()
        if name not in known:
            hint = "" if nearest(name, known) else " A study of yours is a file that ends in .toml."
            raise InputError(f"--study {name}: no such study{suggestion(name, list(known))}{hint}")
        return known[name]
    path = Path(name)
    if not path.exists():
        raise InputError(absent(path, "name a study.toml, or one of figment study list"))
    with naming_refusals(path, done="read"):
        try:
            return _fields(path.read_text("utf-8"), name)
        except UnicodeDecodeError:
            raise InputError(f"{name} is no study: it is no text. docs/study.md shows one.") from None


def _fields(text: str, where: str) -> dict[str, Any]:
    try:
        fields = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{where} is no TOML ({str(error)[:100]}): docs/study.md shows one.") from None
    check_format(fields.pop("format", None), where)
    return fields


def check_format(found: object, where: str) -> None:
    """Raise InputError for a study of another version, or of none."""
    is_number = isinstance(found, int) and not isinstance(found, bool)
    if is_number and found == FORMAT:
        return
    if is_number and found > FORMAT:  # type: ignore[operator]
        raise InputError(
            f"{where} is of a newer figment (format {found}): update with pip install --upgrade figment-gan."
        )
    raise InputError(f"{where} doesn't say which format it is of, or one that there isn't: write format = {FORMAT}.")
