"""A studio as it is started from a shell, and as a person's browser sees it."""

import asyncio
import re
import subprocess
import sys
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from starlette.testclient import TestClient

from figment.studio.app import build
from figment.studio.studio import Studio

T = TypeVar("T")
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


def asking(*folders: Path, token: str | None = TOKEN, studio: Studio | None = None) -> TestClient:
    """What asks a studio of some folders, or one that is there, without a server between them."""
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    app = build(studio or Studio(folders), TOKEN, PORT)
    return TestClient(app, base_url=f"http://127.0.0.1:{PORT}", headers=headers, follow_redirects=False)


def awaited(work: Coroutine[Any, Any, T]) -> T:
    """What a coroutine gives, in a loop and a thread of its own: Playwright's loop runs on in the tests' own thread."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()
