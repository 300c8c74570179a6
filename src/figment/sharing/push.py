"""A run given to the Hugging Face hub: one commit with all that goes up, into a repository that is private unless asked."""

import io
import logging
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from figment.common.cache import cache_folder
from figment.common.progress import Say
from figment.common.text import shown
from figment.data.sources import hub
from figment.data.sources.hub_parts import PREFIX, Request
from figment.errors import InputError
from figment.sharing.parcel import Parcel
from figment.sharing.pull import is_ours
from figment.version import __version__

Found = TypeVar("Found")
TRIES = 3  # of a request that the hub's library doesn't repeat by itself
LONGEST_WAIT = 60  # seconds that a hub may ask us to wait before it is asked again
LOG_IN = "log in by `hf auth login`, or set HF_TOKEN to a token that may write"


class Hub:
    """A repository of models on the hub. Everything raises InputError, in one sentence, for what the hub won't do."""

    def __init__(self, text: str) -> None:
        self.name = repository_name(text)
        self.client = hub.hub_client(f"figment push {self.name}")
        self.api = self.client.HfApi(endpoint=hub.endpoint())
        self.page = f"{hub.endpoint() or 'https://huggingface.co'}/{self.name}"

    def log_in(self) -> None:
        """Raise InputError where nobody is logged in."""
        if hub.is_offline():
            raise InputError(f"{self.name} can't be pushed while HF_HUB_OFFLINE is set: unset it.")
        if not self.client.get_token():
            raise InputError(f"Nobody is logged in to the hub here: {LOG_IN}.")

    def found(self) -> Any:
        """What the hub says of the repository: whether it is private, its files; None where there is none."""
        with self.in_words():
            try:
                return patiently(lambda: self.api.model_info(self.name))
            except self.client.errors.RepositoryNotFoundError as error:
                if _status(error) == 401:
                    raise
                return None

    def card(self) -> bytes | None:
        """The README.md that is there; None where there is none."""
        found = self.found()
        if found is None or "README.md" not in [file.rfilename for file in found.siblings or []]:
            return None
        with self.in_words():
            file = patiently(
                lambda: self.api.hf_hub_download(
                    self.name, "README.md", cache_dir=cache_folder() / "hub", tqdm_class=hub.progress_bar()
                )
            )
        return Path(file).read_bytes()

    def create(self, public: bool) -> None:
        """Make the repository, where it isn't there yet."""
        with self.in_words():
            patiently(lambda: self.api.create_repo(self.name, private=not public, exist_ok=True))

    def commit(self, parcel: Parcel, gone: list[str]) -> str:
        """Put the files there, and take away those that are gone, all at once; gives the address of what is there now."""
        # Buffers go by Git LFS, which every hub and mirror speaks; files that are there already aren't sent again.
        operations = [
            self.client.CommitOperationAdd(name, io.BytesIO(content)) for name, content in parcel.files.items()
        ]
        operations += [self.client.CommitOperationDelete(name) for name in gone]
        with self.in_words(), quietly():
            patiently(
                lambda: self.api.create_commit(
                    self.name, operations, commit_message=f"figment {__version__}: {len(parcel.files)} files"
                )
            )
        return self.page

    @contextmanager
    def in_words(self) -> Iterator[None]:
        """Say in a sentence what the hub, or the network, refuses, and what to do."""
        try:
            yield
        except Exception as error:  # of the network by whatever library the hub's own is built on
            if isinstance(error, (InputError, *hub.OWN_MISTAKES)):
                raise
            raise InputError(self._sentence(error)) from None

    def _sentence(self, error: Exception) -> str:
        owner = self.name.partition("/")[0]
        status = _status(error)
        if status == 401:
            return f"The hub doesn't take your token: {LOG_IN}."
        if status == 403:
            return (
                f"You may not write to {self.name}: check that {owner} is you or an organisation of yours, and that your token "
                "may write."
            )
        if status == 404:
            return f"{self.name} isn't on the hub, or isn't yours to see: check the name, and {LOG_IN}."
        if status == 413:
            return f"{self.name}: the hub takes no files as large as these: leave out findings (--no-findings), or ask for more."
        if status == 429:
            return "The hub asks to be left alone for a while (429): try again in some minutes; nothing was published by halves."
        if status in (400, 409, 422):
            return f"The hub doesn't take {self.name} ({_first_line(error)}): check the name and the README.md."
        if status is not None:
            return f"The hub fails with status {status}: try again later; nothing was published by halves."
        return (
            f"{self.page} can't be reached, or was lost on the way ({_first_line(error)}): try again; what was uploaded "
            "isn't sent again, and nothing was published by halves."
        )


def push(parcel: Parcel, to: Hub, public: bool, say: Say) -> str:
    """Publish a parcel in one commit, so that nobody sees half of it; gives the page's address.

    What an earlier push left there and isn't in the parcel is taken away; files of others' stay, and a README.md that is there is
    kept where the parcel has none. Raises InputError where the hub refuses, and where the repository is public and public is
    False.
    """
    found = to.found()
    if found is None:
        to.create(public)
    elif not found.private and not public:
        raise InputError(f"{to.name} is public on the hub, and would show all of this to everybody: say --public.")
    elif found.private and public:
        say(f"{to.name} is there already and stays private: its settings on the hub make it public.")
    there = [file.rfilename for file in (found.siblings or [])] if found is not None else []
    kept = () if "README.md" in parcel.files else ("README.md", "card.png")
    gone = [name for name in there if is_ours(name) and name not in parcel.files and name not in kept]
    page = to.commit(parcel, gone)
    if gone:
        say(
            f"Taken away there, since the run has them no more: {', '.join(map(shown, gone[:5]))}{' …' if gone[5:] else ''}."
        )
    return page


def repository_name(text: str) -> str:
    """OWNER/NAME of what was given, with hf: before it or not. Raises InputError for what no repository can be called."""
    name = text.removeprefix(PREFIX)
    with suppress(InputError):
        request = Request.parse(name)
        parts = request.name.split("/")
        plain = not (request.words or request.limit) and request.name == name  # nor a revision behind it
        if plain and len(name) <= 96 and all(_is_plain(part) for part in parts):
            return name
    raise InputError(
        f"{shown(text)} isn't a name on the hub: write OWNER/NAME, letters, digits, - _ and . alone, as me/faces."
    )


def _is_plain(part: str) -> bool:
    """Whether the hub allows a part of a name."""
    return part.isascii() and not {part[0], part[-1]} & {"-", "."} and "--" not in part and ".." not in part


def patiently(ask: Callable[[], Found]) -> Found:
    """What ask gives, which is asked again where the hub is busy or the connection breaks, after as long as the hub says."""
    for turn in range(TRIES):
        try:
            return ask()
        except Exception as error:
            status = _status(error)
            is_network = type(error).__module__.partition(".")[0] in (
                "httpx",
                "httpx2",
                "httpcore",
                "httpcore2",
                "requests",
            )
            busy = status in (408, 429, 500, 502, 503, 504) or (status is None and is_network)
            if not busy or turn == TRIES - 1:
                raise
            wait = _asked_to_wait(error, 2.0**turn)
            if wait > LONGEST_WAIT:
                raise
            time.sleep(wait)
    raise AssertionError


def _status(error: BaseException | None) -> int | None:
    """The status that the hub answered with, of an error or of what caused it."""
    while error is not None:
        response = getattr(error, "response", None)
        if response is not None:
            return int(response.status_code)
        error = error.__cause__ or error.__context__
    return None


def _asked_to_wait(error: Exception, usual: float) -> float:
    """Seconds, by the answer's Retry-After."""
    response = getattr(error, "response", None)
    try:
        return float(response.headers["Retry-After"]) if response is not None else usual
    except (KeyError, ValueError):
        return usual


def _first_line(error: Exception) -> str:
    return shown(str(error).strip().splitlines()[0].rstrip(". ")) if str(error).strip() else type(error).__name__


@contextmanager
def quietly() -> Iterator[None]:
    """Within, the hub's library doesn't tell how it goes about it."""
    from huggingface_hub.utils import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    log, had_bars = logging.getLogger("huggingface_hub"), not are_progress_bars_disabled()
    before = log.level
    log.setLevel(logging.ERROR)
    if had_bars:
        disable_progress_bars()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of how it speaks to its own client
            yield
    finally:
        log.setLevel(before)
        if had_bars:
            enable_progress_bars()
