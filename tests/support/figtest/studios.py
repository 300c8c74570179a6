"""A studio as it is started from a shell, and as a person's browser sees it."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from starlette.testclient import TestClient

from figment.studio.app import build
from figment.studio.studio import Studio

TOKEN, PORT = "a-token-of-the-tests", 8640


class Started(NamedTuple):
    """address: with the token, as printed; home: without it."""

    process: subprocess.Popen[str]
    address: str

    @property
    def home(self) -> str:
        return self.address.split("/?")[0]


@contextmanager
def started(*arguments: str | Path, cwd: Path | None = None) -> Iterator[Started]:
    """`figment studio ARGUMENTS --no-open` in a process of its own, from when its address is printed."""
    command = [sys.executable, "-m", "figment", "studio", *map(str, arguments), "--no-open"]
    process = subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        address = next((found[0] for line in lines if (found := re.search(r"http://\S+", line))), None)
        assert address, process.communicate()[1]
        yield Started(process, address)
    finally:
        process.terminate()
        try:
            process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise


def asking(*folders: Path, token: str | None = TOKEN) -> TestClient:
    """What asks a studio of some folders without a server between them."""
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    app = build(Studio(folders), TOKEN, PORT)
    return TestClient(app, base_url=f"http://127.0.0.1:{PORT}", headers=headers, follow_redirects=False)
