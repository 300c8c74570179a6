"""Asking an oracle: a script that runs in another environment's Python, files going in and out."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

NOT_THERE = 77  # how a script says that its package can't be imported
HERE = Path(__file__).parent


@pytest.fixture
def asked() -> Callable[..., None]:
    """Runs a script of this folder, with paths, in the Python that FIGMENT_ORACLE names; without one the test skips."""
    python = os.environ.get("FIGMENT_ORACLE")
    if not python:
        pytest.skip("needs FIGMENT_ORACLE, the Python of an environment with the oracles: tests/oracle/README.md")
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "PYTHONWARNINGS": "ignore"}

    def run(script: str, *paths: Path) -> None:
        command = [python, str(HERE / script), *map(str, paths)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
        if done.returncode == NOT_THERE:
            pytest.skip(done.stdout.strip())
        assert done.returncode == 0, done.stderr

    return run
