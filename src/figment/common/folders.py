"""Walking through folders so that it comes to an end: nowhere twice, not through what the system makes up."""

import os
from collections.abc import Iterator
from contextlib import suppress
from functools import cache

# Folders of no files, but of what the system tells; what is mounted below may be real.
MADE_UP = "/proc", "/sys", "/dev"


class EndlessWalk(Exception):
    """More entries were met than anybody can mean."""


class Walk:
    """Looks into folders for one purpose, and counts what it meets: at most so many entries in all."""

    def __init__(self, most: int) -> None:
        self.left = most

    def entries(self, folder: str) -> list["os.DirEntry[str]"]:
        """What lies in a folder; nothing where it can't be read, is none, or is made up. Raises EndlessWalk."""
        found: list[os.DirEntry[str]] = []
        with suppress(OSError):
            if os.stat(folder or ".").st_dev in made_up_devices():
                return []
            with os.scandir(folder or ".") as entries:
                for entry in entries:
                    self.left -= 1
                    if self.left < 0:
                        raise EndlessWalk
                    found.append(entry)
        return found

    def folders(self, root: str) -> Iterator[str]:
        """A folder and all below it but hidden ones, through links too; none is entered twice, so loops end."""
        entered: set[tuple[int, int]] = set()
        waiting = [root]
        while waiting:
            folder = waiting.pop()
            with suppress(OSError):
                status = os.stat(folder or ".")
                if (status.st_dev, status.st_ino) in entered:
                    continue
                entered.add((status.st_dev, status.st_ino))
                yield folder
                inside = [
                    entry for entry in self.entries(folder) if not entry.name.startswith(".") and _is_folder(entry)
                ]
                # Links last, so that what lies here itself is found under its own name.
                inside.sort(key=lambda entry: (not entry.is_symlink(), entry.name), reverse=True)
                waiting[:0] = [os.path.join(folder, entry.name) for entry in inside if entry.is_symlink()]
                waiting += [os.path.join(folder, entry.name) for entry in inside if not entry.is_symlink()]


@cache
def made_up_devices() -> frozenset[int]:
    """The file systems, by their st_dev, on which nothing is a file."""
    devices = set()
    for folder in MADE_UP:
        with suppress(OSError):
            devices.add(os.stat(folder).st_dev)
    with suppress(OSError):
        devices.discard(os.stat("/").st_dev)  # where they are folders like any other
    return frozenset(devices)


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False
