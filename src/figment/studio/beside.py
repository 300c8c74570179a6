"""A studio beside a training: a process of its own, so that nothing of it runs in the training's, and that ends with it."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from figment.common.browser import open_address
from figment.common.extras import require
from figment.common.refusals import naming_refusals
from figment.errors import InputError

ADDRESS = re.compile(r"http://\S+")
END_SECONDS = 5  # that the studio has for its end
RUNS = Path("runs")  # where runs lie by default


@contextmanager
def beside(folder: Path | None, tell: Callable[[str], None]) -> Iterator[None]:
    """Within, a studio serves a run folder that is to be made, or runs/.

    tell: is given its address. However this process ends, so does the studio's: it reads from a pipe whose other end is here.
    Raises InputError where the extra isn't installed, or it can't begin.
    """
    require("studio", "--studio")
    where = folder or RUNS
    is_made = not where.exists()
    with naming_refusals(where, done="made", elsewhere="name another folder with --out"):
        where.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "figment", "studio", str(where), "--no-open", "--until-input-ends"]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        address = next((found[0] for line in process.stdout if (found := ADDRESS.search(line))), None)
        if address is None:
            raise InputError("--studio: the studio can't begin, as it says above: mend that, or leave --studio out.")
        tell(f"studio     {address}")
        if problem := open_address(address):
            tell(problem)
        yield
    finally:
        with suppress(OSError):
            process.stdin.close()
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
        if is_made:
            with suppress(OSError):  # it goes again where no run came to it
                where.rmdir()
