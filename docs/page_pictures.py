"""Pictures of a page of `figment export --page` for docs/export.md: made anew by one command.

    python docs/page_pictures.py PAGE.html [--out FOLDER]

PAGE.html: of a run with directions. It opens the page in headless Chromium without a network, dark, and light as wide as a phone,
waits for the pictures, moves a slider, and writes export-page-dark.webp and export-page-phone.webp, the upper parts of the page.
They show a generator's samples beside a page, and are marked so.
"""

import argparse
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

from figment.media.provenance import DigitalSourceType, xmp

IMAGES = Path(__file__).with_name("images")
MARK: DigitalSourceType = "compositeWithTrainedAlgorithmicMedia"
CHROMIUM, FLAGS = "/usr/bin/chromium", ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
QUALITY = 88  # of WebP
LOOKS = {"dark": (True, 1000), "phone": (False, 400)}  # dark, width
HEIGHT, MAX_HEIGHT = 900, 1640


def picture(browser: Any, page_file: Path, dark: bool, width: int) -> bytes:
    """The whole page, as a PNG file."""
    context = browser.new_context(
        color_scheme="dark" if dark else "light", viewport={"width": width, "height": HEIGHT}, offline=True
    )
    page = context.new_page()
    page.goto(page_file.resolve().as_uri())
    page.locator("html[data-wall]").wait_for(state="attached", timeout=120_000)
    for slider in page.locator("[aria-labelledby=close-title] input[type=range]").all()[:1]:
        slider.fill("1.5")
    page.wait_for_timeout(1500)
    tall = min(page.evaluate("document.documentElement.scrollHeight"), MAX_HEIGHT)
    shot: bytes = page.screenshot(full_page=True, clip={"x": 0, "y": 0, "width": width, "height": tall})
    context.close()
    return shot


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("page", type=Path, metavar="PAGE.html")
    parser.add_argument("--out", type=Path, default=IMAGES)
    asked = parser.parse_args()
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for look, (dark, width) in LOOKS.items():
            shot = Image.open(BytesIO(picture(browser, asked.page, dark, width))).convert("RGB")
            shot.save(asked.out / f"export-page-{look}.webp", quality=QUALITY, method=6, xmp=xmp(MARK))
        browser.close()


if __name__ == "__main__":
    main()
