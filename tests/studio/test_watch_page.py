"""Watch as a person uses it: a run that grows under one's eyes, its history, its pictures; by mouse and by keyboard."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from figment.run import Run
from figment.studio import app
from figment.studio.studio import found_in
from figtest.runs import build, tick
from figtest.scored_runs import look
from figtest.studios import started
from figtest.whole_runs import whole_run

AXE = Path(app.__file__).with_name("web") / "node_modules/axe-core/axe.min.js"
MARKUP = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("watched")


@pytest.fixture(scope="module")
def watched(home):
    """A studio of a whole run, and one that tests may change."""
    whole_run(home / "whole")
    build(home / "live", state="training")
    build(home / "broken")
    build(home / "begun", ticks=0, snapshots=(0,))
    evil = build(home / "evil")
    evil.log(tick(11_000, 1.0, diagnosis=[MARKUP]))
    evil.log({"event": "odd", "images": 11_000, "seconds": 1.0, "text": MARKUP})
    with started(*(home / name / "runs" for name in ("whole", "live", "broken", "begun", "evil"))) as it:
        yield it


def address(watched, folder):
    (place,) = found_in(folder / "runs")
    token = watched.address.split("?")[1]
    return f"{watched.home}/watch/{place.id}?{token}"


def shown(page):
    """The pixels of the sheet that is shown."""
    page.wait_for_timeout(50)
    values = page.locator(".sheet canvas").evaluate(
        "it => [...it.getContext('2d').getImageData(0, 0, it.width, it.height).data]"
    )
    return np.array(values)


def caption(page):
    return page.locator(".caption")


@pytest.fixture
def page(watched, open_page, home):
    page = open_page(address(watched, home / "whole"))
    page.get_by_role("heading", name="x-1").wait_for()
    page.get_by_text("10,240 images · 1 min", exact=True).wait_for()
    return page


def wait_until_other(page, before):
    for _ in range(100):
        if not np.array_equal(now := shown(page), before):
            return now
    raise AssertionError("the sheet stays as it was")


def test_the_whole_history_by_slider_keys_and_play(page):
    last = shown(page)
    slider = page.get_by_role("slider", name="Moment of the run")
    slider.focus()
    page.keyboard.press("Home")
    page.get_by_text("0 images · 0 s", exact=True).wait_for()
    first = wait_until_other(page, last)
    page.keyboard.press("ArrowRight")
    page.get_by_text("640 images · 4 s", exact=True).wait_for()
    assert slider.get_attribute("aria-valuetext") == "640 images · 4 s"
    page.keyboard.press("Home")
    page.get_by_role("button", name="Play the history").click()
    page.get_by_text("10,240 images · 1 min", exact=True).wait_for()
    assert np.array_equal(wait_until_other(page, first), last)


def test_early_and_late_with_a_divider(page):
    last = shown(page)
    page.get_by_role("button", name="Early | late").click()
    half = wait_until_other(page, last)
    divider = page.get_by_role("slider", name="Divider between early and late")
    divider.focus()
    page.keyboard.press("Home")
    for _ in range(50):
        page.keyboard.press("ArrowRight")
    assert divider.get_attribute("aria-valuetext") == "50 % early"
    assert np.array_equal(shown(page), half)
    page.keyboard.press("Home")
    assert np.array_equal(wait_until_other(page, half), last)


def test_the_curves_follow_the_slider_and_a_click_on_them_moves_it(page):
    losses = page.get_by_role("img", name="Losses, over images seen")
    words = losses.get_attribute("aria-label")
    box = losses.locator(".u-over").bounding_box()
    page.mouse.click(box["x"] + 0.25 * box["width"], box["y"] + 50)
    page.get_by_text("2,560 images · 15 s", exact=True).wait_for()
    page.wait_for_timeout(300)
    assert losses.get_attribute("aria-label") != words
    page.locator("figure", has_text="Variety").get_by_text("What does this mean?").click()
    page.get_by_text("near 0 the generator draws one picture again and again").wait_for()
    page.get_by_label("What the trainer said then").get_by_text("What does this mean?").click()
    page.get_by_text("each net still has something to learn from the other").wait_for()


def test_what_is_written_on_charts_is_read_as_well_as_the_page(page):
    """axe sees no canvases: their axes' numbers, pixel by pixel, against the card, before and after light turns dark."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_timeout(300)
        card = page.locator("figure.card").first.evaluate("it => getComputedStyle(it).backgroundColor")
        pixels = page.locator("figure.card canvas").first.evaluate(AXIS_PIXELS)
        written = [pixel[:3] for pixel in np.reshape(pixels, (-1, 4)).tolist() if pixel[3] > 240]
        assert len(written) > 20
        background = [int(value) for value in card.removeprefix("rgb(").rstrip(")").split(",")]
        assert max(contrast(pixel, background) for pixel in written) > 4.5


AXIS_PIXELS = (
    """it => [...it.getContext('2d').getImageData(0, it.height - 45, it.width, 45).data]"""  # below the curves
)


def contrast(first, second):
    """WCAG's, of two colours in levels."""

    def luminance(colour):
        shares = np.array(colour) / 255
        linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
        return linear @ [0.2126, 0.7152, 0.0722]

    light, dark = sorted([luminance(first), luminance(second)], reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_a_picture_is_looked_at_closely(page):
    first = page.get_by_role("button", name="Picture 0: look closer", exact=True)
    first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    look = page.get_by_role("region", name="Picture 5")
    look.get_by_text("Its code is number 5 of seed 0").wait_for()
    for close in ("Escape", "Close"):  # the focus goes in as it opens, and back to the picture
        page.wait_for_function("document.activeElement.innerText === 'Picture 5'")
        if close == "Escape":
            page.keyboard.press("Escape")
        else:
            look.get_by_role("button", name="Close").click()
        look.wait_for(state="detached")
        page.wait_for_function("document.activeElement.ariaLabel === 'Picture 5: look closer'")
        page.keyboard.press("Enter")
        look.wait_for()
    assert look.get_by_role("list", name="Its history over the run").get_by_role("img").count() == 4
    below = look.get_by_role("list", name="Its history over the run").get_by_role("listitem").all_inner_texts()
    assert below == [f"{images:,}" for images in (0, 640, 2560, 10240)]
    assert "code=5" in look.get_by_role("link", name="Play with it").get_attribute("href")
    look.get_by_role("button", name="Nearest training pictures").click()
    look.get_by_role("img", name="Training picture").nth(4).wait_for()
    look.get_by_role("button", name="Where the discriminator looks").click()
    look.get_by_role("img", name="Map by occlusion").wait_for()
    page.get_by_text("Show the histogram, wherever the slider rests").click()
    page.get_by_role("img", name="Mean P(fake)").wait_for()
    page.get_by_role("button", name="Early | late").click()
    if AXE.is_file():  # with all of it open, which tests/studio/test_access.py doesn't see
        page.evaluate(AXE.read_text("utf-8"))
        found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
        assert [(it["id"], [node["html"] for node in it["nodes"]]) for it in found] == []


def test_it_grows_as_the_run_does_and_lets_one_look_back(watched, open_page, home):
    (place,) = found_in(home / "live" / "runs")
    run = Run(place.folder)
    page = open_page(address(watched, home / "live"))
    page.get_by_text("10,240 images · 1 min", exact=True).wait_for()

    def goes_on(images):
        shutil.copyfile(run.picture_file(640), run.picture_file(images))
        run.log(tick(images, 1.1, diagnosis=["the pictures are still forming"]))
        run.log({"event": "snapshot", "images": images, "seconds": 66.0})
        run.log(look(images, 40.0))

    before = shown(page)
    goes_on(11_000)
    page.get_by_text("11,000 images · 1 min 6 s", exact=True).wait_for()
    wait_until_other(page, before)
    page.get_by_text("The pictures are still forming.").wait_for()
    meaning = page.get_by_label("What the trainer says").get_by_text(
        "What does this mean? the pictures are still forming"
    )
    meaning.first.wait_for()
    page.get_by_role("img", name="FD-lite0 while it trained").wait_for()
    page.get_by_role("slider", name="Moment of the run").focus()
    page.keyboard.press("Home")
    page.get_by_text("0 images · 0 s", exact=True).wait_for()
    goes_on(12_000)
    page.get_by_label("How the run stands").get_by_text("12,000").wait_for()
    assert caption(page).inner_text() == "0 images · 0 s"  # who looks back isn't torn away
    shutil.rmtree(run.folder)
    page.get_by_text("The run x-1 is no longer there").wait_for()
    for _ in range(2):  # after it was loaded anew, too
        page.get_by_role("link", name="Play").wait_for(state="detached")
        assert page.get_by_role("button", name="Go on …").count() == 0
        assert page.get_by_label("How the run stands").count() == 0
        page.reload()
        page.get_by_role("alert").get_by_text("no longer there").wait_for()
    page.complaints.clear()  # the browser tells of answers that aren't there


def test_a_run_that_has_only_begun_is_seen_from_its_first_sheet_on(watched, open_page, home):
    (place,) = found_in(home / "begun" / "runs")
    run = Run(place.folder)
    sheet, events = run.picture_file(0).read_bytes(), run.events_file.read_text()
    run.picture_file(0).unlink()
    run.events_file.unlink()
    page = open_page(address(watched, home / "begun"))
    page.get_by_text("There is no sheet of samples yet").wait_for()
    run.picture_file(0).write_bytes(sheet)
    run.events_file.write_text(events)
    page.get_by_text("0 images · 0 s", exact=True).wait_for()
    page.get_by_role("button", name="Picture 15: look closer", exact=True).wait_for()


def test_it_can_be_stopped_and_gone_on_with_where_it_is_watched(watched, open_page, home):
    (place,) = found_in(home / "evil" / "runs")
    page = open_page(address(watched, home / "evil"))
    page.get_by_role("button", name="Go on …").click()
    page.get_by_role("dialog", name="Go on with x-1").wait_for()
    page.keyboard.press("Escape")
    with Run(place.folder).locked():
        page.get_by_role("button", name="Stop").click()
        page.get_by_role("status").get_by_text(
            "stop it where it was started"
        ).wait_for()  # not a training of figment's own
        page.complaints.clear()
    page.get_by_role("button", name="Go on …").wait_for()


def test_names_are_no_markup(watched, open_page, home):
    """What a run says is shown to the letter."""
    page = open_page(address(watched, home / "evil"))
    page.get_by_label("What else was noted").get_by_text(MARKUP).wait_for()
    page.get_by_label("What the trainer says").get_by_text(MARKUP).wait_for()
    assert page.locator("img[src=x]").count() == 0


def test_damage_that_comes_while_one_watches_is_said(watched, open_page, home):
    (place,) = found_in(home / "broken" / "runs")
    run = Run(place.folder)
    page = open_page(address(watched, home / "broken"))
    page.get_by_label("How the run stands").get_by_text("done").wait_for()
    whole = run.events_file.read_bytes()
    run.events_file.write_bytes(whole[: len(whole) // 2])
    page.get_by_text("events.jsonl is damaged there, or was cut off").wait_for()
    run.events_file.write_bytes(whole)
    page.get_by_text("events.jsonl is damaged there").wait_for(state="detached")
    facts = run.facts_file.read_bytes()
    run.facts_file.write_bytes(facts[:20])
    page.get_by_role("alert").get_by_text("run.json is damaged (it is empty or garbled)").wait_for()
    assert page.get_by_label("How the run stands").count() == 0
    assert page.get_by_role("button", name="Go on …").count() == 0
    player = open_page(f"{watched.home}/play/{place.id}?{watched.address.split('?')[1]}")
    player.get_by_role("alert").get_by_text("run.json is damaged (it is empty or garbled)").wait_for()
    run.facts_file.write_bytes(facts)
    page.get_by_label("How the run stands").get_by_text("done").wait_for()
    page.complaints.clear()


def test_at_the_end_the_last_score_is_told_though_no_reading_came_after_it(watched, open_page, home):
    (place,) = found_in(home / "evil" / "runs")
    run = Run(place.folder)
    run.log(look(11_500, 40.0))
    run.log(look(12_000, 77.0))
    page = open_page(address(watched, home / "evil"))
    words = page.get_by_role("img", name="FD-lite0 while it trained").get_attribute("aria-label")
    assert "samples 77" in words
