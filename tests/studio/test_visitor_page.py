"""The page of a generator as its visitor meets it: offline, from a disk, in Chromium; what it draws beside what figment draws."""

import io
import json
import os
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from figment.media.images import grid
from figment.media.provenance import is_own, source_of
from figment.media.watermark import marked
from figment.media.watermark_search import find, find_own
from figment.sharing.browser_runtime import SCRIPT, VERSION, WASM, browser_runtime
from figment.sharing.onnx_generator import load_onnx
from figment.sharing.web_page import Way, folder_files, one_file
from figment.studio import app
from figtest.command import command
from figtest.onnx_nets import matrix_generator, matrix_onnx

WEB = Path(app.__file__).with_name("web")
AXE = WEB / "node_modules/axe-core/axe.min.js"
CLASSES = ("ant", "bee", "cat <b>")
KEY = "0123456789abcdef" * 2
THERE = "document.documentElement.dataset.wall ?? ''"
PIXELS = """(canvas) => [...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data]"""


@pytest.fixture(scope="module")
def runtime():
    """onnxruntime-web as npm has put it beside the studio's sources, in the cache of the tests."""
    source = WEB / "node_modules/onnxruntime-web/dist"
    if not (source / WASM).is_file():
        pytest.skip("needs onnxruntime-web: npm ci in src/figment/studio/web")
    folder = Path(os.environ["FIGMENT_CACHE"], "browser", VERSION)
    folder.mkdir(parents=True, exist_ok=True)
    for name in (SCRIPT, WASM):
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(source / name)
    return browser_runtime()


def generator_of(**choices):
    return matrix_generator(KEY, **dict(size=64, prior="uniform") | choices)


WAYS = [
    Way("smile", np.eye(20, dtype=np.float32)[3], True),
    Way("hair </script>", np.eye(20, dtype=np.float32)[4], False),
]


@pytest.fixture(scope="module")
def made(runtime, tmp_path_factory):
    """A page with classes and directions, as one file, and the ONNX file that it draws by."""
    folder = tmp_path_factory.mktemp("visitor")
    generator = generator_of(classes=CLASSES)
    onnx = matrix_onnx(generator, folder / "x.onnx")
    page = folder / "faces.html"
    page.write_bytes(one_file(generator, "faces <i>", onnx.read_bytes(), runtime, WAYS))
    return page, onnx, generator


def until(page, script, wanted):
    for _ in range(600):
        if (found := page.evaluate(script)) == wanted:
            return
        page.wait_for_timeout(25)
    raise AssertionError(f"{script}: {found!r}, never {wanted!r}")


def drawn(page, selector, number=0):
    """The pixels of a canvas, (H, W, 4)."""
    canvas = page.locator(selector).nth(number)
    width, height = canvas.evaluate("(it) => [it.width, it.height]")
    return np.array(canvas.evaluate(PIXELS), np.int16).reshape(height, width, 4)


def apart(one, other):
    return int(np.abs(np.asarray(one, np.int16) - np.asarray(other, np.int16)).max())


def stored(page, button):
    """What a download button gives: bytes."""
    with page.expect_download() as coming:
        page.get_by_role("button", name=button).click()
    return Path(coming.value.path()).read_bytes()


def test_a_visitor_draws_slides_walks_and_takes_pictures_home(made, open_page, tmp_path, capsys):
    path, onnx, generator = made
    page = open_page(path.as_uri())
    page.context.set_offline(True)
    until(page, THERE, "0 1 -1")
    ours = load_onnx(onnx)
    wall = ours.sample(16)
    for number in (0, 7, 15):
        assert apart(drawn(page, ".wall canvas", number)[..., :3], wall[number].transpose(1, 2, 0)) <= 1
    label = CLASSES[int(ours.labels(16)[2])]
    page.get_by_role("button", name=f"Picture 3, {label}, synthetic").click()

    before = drawn(page, "canvas.large")
    page.get_by_role("slider", name="smile").fill("2")
    until(page, "document.querySelector('canvas.large').dataset.drawn", '{"smile":2}')
    assert apart(drawn(page, "canvas.large"), before) > 8
    page.get_by_role("button", name="All to 0").click()
    until(page, "document.querySelector('canvas.large').dataset.drawn", "{}")
    until(
        page,
        "Number(document.querySelector('[aria-labelledby=pad-title] canvas.large').dataset.drawn !== undefined)",
        1,
    )

    home = tmp_path / "one.png"
    home.write_bytes(stored(page, "Download this picture"))
    assert source_of(home) == "trainedAlgorithmicMedia"
    assert is_own(home)
    picture = np.asarray(Image.open(home))
    assert apart(picture, marked(wall[2].transpose(1, 2, 0), generator.mark)) <= 2
    assert find_own(picture, generator.mark) < 1e-6
    assert command("check", home) == 0
    told = capsys.readouterr().out
    assert "trainedAlgorithmicMedia" in told or "synthetic" in told
    sheet = np.asarray(Image.open(io.BytesIO(stored(page, "Download all as one picture"))))
    assert sheet.shape == grid(wall).shape
    assert apart(sheet, marked(grid(wall), generator.mark)) <= 2
    assert find(sheet).number == generator.mark.number

    area = page.get_by_role("button", name="Place between the four pictures: arrow keys move it")
    area.press("ArrowRight")
    until(page, "document.querySelector('[aria-labelledby=pad-title] canvas.large').dataset.drawn", "0.54 0.50")
    page.get_by_role("button", name="Walk", exact=True).click()
    until(page, "Number(document.querySelector('[aria-labelledby=walk-title] canvas').dataset.drawn) > 0", True)
    page.get_by_role("button", name="Stop", exact=True).click()

    page.get_by_role("spinbutton", name="Seed").fill("77")
    page.get_by_role("spinbutton", name="Seed").press("Enter")
    until(page, THERE, "77 1 -1")
    page.get_by_role("combobox", name="Class").select_option("2")
    until(page, THERE, "77 1 2")
    page.get_by_role("slider", name="Truncation").fill("0.5")
    until(page, THERE, "77 0.5 2")
    wanted = ours.sample(16, 77, 0.5, label=CLASSES[2])
    assert apart(drawn(page, ".wall canvas", 9)[..., :3], wanted[9].transpose(1, 2, 0)) <= 1


@pytest.mark.parametrize(("dark", "width"), [(False, 1200), (True, 360)])
def test_nothing_stands_in_anybodys_way(made, open_page, dark, width):
    page = open_page(made[0].as_uri(), dark=dark, width=width)
    until(page, THERE, "0 1 -1")
    assert page.title() == "faces <i>: new pictures, synthetic · figment"
    assert "Every picture here is synthetic" in page.locator("main").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("axe.run().then((it) => it.violations.map((one) => one.id + ' ' + one.nodes[0].html))")
    assert found == []


class Isolating(SimpleHTTPRequestHandler):
    """A host whose headers let pages use threads."""

    def end_headers(self):
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        super().end_headers()

    def log_message(self, *told):
        pass


def test_a_folder_on_a_host_draws_the_same_by_threads(runtime, open_page, tmp_path):
    generator = generator_of(size="24x32", channels=1, prior="normal")
    onnx = matrix_onnx(generator, tmp_path / "x.onnx")
    files = folder_files(generator, "grey", onnx.read_bytes(), runtime, [])
    assert list(files)[-1] == "index.html"
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Isolating, directory=tmp_path))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        page = open_page(f"http://127.0.0.1:{server.server_port}/index.html")
        until(page, THERE, "0 1 -1")
        assert page.evaluate("crossOriginIsolated")
        wall = load_onnx(onnx).sample(16)
        assert apart(drawn(page, ".wall canvas", 5)[..., 0], wall[5][0]) <= 1
        assert "Nobody has looked for directions" in page.locator("main").inner_text()
        content = stored(page, "Download this picture")
        assert apart(np.asarray(Image.open(io.BytesIO(content))), wall[0][0]) <= 1
        page.context.close()
    finally:
        server.shutdown()
        server.server_close()


def test_what_the_page_says_of_its_generator_is_true(made):
    path, _, generator = made
    text = path.read_text("utf-8")
    known = json.loads(text.partition('id="facts">')[2].partition("</script>")[0])
    assert known["phases"] == generator.mark.phases.ravel().tolist()
    assert [one["name"] for one in known["directions"]] == ["smile", "hair </script>"]
    assert is_own(path)
