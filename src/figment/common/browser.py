"""Opening a page in the browser of whoever sits at the machine."""

import os
import sys
import webbrowser
from pathlib import Path

WINDOWS_ELSEWHERE = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")  # without any of these a Unix has no windows to open


def open_in_browser(page: Path) -> str | None:
    """Open a page; where there is no browser, as on a machine far away, what to do instead."""
    if _opened(page.resolve().as_uri()):
        return None
    return (
        f"--open: no browser can be opened from here: open {page} by hand, or serve its folder (python -m http.server)."
    )


def open_address(address: str) -> str | None:
    """Open the address of a server on this machine; where there is no browser, what to do instead."""
    if _opened(address):
        return None
    return (
        "No browser can be opened from here: open the address by hand; from another machine by way of "
        "ssh -L PORT:127.0.0.1:PORT, with its port."
    )


def _opened(address: str) -> bool:
    """Open it if that can be done. Browsers that run in the terminal itself are left alone: they would take it from what is
    printed there."""
    has_windows = sys.platform in ("win32", "darwin") or any(map(os.environ.get, WINDOWS_ELSEWHERE))
    try:
        return has_windows and webbrowser.open(address)
    except (webbrowser.Error, OSError):
        return False
