"""Data sets of the Hugging Face hub, hf:OWNER/NAME[@REVISION][:CONFIG][:SPLIT], downloaded into the cache folder."""

import os
import shutil
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from fnmatch import fnmatch
from functools import cached_property, partial
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any

from figment.common.cache import cache_folder
from figment.common.extras import require
from figment.data.sources.base import PICTURE_SUFFIXES, Chunks, ColumnReader, Listing, Source, hash_texts, is_picture
from figment.data.sources.hub_parts import PREFIX, Request, parts_of
from figment.data.sources.label_tables import FOLDER_TABLES, LABEL_TABLES
from figment.errors import InputError

# What would be our own mistake, not the network's.
OWN_MISTAKES = (AssertionError, AttributeError, TypeError, NameError)
OFF_WORDS = ("", "0", "OFF", "NO", "FALSE")  # of HF_HUB_OFFLINE
# Of the forms that a set may come in, often several side by side, the first that is there is downloaded.
FORMS = (
    ["*.parquet"],
    ["*.arrow"],
    ["*.tar", "*.tar.*", "*.tgz", "*.zip"],
    ["*.npz", "*.npy", "*-ubyte", "*-ubyte.gz", "*.bin", "*.meta.txt", "fine_label_names.txt"],
    [
        *(f"*.{suffix}" for low in sorted(PICTURE_SUFFIXES) for suffix in (low, low.upper())),
        *LABEL_TABLES,
        *(f"*{table}" for table in FOLDER_TABLES),
    ],
)
COUNTED = FORMS[:3]  # of these each file tells by itself how many pictures it holds
PICTURES = FORMS[-1]
MAX_CONNECTIONS = 8  # at once, for files of one picture


class HubSet(Source):
    """A downloaded set: what its folder holds, under the name that it has on the hub; the first so many pictures of it."""

    def __init__(self, held: Source, name: str, commit: str) -> None:
        self.limit = Request.parse(name).limit
        self.held = held
        self.lists_at_once = held.lists_at_once
        self.where = name
        self.display = name.removeprefix(PREFIX)
        self.commit = commit

    @cached_property
    def listing(self) -> Listing:
        whole = self.held.listing
        return replace(whole, names=whole.names[: self.limit], labels=whole.labels[: self.limit])

    def fingerprint(self) -> str:
        return hash_texts(["hub", self.where, self.commit, self.held.fingerprint()])

    def chunks(self, only: Collection[int] | None = None) -> Chunks:
        if self.limit is not None and only is None:
            only = range(len(self.listing.names))
        return self.held.chunks(only)

    def columns(self) -> Mapping[str, ColumnReader]:
        return {name: partial(self._column, column) for name, column in self.held.columns().items()}

    def _column(self, held: ColumnReader) -> list[str | None]:
        return held()[: self.limit]


def download_set(text: str, count: Callable[[Path], int]) -> tuple[Path, str]:
    """Folder and commit of a set on the hub, downloaded where it isn't yet; a bar shows it on a terminal.

    text: of the GRAMMAR, and #N behind it for a limit of pictures: then only as many files are downloaded as hold them.
    count(file): how many pictures are in one. HF_ENDPOINT names another server, HF_HUB_OFFLINE=1 takes what was
    downloaded before, and so does a hub that can't be reached. Raises InputError with what to do where there is nothing
    to be had.
    """
    request = Request.parse(text)
    folder = cache_folder() / "hub"
    os.environ.setdefault("HF_XET_CACHE", str(folder / "xet"))
    hub = hub_client(text)
    where: dict[str, Any] = {"repo_type": "dataset", "revision": request.revision}
    store: dict[str, Any] = {"cache_dir": folder, "endpoint": endpoint()}
    try:
        facts = None if is_offline() else facts_of(request, where)
        if facts is None:
            return _downloaded_before(request, where | store)
        files = [file.rfilename for file in facts.siblings or []]
        chosen = request.choose(parts_of(files, _card(facts))) if request.words else files
        form = next((form for form in FORMS if _of_form(chosen, form)), None)
        if form is None:
            raise InputError(
                f"{text} holds no pictures in a form that we read: {_page(request.name)} shows what it holds"
            )
        if request.words or request.limit:
            view = _view(request, facts.sha)
            if not view.exists():
                _fetch_part(request, where | store, files, chosen, form, view, count)
            return view, facts.sha
        snapshot = hub.snapshot_download(request.name, **where, **store, allow_patterns=form, tqdm_class=progress_bar())
    except Exception as error:  # a full disk, or of the network by whatever library the hub's own is built on
        if isinstance(error, (InputError, *OWN_MISTAKES)):
            raise
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(
            f"{text} can't be downloaded to {folder} ({reason}): try again, it goes on from there"
        ) from None
    return Path(snapshot), Path(snapshot).name


def _view(request: Request, commit: str) -> Path:
    """The folder in which the files of a part lie by themselves."""
    asked = sha256(request.text.encode()).hexdigest()[:8]
    return cache_folder() / "hub" / "parts" / f"{request.name.replace('/', '--')}-{asked}-{commit}"


def _fetch_part(
    request: Request, store: dict[str, Any], files: list[str], chosen: list[str], form: list[str], view: Path,
    count: Callable[[Path], int],
) -> None:  # fmt: skip
    """Download chosen files, of a form, as many as hold the pictures that are asked for, into a view of the cache."""
    hub = hub_client(request.text)
    wanted = sorted(file for file in chosen if _of_form([file], form))
    held = 0
    fetched: dict[str, str] = {}

    def fetch(name: str, bar: bool = True) -> str:
        return str(hub.hf_hub_download(request.name, name, **store, tqdm_class=progress_bar() if bar else _no_bar()))

    if form is PICTURES:
        pictures = _spread(list(filter(is_picture, wanted)), request.limit)
        folders = {folder for file in pictures for folder in PurePosixPath(file).parents}
        tables = [file for file in files if _of_form([file], form) and not is_picture(file)]
        wanted = [*pictures, *(file for file in tables if PurePosixPath(file).parent in folders)]
        with ThreadPoolExecutor(MAX_CONNECTIONS) as pool:
            fetched = dict(zip(wanted, pool.map(lambda name: fetch(name, bar=False), wanted), strict=True))
    else:
        for name in wanted:
            fetched[name] = fetch(name)
            if request.limit and form in COUNTED:
                held += count(Path(fetched[name]))
                if held >= request.limit:
                    break
    _linked(fetched, view)


def _spread(pictures: list[str], limit: int | None) -> list[str]:
    """So many pictures from all over a list, so that all classes are there."""
    if limit is None or len(pictures) <= limit:
        return pictures
    return [pictures[place * len(pictures) // limit] for place in range(limit)]


def _linked(files: dict[str, str], view: Path) -> None:
    """Make a folder of links to files under the names that they have in their set; of copies where there are no links."""
    draft = view.with_name(f".{view.name}.{os.getpid()}.part")
    shutil.rmtree(draft, ignore_errors=True)
    for name, path in files.items():
        place = draft / name
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            place.symlink_to(os.path.realpath(path))
        except OSError:
            shutil.copyfile(path, place)
    with suppress(OSError):  # another process was as fast
        draft.rename(view)
    shutil.rmtree(draft, ignore_errors=True)


def _card(facts: Any) -> dict[str, Any] | None:
    """What the set's own page declares, where it does."""
    return facts.card_data.to_dict() if facts.card_data is not None else None


def facts_of(request: Request, where: dict[str, Any]) -> Any:
    """What the hub says of a set, or of a model by where["repo_type"]; None where it can't be reached.

    Raises InputError where there is no such thing.
    """
    text, name = request.text, request.name
    page = _page(name, where["repo_type"])
    hub = hub_client(text)
    log_in = "log in by `hf auth login`, or set HF_TOKEN"
    try:
        # Asked for first because, unlike a list of the files, it isn't tried again for half a minute without a network.
        return hub.HfApi(endpoint=endpoint()).repo_info(name, **where)
    except hub.errors.GatedRepoError:
        raise InputError(f"{text} is given only to those who ask: accept its terms at {page} and {log_in}") from None
    except hub.errors.RevisionNotFoundError:
        raise InputError(f"{text}: there is no revision {where['revision']!r}: {page} lists them") from None
    except hub.errors.RepositoryNotFoundError:
        raise InputError(f"{text} isn't on the hub, or is private: check the name, or {log_in}") from None
    except hub.errors.HfHubHTTPError as error:
        status = error.response.status_code if error.response is not None else 0
        if status in (401, 403):
            raise InputError(f"{text} isn't given to you: accept its terms at {page} and {log_in}") from None
        if status < 500:
            raise InputError(f"{text}: the hub refuses it with status {status}: check the name") from None
        return None
    except ValueError:
        raise InputError(f"{text} isn't a name that the hub allows: write it as on the hub") from None
    except Exception as error:  # of the network, as above
        if isinstance(error, OWN_MISTAKES):
            raise
        return None


def _downloaded_before(request: Request, where: dict[str, Any]) -> tuple[Path, str]:
    hub = hub_client(request.text)
    if request.words or request.limit:
        views = _view(request, "*")
        found = sorted(views.parent.glob(views.name), key=lambda view: view.stat().st_mtime)
        if found:
            return found[-1], found[-1].name.rpartition("-")[2]
    for form in FORMS if not (request.words or request.limit) else ():
        try:
            folder = Path(hub.snapshot_download(request.name, **where, local_files_only=True, allow_patterns=form))
        except hub.errors.LocalEntryNotFoundError:
            break
        if _of_form([str(file.relative_to(folder)) for file in folder.rglob("*")], form):
            return folder, folder.name
    reason = "HF_HUB_OFFLINE is set" if is_offline() else f"{endpoint() or 'the hub'} can't be reached"
    raise InputError(
        f"{request.text} isn't wholly in the cache yet, and {reason}: connect to the network and try again"
    )


def hub_client(text: str) -> Any:
    """The hub's own library. Raises InputError where it isn't installed, naming what needs it."""
    require("hub", text)
    import huggingface_hub
    import huggingface_hub.errors

    return huggingface_hub


def progress_bar() -> Any:
    """The library's bar for a terminal, and nothing elsewhere."""
    from huggingface_hub.utils import tqdm

    class Bar(tqdm):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **(options | {"disable": options.get("disable") or None}))

    return Bar


def _no_bar() -> Any:
    """No bar: there are thousands of pictures."""

    class Silent(progress_bar()):  # type: ignore[misc]
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **(options | {"disable": True}))

    return Silent


def _of_form(files: Collection[str], form: list[str]) -> bool:
    return any(fnmatch(file, pattern) for pattern in form for file in files)


def endpoint() -> str | None:
    """The server, where it isn't the hub's own."""
    # Read here, not by the library, which does so once and for all when it is imported.
    return os.environ.get("HF_ENDPOINT", "").rstrip("/") or None


def _page(name: str, kind: str = "dataset") -> str:
    return f"{endpoint() or 'https://huggingface.co'}/{'datasets/' if kind == 'dataset' else ''}{name}"


def is_offline() -> bool:
    """Whether only what was downloaded before is to be taken."""
    return os.environ.get("HF_HUB_OFFLINE", "").upper() not in OFF_WORDS
