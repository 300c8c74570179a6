"""Trained nets on the Hugging Face hub, hf:OWNER/NAME[@REVISION]: only safetensors are fetched, which run nothing."""

import os
from pathlib import Path
from typing import Any

from figment.common.cache import cache_folder
from figment.data.sources import hub
from figment.data.sources.hub_parts import Request
from figment.errors import InputError

FILES = ["generator.safetensors", "discriminator.safetensors"]


def download_nets(text: str) -> Path:
    """The folder with a model's generator.safetensors, and its discriminator's if it has one, in the cache.

    HF_ENDPOINT names another server, HF_HUB_OFFLINE=1 takes what was downloaded before, and so does a hub that can't be
    reached. Raises InputError where there is nothing to be had.
    """
    request = Request.parse(text)
    if request.words or request.limit:
        raise InputError(f"{text}: nets are named hf:OWNER/NAME[@REVISION], without anything behind.")
    folder = cache_folder() / "hub"
    os.environ.setdefault("HF_XET_CACHE", str(folder / "xet"))
    client = hub.hub_client(text)
    where: dict[str, Any] = {"repo_type": "model", "revision": request.revision}
    store: dict[str, Any] = {"cache_dir": folder, "endpoint": hub.endpoint(), "allow_patterns": FILES}
    try:
        offline = hub.is_offline() or hub.facts_of(request, where) is None
        found = client.snapshot_download(
            request.name, **where, **store, local_files_only=offline, tqdm_class=hub.progress_bar()
        )
    except Exception as error:  # a full disk, or of the network by whatever library the hub's own is built on
        if isinstance(error, (InputError, *hub.OWN_MISTAKES)):
            raise
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"{text} can't be downloaded to {folder} ({reason}): try again.") from None
    if not (Path(found) / FILES[0]).is_file():
        raise InputError(f"{text} has no {FILES[0]} on the hub: name nets that figment made.")
    return Path(found)
