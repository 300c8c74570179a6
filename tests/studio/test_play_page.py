"""Play as a person plays: sliders, the pad, sums, films, styles, a picture of one's own, favourites."""

from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from figment.media.provenance import source_of
from figment.studio import app
from figment.studio.studio import found_in
from figtest.runs import played
from figtest.studios import started

AXE = Path(app.__file__).with_name("web") / "node_modules/axe-core/axe.min.js"
PANELS = ("Directions", "Between four", "A − B + C", "Film", "Styles", "Find a picture", "Favourites")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return played(tmp_path_factory.mktemp("played"), modulated=True)


@pytest.fixture(scope="module")
def studio(run):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FIGMENT_REHEARSAL", "1")  # searches of five steps
        with started(run.folder.parent) as it:
            yield it


@pytest.fixture
def play(studio, run, open_page):
    """play(query, …) → the page, once its picture is there."""

    def opened(query="", **options):
        place = found_in(run.folder)[0].id
        page = open_page(f"{studio.home}/play/{place}?{studio.address.split('?')[1]}&{query}", **options)
        until(page, THERE)
        return page

    return opened


THERE = "document.querySelector('[data-stage]')?.naturalWidth"
PIXELS = """async () => {
  const stage = document.querySelector('[data-stage]')
  while (await stage.decode().then(() => false, () => true)) await new Promise(requestAnimationFrame)  // another one comes
  const canvas = new OffscreenCanvas(stage.naturalWidth, stage.naturalHeight), pen = canvas.getContext('2d')
  pen.drawImage(stage, 0, 0)
  return [...pen.getImageData(0, 0, canvas.width, canvas.height).data].join()
}"""


def until(page, script, arg=None):
    """Wait until a script says yes. (Playwright's own way evaluates text in the page, which its policy forbids.)"""
    for _ in range(1000):
        if page.evaluate(script, arg):
            return
        page.wait_for_timeout(30)
    raise AssertionError(script)


def shows(page, wanted):
    until(page, f"async (wanted) => await ({PIXELS})() === wanted", wanted)


def changed(page, act):
    """Do something, and wait until the picture on the stage is another."""
    before = page.evaluate(PIXELS)
    act()
    until(page, f"async (before) => await ({PIXELS})() !== before", before)


def choose(page, panel):
    page.get_by_role("radio", name=panel, exact=True).check(force=True)
    page.get_by_role("heading", level=2, name=panel, exact=True).wait_for()


def test_a_slider_moves_the_picture_and_the_address_keeps_it(play):
    page = play("code=3")
    start = page.evaluate(PIXELS)
    slider = page.get_by_role("slider", name="direction 1")
    changed(page, lambda: slider.fill("3"))
    changed(page, lambda: (slider.focus(), page.keyboard.press("ArrowLeft")))
    moved = page.evaluate(PIXELS)
    until(page, "location.search.includes('move=2.9')")
    page.reload()
    until(page, THERE)
    shows(page, moved)
    assert "direction 1 +2.9" in page.locator("[data-stage]").get_attribute("alt")
    page.get_by_role("button", name="All to 0").click()
    shows(page, start)
    changed(page, lambda: page.get_by_role("button", name="Dice").click())
    changed(page, lambda: page.get_by_role("slider", name="Truncation").fill("0.2"))
    changed(page, lambda: page.get_by_label("Drawn by").select_option("an earlier moment"))


def test_each_direction_shows_what_it_makes_at_its_ends(play):
    page = play("code=3")
    until(page, "document.querySelectorAll('.end img').length === 8")
    ends = "[...document.querySelectorAll('.end img')].map((it) => it.src)"
    page.get_by_role("img", name="direction 1 −4").wait_for()
    before = page.evaluate(ends)
    slider = page.get_by_role("slider", name="direction 1")
    changed(page, lambda: slider.fill("4"))
    page.wait_for_timeout(600)
    assert page.evaluate(ends) == before  # the ends are those of the picture, wherever its sliders stand
    there = page.evaluate(PIXELS)
    of_end = PIXELS.replace("[data-stage]", 'img[alt="direction 1 +4"]')
    assert page.evaluate(of_end) == there
    assert page.evaluate(PIXELS.replace("[data-stage]", 'img[alt="direction 1 −4"]')) != there
    changed(page, lambda: page.get_by_role("button", name="Dice").click())
    until(page, f"(before) => {ends}.every((it, i) => it !== before[i])", before)


def test_a_neighbour_becomes_the_picture(play):
    page = play("code=3&view=many")
    until(page, "document.querySelector('[data-stage]').naturalWidth === 64")  # four of 16 pixels
    page.get_by_role("button", name="Play with neighbour 7").click()
    until(page, "location.search.includes('z=')")
    changed(page, lambda: page.get_by_role("button", name="4 × 4 neighbours").click())
    assert page.evaluate("document.querySelector('[data-stage]').naturalWidth") == 16


def test_the_pad_follows_mouse_and_arrow_keys(play):
    page = play("panel=pad")
    area = page.get_by_role("button", name="Place between the four")
    changed(page, lambda: area.click(position={"x": 5, "y": 5}))
    changed(page, lambda: page.keyboard.press("ArrowRight"))
    changed(page, lambda: page.get_by_role("button", name="Four others").click())
    until(page, "location.search.includes('corner=')")
    comes_again(page)


def comes_again(page):
    """What is on the stage is there after the address is loaded anew, too."""
    before = page.evaluate(PIXELS)
    page.reload()
    until(page, THERE)
    shows(page, before)


def test_a_sum_by_dragging_and_by_key(play):
    page = play("panel=sum")
    page.get_by_role("button", name="Sample 1", exact=True).drag_to(page.get_by_role("group", name="Term A"))
    page.get_by_role("button", name="Take picture 1 out of A").wait_for()
    page.get_by_role("button", name="Sample 2", exact=True).press("Enter")
    page.get_by_role("button", name="Put in B").press("Enter")
    changed(page, lambda: page.get_by_role("button", name="Put in C").press("Enter"))  # A − B + B: A
    page.get_by_text("The sum is on the stage.").wait_for()
    changed(page, lambda: (page.get_by_role("button", name="Sample 5", exact=True).click(),
                           page.get_by_role("button", name="Put in C").click()))  # fmt: skip
    until(page, "location.search.includes('A=1&B=2&C=2&C=5')")
    comes_again(page)
    page.get_by_role("button", name="Play with this picture").click()
    until(page, "location.search.includes('z=')")


def test_a_button_that_can_no_longer_be_pressed_keeps_the_focus(play):
    page = play("panel=film")
    page.get_by_role("button", name="Keyframe 2").click()
    earlier = page.get_by_role("button", name="Move the keyframe earlier")
    for _ in range(2):  # the second time it stands first already
        earlier.press("Enter")
        assert earlier.evaluate("it => it === document.activeElement")
    assert earlier.is_disabled()
    assert page.get_by_role("button", name="Keyframe 1").get_attribute("aria-pressed") == "true"


def test_a_film_plays_and_is_exported_marked(play, tmp_path):
    page = play("panel=film")
    for _ in range(2):
        changed(page, lambda: page.get_by_role("button", name="Play", exact=True).click())
        changed(page, lambda: None)
        page.get_by_role("button", name="Pause").click()
    changed(page, lambda: page.get_by_role("slider", name="Moment").fill("0.9"))
    page.get_by_role("slider", name="Length").fill("2")
    with page.expect_download() as download:
        page.get_by_role("button", name="Export the film").click()
    page.get_by_text("The film is in your downloads").wait_for()
    film = tmp_path / "walk.mp4"
    download.value.save_as(film)
    with av.open(str(film)) as content:
        frames = [frame.to_ndarray(format="rgb24") for frame in content.decode(video=0)]
    assert len(frames) == 60
    assert np.abs(frames[0].astype(int) - frames[30]).max() > 0
    assert source_of(film) == "trainedAlgorithmicMedia"


def test_a_film_that_is_made_tells_how_far_it_is_and_can_be_stopped(play):
    page = play("panel=film")
    page.get_by_role("slider", name="Length").fill("30")
    page.evaluate(COUNT_BARS)
    page.get_by_role("button", name="Export the film").click()
    page.get_by_role("button", name="Stop the film").click()
    page.get_by_role("status").get_by_text("The film was stopped.").wait_for()
    assert page.evaluate("window.barsSeen") > 0
    assert page.get_by_role("progressbar").count() == 0
    assert page.get_by_role("button", name="Export the film").is_enabled()


COUNT_BARS = """() => {
  window.barsSeen = 0
  const look = () => (window.barsSeen += document.querySelectorAll('progress').length)
  new MutationObserver(look).observe(document.body, {childList: true, subtree: true})
}"""


def test_styles_of_another_picture(play):
    page = play("panel=styles")
    slider = page.get_by_role("slider", name="The other one draws")
    changed(page, lambda: slider.fill("0"))
    assert slider.get_attribute("aria-valuetext") == "all stages, but not what lies where"


def test_a_picture_of_ones_own_is_found_and_played(play, tmp_path):
    page = play("panel=find")
    text = tmp_path / "text.png"
    text.write_text("no picture")
    choose_file = page.get_by_label("Drop a picture here")
    page.complaints.clear()
    choose_file.set_input_files(text)
    page.get_by_role("alert").get_by_text("This file can't be used").wait_for()
    page.complaints.clear()  # the browser's line about the 400
    own = tmp_path / "own.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (30, 40, 3), np.uint8)).save(own)
    choose_file.set_input_files(own)
    page.get_by_role("button", name="Look for it").click()
    page.get_by_text("Rebuilt to within").wait_for()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download side by side").click()
    download.value.save_as(tmp_path / "both.png")
    assert source_of(tmp_path / "both.png") == "compositeWithTrainedAlgorithmicMedia"
    changed(page, lambda: page.get_by_role("button", name="Play with it").click())


def test_favourites_are_kept_renamed_and_removed(play, run, tmp_path):
    page = play("code=4")
    page.get_by_label("Name").fill("<b>mine</b>")
    page.get_by_label("Name").press("Enter")
    page.get_by_text("Kept as <b>mine</b>.").wait_for()
    with page.expect_download() as download:
        page.get_by_role("button", name="Sheet of 16").click()
    download.value.save_as(tmp_path / "sheet.png")
    assert source_of(tmp_path / "sheet.png") == "trainedAlgorithmicMedia"
    choose(page, "Favourites")
    name = page.get_by_label("Name of <b>mine</b>")
    name.fill("ours")
    name.press("Enter")
    page.get_by_role("button", name="Play with ours").wait_for()
    assert (run.folder / "favourites.safetensors").is_file()
    page.get_by_role("button", name="Remove ours").click()
    page.get_by_text("None yet").wait_for()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_in_any_panel_on_a_phone(play, dark):
    if not AXE.is_file():
        pytest.skip("needs axe-core: npm ci in src/figment/studio/web")
    page = play("view=many", dark=dark, width=400)
    page.evaluate(AXE.read_text("utf-8"))
    for panel in PANELS:
        choose(page, panel)
        found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
        assert [(panel, it["id"], [node["html"] for node in it["nodes"]]) for it in found] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 400, panel


def test_a_run_without_its_generator_is_said(studio, run, open_page):
    hidden = run.generator_file.with_name("elsewhere")
    run.generator_file.rename(hidden)
    try:
        page = open_page(f"{studio.home}/play/{found_in(run.folder)[0].id}?{studio.address.split('?')[1]}")
        page.get_by_role("alert").get_by_text("has no generator.safetensors").wait_for()
        page.complaints.clear()
    finally:
        hidden.rename(run.generator_file)
