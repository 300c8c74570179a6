"""How many files a process may hold open: often 1,024, and a bank of a terabyte has as many shards."""

import sys

SPARE = 512  # for all else that a process opens


def allow_open_files(count: int) -> None:
    """Ask the system for so many open files and some to spare, as far as it lets a process choose."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count + SPARE if hard == resource.RLIM_INFINITY else min(count + SPARE, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (OSError, ValueError):  # macOS has a lower limit of its own: then opening tells
            return
