"""Data sets of the Hugging Face hub: hf:OWNER/NAME, or hf:OWNER/NAME@REVISION, downloaded into the cache folder."""

import os
import re
from collections.abc import Collection
from fnmatch import fnmatch
from functools import cached_property
from pathlib import Path
from typing import Any

from figment.common.cache import cache_folder
from figment.data.sources.base import PICTURE_SUFFIXES, Chunks, Listing, Source, hash_texts
from figment.data.sources.labels import TABLE_NAMES
from figment.errors import InputError

PREFIX = "hf:"
SET_NAME = re.compile(r"([\w-][\w.-]*/[\w-][\w.-]*)(?:@([\w-][\w./-]*))?")
# What would be our own mistake, not the network's.
OWN_MISTAKES = (AssertionError, AttributeError, TypeError, NameError)
OFF_WORDS = ("", "0", "OFF", "NO", "FALSE")  # of HF_HUB_OFFLINE
# Of the forms that a set may come in, often several side by side, the first that is there is downloaded.
FORMS = (
    ["*.parquet"],
    ["*.arrow"],
    ["*.tar", "*.tar.*", "*.tgz", "*.zip"],
    ["*.npz", "*.npy", "*-ubyte", "*-ubyte.gz", "*.bin", "*.meta.txt", "fine_label_names.txt"],
    [*(f"*.{suffix}" for low in sorted(PICTURE_SUFFIXES) for suffix in (low, low.upper())), *TABLE_NAMES],
)


class HubSet(Source):
    """A downloaded set: what its folder holds, under the name that it has on the hub."""

    def __init__(self, held: Source, name: str, commit: str) -> None:
        self.held = held
        self.where = name
        self.display = name.removeprefix(PREFIX)
        self.commit = commit

    @cached_property
    def listing(self) -> Listing:
        return self.held.listing

    def fingerprint(self) -> str:
        return hash_texts(["hub", self.where, self.commit, self.held.fingerprint()])

    def chunks(self, only: Collection[int] | None = None) -> Chunks:
        return self.held.chunks(only)


def download_set(text: str) -> tuple[Path, str]:
    """Folder and commit of hf:OWNER/NAME[@REVISION], downloaded where it isn't yet; a bar shows it on a terminal.

    HF_ENDPOINT names another server, HF_HUB_OFFLINE=1 takes what was downloaded before, and so does a hub that can't
    be reached. Raises InputError with what to do where there is nothing to be had.
    """
    parts = SET_NAME.fullmatch(text.removeprefix(PREFIX).replace("\\", "/"))
    if parts is None:
        raise InputError(f"{text} isn't hf:OWNER/NAME: write it as on the hub, such as hf:uoft-cs/cifar10")
    name, revision = parts[1], parts[2] or "main"
    folder = cache_folder() / "hub"
    os.environ.setdefault("HF_XET_CACHE", str(folder / "xet"))
    hub = _library(text)
    where: dict[str, Any] = {"repo_type": "dataset", "revision": revision}
    store: dict[str, Any] = {"cache_dir": folder, "endpoint": _endpoint()}
    try:
        if _is_offline():
            return _downloaded_before(text, name, where | store)
        files = _files(text, name, where)
        if files is None:
            return _downloaded_before(text, name, where | store)
        form = next((form for form in FORMS if _of_form(files, form)), None)
        if form is None:
            raise InputError(f"{text} holds no pictures in a form that we read: {_page(name)} shows what it holds")
        snapshot = hub.snapshot_download(name, **where, **store, allow_patterns=form, tqdm_class=_bar())
    except Exception as error:  # a full disk, or of the network by whatever library the hub's own is built on
        if isinstance(error, (InputError, *OWN_MISTAKES)):
            raise
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(
            f"{text} can't be downloaded to {folder} ({reason}): try again, it goes on from there"
        ) from None
    return Path(snapshot), Path(snapshot).name


def _files(text: str, name: str, where: dict[str, Any]) -> list[str] | None:
    """Names of a set's files; None where the hub can't be reached. Raises InputError where there is no such set."""
    hub = _library(text)
    log_in = "log in by `hf auth login`, or set HF_TOKEN"
    try:
        # Asked for first because, unlike a list of the files, it isn't tried again for half a minute without a network.
        facts = hub.HfApi(endpoint=_endpoint()).repo_info(name, **where)
        return [file.rfilename for file in facts.siblings or []]
    except hub.errors.GatedRepoError:
        raise InputError(
            f"{text} is given only to those who ask: accept its terms at {_page(name)} and {log_in}"
        ) from None
    except hub.errors.RevisionNotFoundError:
        raise InputError(f"{text}: there is no revision {where['revision']!r}: {_page(name)} lists them") from None
    except hub.errors.RepositoryNotFoundError:
        raise InputError(f"{text} isn't on the hub, or is private: check the name, or {log_in}") from None
    except hub.errors.HfHubHTTPError as error:
        status = error.response.status_code if error.response is not None else 0
        if status in (401, 403):
            raise InputError(f"{text} isn't given to you: accept its terms at {_page(name)} and {log_in}") from None
        if status < 500:
            raise InputError(f"{text}: the hub refuses it with status {status}: check the name") from None
        return None
    except ValueError:
        raise InputError(f"{text} isn't a name that the hub allows: write it as on the hub") from None
    except Exception as error:  # of the network, as above
        if isinstance(error, OWN_MISTAKES):
            raise
        return None


def _downloaded_before(text: str, name: str, where: dict[str, Any]) -> tuple[Path, str]:
    hub = _library(text)
    for form in FORMS:
        try:
            folder = Path(hub.snapshot_download(name, **where, local_files_only=True, allow_patterns=form))
        except hub.errors.LocalEntryNotFoundError:
            break
        if _of_form([str(file.relative_to(folder)) for file in folder.rglob("*")], form):
            return folder, folder.name
    reason = "HF_HUB_OFFLINE is set" if _is_offline() else f"{_endpoint() or 'the hub'} can't be reached"
    raise InputError(f"{text} isn't wholly in the cache yet, and {reason}: connect to the network and try again")


def _library(text: str) -> Any:
    try:
        import huggingface_hub
    except ImportError:
        raise InputError(f"{text} needs huggingface_hub: pip install 'figment-gan[hub]'") from None
    import huggingface_hub.errors

    return huggingface_hub


def _bar() -> Any:
    """The library's bar for a terminal, and nothing elsewhere."""
    from huggingface_hub.utils import tqdm

    class Bar(tqdm):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **(options | {"disable": options.get("disable") or None}))

    return Bar


def _of_form(files: Collection[str], form: list[str]) -> bool:
    return any(fnmatch(file, pattern) for pattern in form for file in files)


def _endpoint() -> str | None:
    # Read here, not by the library, which does so once and for all when it is imported.
    return os.environ.get("HF_ENDPOINT", "").rstrip("/") or None


def _page(name: str) -> str:
    return f"{_endpoint() or 'https://huggingface.co'}/datasets/{name}"


def _is_offline() -> bool:
    return os.environ.get("HF_HUB_OFFLINE", "").upper() not in OFF_WORDS
