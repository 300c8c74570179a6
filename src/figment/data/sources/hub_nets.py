"""Trained nets on the Hugging Face hub, hf:OWNER/NAME[@REVISION]: only files that run nothing are fetched."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from figment.common.cache import cache_folder
from figment.data.sources import hub
from figment.data.sources.hub_parts import Request
from figment.errors import InputError

GENERATOR = "generator.safetensors"
FILES = [GENERATOR, "discriminator.safetensors"]


class Download(NamedTuple):
    """folder: in the cache; commit: of the hub's; there: names of all that is in the model there, None where that isn't known."""

    folder: Path
    commit: str
    there: list[str] | None


def download_nets(text: str) -> Path:
    """The folder with a model's generator.safetensors, and its discriminator's if it has one, in the cache.

    HF_ENDPOINT names another server, HF_HUB_OFFLINE=1 takes what was downloaded before, and so does a hub that can't be
    reached. Raises InputError where there is nothing to be had.
    """
    return download_model(text, FILES).folder


def download_model(text: str, patterns: Sequence[str]) -> Download:
    """The files of a model that fit patterns, in the cache; raises InputError as download_nets does."""
    request = Request.parse(text)
    if request.words or request.limit:
        raise InputError(f"{text}: nets are named hf:OWNER/NAME[@REVISION], without anything behind.")
    folder = cache_folder() / "hub"
    os.environ.setdefault("HF_XET_CACHE", str(folder / "xet"))
    client = hub.hub_client(text)
    where: dict[str, Any] = {"repo_type": "model", "revision": request.revision}
    store: dict[str, Any] = {"cache_dir": folder, "endpoint": hub.endpoint(), "allow_patterns": list(patterns)}
    facts = None
    try:
        facts = None if hub.is_offline() else hub.facts_of(request, where)
        found = client.snapshot_download(
            request.name, **where, **store, local_files_only=facts is None, tqdm_class=hub.progress_bar()
        )
    except Exception as error:  # a full disk, or of the network by whatever library the hub's own is built on
        if isinstance(error, (InputError, *hub.OWN_MISTAKES)):
            raise
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"{text} can't be downloaded to {folder} ({reason}): try again.") from None
    if not (Path(found) / GENERATOR).is_file():
        raise InputError(f"{text} has no {GENERATOR} on the hub: name nets that figment made.")
    there = [file.rfilename for file in facts.siblings or []] if facts is not None else None
    return Download(Path(found), Path(found).name, there)
