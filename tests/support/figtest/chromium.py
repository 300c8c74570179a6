"""Pages in headless Chromium, the fixture `browser`: opened at a width, light or dark, and what they ask others for."""

import json
from pathlib import Path
from typing import Any


def opened(browser: Any, path: Path, dark: bool = False, width: int = 1200) -> Any:
    """The browser with a page open, as a phone would show it below a width of 500."""
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.get(path.as_uri())
    return browser


def requests(browser: Any) -> list[str]:
    """Addresses that pages asked for since the last call."""
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    return [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
