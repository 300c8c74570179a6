"""Sheets of samples as pages draw them: quick to send and to decode while a slider moves over hundreds of them."""

import re
from io import BytesIO

from PIL import Image, UnidentifiedImageError
from starlette.responses import Response

from figment.media.provenance import xmp
from figment.studio.history import all_sheets
from figment.studio.operation import Asked, Operation
from figment.studio.studio import Missing, Studio, own_file

QUALITY = 88  # of JPEG: the eye sees no difference, and it decodes in a third of the time of a PNG
MAX_SIDE = 1100  # pixels; a larger sheet is halved until it has no more
MAX_PIXELS = 1 << 26  # of a sheet, decoded at once
NUMBER = re.compile(r"\d{1,18}", re.ASCII)
MAX_AGE = 3600  # seconds that a browser keeps one


class Version(Asked):
    """v: changes where another sheet takes the place of one, as of a run that was resumed from before it."""

    v: str = ""


def quick(studio: Studio, id: str, images: str, query: Version) -> Response:
    """A sheet of the run's as JPEG, with the same mark."""
    run = studio.run(id)
    file = all_sheets(run).get(int(images)) if NUMBER.fullmatch(images) else None
    if file is None or not own_file(run, file):
        raise Missing(f"There is no sheet after {images} images.")
    try:
        with Image.open(file) as image:
            if image.width * image.height > MAX_PIXELS:
                raise Missing(f"The sheet after {images} images is too large to be shown.")
            sheet = image.convert("RGB")
    except FileNotFoundError:
        raise Missing(f"The sheet after {images} images is gone.") from None
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError, ValueError, SyntaxError):
        raise Missing(f"The sheet after {images} images is damaged.") from None
    while max(sheet.size) > MAX_SIDE:
        sheet = sheet.reduce(2)
    content = BytesIO()
    sheet.save(content, "JPEG", quality=QUALITY, xmp=xmp("trainedAlgorithmicMedia"))
    headers = {"cache-control": f"private, max-age={MAX_AGE}"}
    return Response(content.getvalue(), media_type="image/jpeg", headers=headers)


OPERATIONS = (
    Operation(
        "GET",
        "/api/runs/{id}/sheets/{images}/quick",
        quick,
        "A sheet of samples as JPEG, marked",
        Version,
        gives="image/jpeg",
    ),
)
