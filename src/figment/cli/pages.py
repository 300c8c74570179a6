"""`figment export --page`: where a generator's web page goes, what it mustn't replace, and what is told of it."""

from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from figment.cli.console import complain, progress_bar, tell
from figment.common.extras import require
from figment.common.places import check_file, check_folder
from figment.errors import InputError

if TYPE_CHECKING:
    from figment.generator import Generator
    from figment.sharing.web_page import Way

LARGE = 256  # pixels a side from which on size and speed are told before anything is made
STAGES = 3
NEARLY = (".htm", ".xhtml", ".onnx", ".zip")  # endings of a name that was hardly meant for a folder
NAMED = ("labelled", "groups")  # how directions were found that have a name
MOST_WAYS = 24  # sliders


def is_file(place: Path) -> bool:
    """Whether a page is to be one file."""
    return place.suffix.lower() == ".html"


def check_page(place: Path) -> None:
    """Raise InputError, before any work, where a page can't be written, or would take the place of what figment didn't write."""
    require("onnx", "--page")
    from figment.media.provenance import is_own

    if is_file(place):
        check_file(place, "--page")
        if place.is_file() and place.stat().st_size and not is_own(place):
            raise InputError(f"--page {place} exists and isn't a page that figment made: name another file.")
        return
    if place.is_file():
        raise InputError(f"--page {place} is a file: let it end in .html, or name a folder.")
    if place.suffix.lower() in NEARLY:
        raise InputError(f"--page {place}: let it end in .html, or name a folder.")
    check_folder(place, "--page")
    page = place / "index.html"
    if place.is_dir() and any(place.iterdir()) and not (page.is_file() and is_own(page)):
        raise InputError(f"--page {place} exists, isn't empty and holds no page of figment's: name another folder.")


def write_page(run: Path, generator: "Generator", place: Path) -> list[str]:
    """Write a run's page as one file or as a folder, whole or not at all; gives what is to be told, a line each."""
    from figment.common.files import write_output, write_outputs
    from figment.sharing.browser_runtime import browser_runtime
    from figment.sharing.onnx_file import compared, onnx_bytes
    from figment.sharing.web_page import folder_files, one_file

    if max(generator.recipe.shape) >= LARGE:
        tell(_weight(generator))
    with progress_bar(0, "fetching onnxruntime-web, MB") as advance:
        runtime = browser_runtime(lambda done, total: advance(done // 10**6, total // 10**6))
    name = run.stem if run.is_file() else run.resolve().name
    with progress_bar(0, "making the page") as advance:
        onnx = onnx_bytes(generator)
        advance(1, STAGES)
        compared(generator, onnx, place)
        advance(2, STAGES)
        ways, stale = _ways(run, generator)
        given = generator, name, onnx, runtime, ways
        if is_file(place):
            size = len(content := one_file(*given))
            write_output(place, content)
        else:
            files = folder_files(*given)
            size = sum(map(len, files.values()))
            write_outputs(place, files)
        advance(STAGES, STAGES)
    if stale:
        complain("the run's directions were found before its generator learnt more: the page has none of them")
    opened = "open it in a browser" if is_file(place) else "put the folder on any web server"
    told = [str(place), f"A page of {size / 1e6:,.1f} MB, which draws on its visitor's own machine: {opened}."]
    if not ways:
        told.append("It has no sliders: figment explore directions finds what they could move.")
    if generator.recipe.frames:
        told.append("Of a run of clips it draws single frames.")
    return told


def _ways(run: Path, generator: "Generator") -> tuple[list["Way"], bool]:
    """The directions that were found in a run's generator, those with a name first, as many as a page has sliders for; and
    whether there are some, but of another generator, or of this one before it learnt more."""
    from figment.explore.direction_file import directions_file, is_stale, load_directions
    from figment.sharing.web_page import Way

    file = directions_file(run)
    if not file.is_file():
        return [], False
    if is_stale(file, generator):
        return [], True
    ways = [Way(one.name, one.vector.numpy(), one.how in NAMED) for one in load_directions(file, generator)]
    return sorted(ways, key=lambda way: not way.is_named)[:MOST_WAYS], False


def _weight(generator: "Generator") -> str:
    """How large a generator is, and how long it takes here for a picture."""
    height, width = generator.recipe.shape
    size = 4 * sum(numbers.numel() for numbers in generator.net.state_dict().values())
    code = generator.codes(1)
    labels = generator.labels(1)
    generator.decode(code, labels)
    start = perf_counter()
    generator.decode(code, labels)
    return (
        f"{width}×{height} pixels: {size / 1e6:,.0f} MB of numbers, which every visitor loads; a picture takes "
        f"{perf_counter() - start:.2g} s here, and more in a browser, which draws on one core."
    )
