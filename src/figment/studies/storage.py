"""The database of a study, through Optuna: which cells wait, which are worked at and by whom, which are done."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Literal

import optuna
from optuna.exceptions import DuplicatedStudyError, ExperimentalWarning, OptunaError, StorageInternalError
from optuna.storages import RDBStorage, RetryHeartbeatStaleTrialCallback
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError, SQLAlchemyError

from figment.errors import InputError
from figment.studies.study import Study, StudyFolder, from_json

# A worker gives a sign of life every so many seconds; one that gave none for so long is taken for lost. Shorter ones than a
# busy machine can keep to would take cells from the living.
HEARTBEAT_SECONDS, GRACE_SECONDS = 20, 120
LOCK_SECONDS = 60  # that SQLite waits for another writer
STUDY = "study"  # the user attribute that holds study.json, for machines that don't share the folder
KINDS = ("sqlite", "postgresql", "mysql", "mariadb")  # whose storages have a heartbeat
# What goes wrong with a database that may come back.
AWAY = (StorageInternalError, OperationalError, SQLAlchemyError)


class Storage(RDBStorage):
    """Optuna's storage, whose signs of life don't end with the first that the database doesn't take."""

    def record_heartbeat(self, trial_id: int) -> None:
        # The next one comes in seconds; should all fail, the cell is taken for lost, and its result is in its file.
        with suppress(SQLAlchemyError, OptunaError):
            super().record_heartbeat(trial_id)

    def close(self) -> None:
        """Let go of the database."""
        self.remove_session()
        self.engine.dispose()


def open_storage(url: str, heartbeat: int = HEARTBEAT_SECONDS, grace: int = GRACE_SECONDS) -> Storage:
    """The storage at an address, its tables made if need be. Raises InputError for what is none, one of AWAY where it is away."""
    address = parsed_url(url)
    arguments: dict[str, Any] = {"pool_pre_ping": True}
    if address.get_backend_name() == "sqlite":
        arguments["connect_args"] = {"timeout": LOCK_SECONDS}
    with quiet():
        try:
            return Storage(
                address.render_as_string(hide_password=False), arguments, heartbeat_interval=heartbeat, grace_period=grace,
                heartbeat_stale_trial_callback=RetryHeartbeatStaleTrialCallback(),
            )  # fmt: skip
        except (ImportError, NoSuchModuleError) as error:
            raise InputError(f"--storage {shown_url(url)}: its driver isn't installed ({error}).") from None


def parsed_url(url: str) -> URL:
    """An address of a database. Raises InputError for one that can't be a study's."""
    try:
        address = make_url(url)
    except ArgumentError:
        raise InputError(f"--storage {url}: write it as postgresql://HOST/NAME, or sqlite:///FILE.") from None
    if address.get_backend_name() not in KINDS:
        raise InputError(f"--storage {shown_url(url)}: a study can be kept in {', '.join(KINDS)}.")
    if address.drivername == "postgresql":
        return address.set(drivername="postgresql+psycopg")
    return address


def shown_url(url: str) -> str:
    """An address without its password, as it is told and kept."""
    try:
        address = make_url(url)
    except ArgumentError:
        return url
    return address._replace(password=None).render_as_string(hide_password=False)


def url_of(place: StudyFolder, storage: str | None) -> str:
    """The address of a study's database: the one that was named, else the file in its folder."""
    return storage or f"sqlite:///{place.database.absolute()}"


def new_study(storage: RDBStorage, study: Study) -> optuna.Study:
    """The study's record in the database. Raises InputError where another has its name."""
    with quiet():
        try:
            made = optuna.create_study(storage=storage, study_name=study.name, direction=direction_of(study))
        except DuplicatedStudyError:
            raise InputError(
                f"the database has a study called {study.name} already: name this one otherwise with --out, or join that one "
                "with figment study worker."
            ) from None
        made.set_user_attr(STUDY, study.to_json())
    return made


def known_study(storage: RDBStorage, name: str) -> optuna.Study:
    """A study's record in the database. Raises InputError where there is none of this name."""
    with quiet():
        try:
            return optuna.load_study(study_name=name, storage=storage)
        except KeyError:
            raise InputError(
                f"the database has no study called {name}: name one that figment study run began."
            ) from None


def record_of(storage: RDBStorage, study: Study) -> optuna.Study:
    """A study's record; made where the database has none, since it was lost, or its maker killed before: what cells found is
    in their files. Raises InputError where the database has another study of the name.
    """
    with quiet():
        made = optuna.create_study(
            storage=storage, study_name=study.name, direction=direction_of(study), load_if_exists=True
        )
        if STUDY not in made.user_attrs:
            made.set_user_attr(STUDY, study.to_json())
    if study_in(made) != study:
        raise InputError(
            f"the database has another study called {study.name}: name the one that this study was begun with, by --storage."
        )
    return made


def direction_of(study: Study) -> Literal["minimize", "maximize"]:
    return "minimize" if study.request.lower_is_better else "maximize"


def study_in(record: optuna.Study) -> Study:
    """What was settled of a study, as the database has it."""
    return from_json(str(record.user_attrs.get(STUDY, "")), f"the study {record.study_name} in the database")


@contextmanager
def quiet() -> Iterator[None]:
    """Within, Optuna writes no log of its own and doesn't warn that a heartbeat is experimental."""
    logger = logging.getLogger("optuna")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        try:
            yield
        finally:
            logger.setLevel(level)


def reason_of(error: BaseException) -> str:
    """Why a database can't be used, in its own words."""
    for one in (error, error.__cause__):
        if (own := getattr(one, "orig", None)) is not None:
            error = own
            break
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


@contextmanager
def reached(url: str) -> Iterator[None]:
    """Turn it into a sentence within that a database can't be used. Where it is worked at, it is waited for instead."""
    try:
        with quiet():
            yield
    except AWAY as error:
        raise InputError(
            f"the database {shown_url(url)} can't be used ({reason_of(error)}): start it, or name where it is with --storage."
        ) from None


class Database:
    """The record of one study in a database: opened when it is asked for, and anew after close()."""

    def __init__(self, url: str, study: Study, heartbeat: int = HEARTBEAT_SECONDS, grace: int = GRACE_SECONDS) -> None:
        self.url, self.study, self.heartbeat, self.grace = url, study, heartbeat, grace
        self._storage: Storage | None = None
        self._study: optuna.Study | None = None

    def record(self) -> optuna.Study:
        """The study's record. Raises InputError where there is another one, one of AWAY where the database can't be reached."""
        if self._study is None:
            self._storage = open_storage(self.url, self.heartbeat, self.grace)
            self._study = record_of(self._storage, self.study)
        return self._study

    def close(self) -> None:
        """Let go of the database."""
        if self._storage is not None:
            self._storage.close()
        self._storage = self._study = None
