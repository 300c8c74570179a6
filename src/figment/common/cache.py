"""The cache folder: the one place outside run folders and --out that figment and its libraries write to."""

import os
from pathlib import Path

from platformdirs import user_cache_dir


def cache_folder() -> Path:
    """Where banks, downloads and weights live: FIGMENT_CACHE where it is set, else the platform's cache folder."""
    return Path(os.environ.get("FIGMENT_CACHE") or user_cache_dir("figment")).expanduser()


def point_libraries_at_cache() -> None:
    """Have the compiler and the charts keep their caches there too. To be called before either is first used."""
    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(cache_folder() / "compiled"))
    os.environ.setdefault("MPLCONFIGDIR", str(cache_folder() / "charts"))
