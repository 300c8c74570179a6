"""figment's version, and those of what else a result depends on."""

__version__ = "0.1.0"


def versions() -> dict[str, str]:
    """What a result depends on: figment, torch and Python, as kept beside it."""
    import platform

    import torch  # the command line asks for figment's version alone, without waiting for torch

    return {"figment": __version__, "torch": torch.__version__, "python": platform.python_version()}
