"""A limit of open files, as a process by itself has it."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no such limit")

PROGRAM = """
import resource
from figment.common.open_files import allow_open_files
resource.setrlimit(resource.RLIMIT_NOFILE, (100, 1500))
allow_open_files({count})
print(*resource.getrlimit(resource.RLIMIT_NOFILE))
"""


@pytest.mark.parametrize(("count", "limit"), [(0, 512), (700, 1212), (10**6, 1500)])
def test_as_many_as_are_asked_for_or_as_the_system_lets(count: int, limit: int) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(count=count)], capture_output=True, text=True, check=True
    )
    assert ran.stdout.split() == [str(limit), "1500"]
