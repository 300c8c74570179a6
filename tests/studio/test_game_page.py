"""The page Game, used as a person would."""

import re
from pathlib import Path
from typing import Any

import pytest

from figment.studio import app

AXE = Path(app.__file__).with_name("web") / "node_modules/axe-core/axe.min.js"
PATIENCE = 180_000  # milliseconds, for hundreds of turns on a busy machine
MIDDLE = re.compile("middle is")


@pytest.fixture
def game(served, open_page) -> Any:
    """The page with its first frame."""
    page = open_page(served.home + "/game?" + served.address.split("?")[1])
    page.get_by_role("img", name=MIDDLE).first.wait_for(timeout=PATIENCE)
    return page


def reading(page: Any, name: str, which: int = 0) -> Any:
    """A number below a game."""
    return page.locator(".board").nth(which).locator("dl div").filter(has_text=name).locator("dd")


def waits(locator: Any, text: str | re.Pattern[str]) -> None:
    locator.filter(has_text=text).wait_for(timeout=PATIENCE)


def drawn(page: Any, which: int = 0) -> str:
    """What the canvas shows."""
    return page.locator(".board > canvas").nth(which).evaluate("it => it.toDataURL()")


def test_eight_modes_are_covered_in_one_game_and_collapsed_upon_in_the_other(game):
    game.get_by_label("Lesson").select_option("collapse")
    game.get_by_role("heading", name="BCE, ten steps with momentum").wait_for()
    game.get_by_label("Turns a frame").fill("50")
    game.get_by_label("Frames a second").fill("8")  # more of the time for turns
    game.get_by_role("button", name="Play", exact=True).click()
    waits(reading(game, "Modes covered"), "8 of 8")
    waits(game.locator(".board").nth(1).locator(".verdict"), "Collapsed")
    assert reading(game, "Modes covered", 1).inner_text() in {"0 of 8", "1 of 8", "2 of 8"}
    waits(game.locator(".rate"), "turns a second")
    game.get_by_role("button", name="Pause").click()


def test_each_net_moves_by_its_own_button(game):
    for button, steps in (("One turn", "11"), ("D only", "12"), ("G only", "22")):
        game.get_by_role("button", name=button).click()
        waits(reading(game, "Steps of G"), steps[0])
        waits(reading(game, "Steps of D"), steps[1])
    game.get_by_role("button", name="Begin anew").click()
    waits(reading(game, "Steps of D"), "0")


def test_what_is_not_to_be_shown_isn_t(game):
    looks = {drawn(game)}
    for layer in ("D’s field", "true points", "generated points", "arrows", "G’s mesh"):
        game.get_by_role("checkbox", name=layer).click()
        game.wait_for_timeout(100)
        looks.add(drawn(game))
    assert len(looks) == 6


def test_two_games_of_one_seed_begin_alike(game):
    game.get_by_label("Two games side by side").check()
    game.locator(".board").nth(1).get_by_role("img", name=MIDDLE).wait_for(timeout=PATIENCE)
    said = [board.get_by_role("img", name=MIDDLE).get_attribute("aria-label") for board in game.locator(".board").all()]
    assert said[0] == said[1]
    assert drawn(game, 0) == drawn(game, 1)


def test_what_can_t_be_played_is_said(game):
    game.get_by_text("Nets, rates and turns").click()
    field = game.get_by_label("Points a step")
    field.fill("9999")
    field.press("Tab")
    waits(game.get_by_role("alert"), "batch=9999: must be less than or equal to 512.")
    field.fill("64")
    game.wait_for_timeout(600)  # the page is drawn anew meanwhile, and leaves what is half typed
    field.press("Tab")
    game.get_by_role("alert").wait_for(state="detached")
    assert field.input_value() == "64"


def test_points_are_drawn_by_keys_and_by_pointer(game):
    game.get_by_role("combobox", name="True points").select_option("drawn")
    pad = game.get_by_role("application", name="Your own points")
    pad.focus()
    for key in ("Enter", "ArrowRight", "ArrowRight", "ArrowUp", "Enter", "Backspace", "Enter"):
        game.keyboard.press(key)
    game.get_by_text("2 points; the frame is at 0.1, 0.05.").wait_for()
    box = pad.bounding_box()
    game.mouse.move(box["x"] + 40, box["y"] + 40)
    game.mouse.down()
    game.mouse.move(box["x"] + 200, box["y"] + 40, steps=10)
    game.mouse.up()
    game.get_by_text(re.compile(r"^1\d points")).wait_for()
    game.get_by_role("button", name="One turn").click()
    waits(reading(game, "Steps of G"), "1")
    assert reading(game, "Modes covered").inner_text() == "–"


def test_on_a_phone_the_board_comes_first_and_what_plays_it_stays_in_sight(served, open_page):
    page = open_page(served.home + "/game?" + served.address.split("?")[1], width=400)
    page.get_by_role("img", name=MIDDLE).first.wait_for(timeout=PATIENCE)
    board = page.locator(".board > canvas").bounding_box()
    play = page.get_by_role("button", name="Play", exact=True).bounding_box()
    assert board["y"] < page.get_by_label("Lesson").bounding_box()["y"]
    assert board["y"] + board["height"] <= play["y"] <= 900 - play["height"]  # both whole in a window of 900 pixels
    page.set_viewport_size({"width": 360, "height": 640})  # and in one of 640
    page.wait_for_timeout(300)
    board, play = (
        it.bounding_box()
        for it in (page.locator(".board > canvas"), page.get_by_role("button", name="Play", exact=True))
    )
    assert board["y"] + board["height"] <= play["y"] <= 640 - play["height"]
    page.get_by_role("link", name="To the lessons").click()
    page.wait_for_timeout(300)
    assert 0 <= page.get_by_label("Lesson").bounding_box()["y"] < 640
    page.evaluate("scrollTo(0, 0)")
    before = reading(page, "Steps of G").inner_text()
    page.get_by_role("button", name="One turn").click()
    waits(reading(page, "Steps of G"), re.compile(f"^(?!{before}$)"))
    page.set_viewport_size({"width": 1200, "height": 900})
    above = "() => document.querySelector('.driving').offsetTop < document.querySelector('.board').offsetTop"
    page.wait_for_function(above)


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing_with_all_of_it_open(served, open_page, dark):
    if not AXE.is_file():
        pytest.skip("needs axe-core: npm ci in src/figment/studio/web")
    page = open_page(served.home + "/game?" + served.address.split("?")[1], dark=dark, width=400)
    page.get_by_label("Lesson").select_option("collapse")
    page.get_by_role("combobox", name="True points").select_option("drawn")
    for more in page.get_by_text("Nets, rates and turns").all():
        more.click()
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
    assert [(it["id"], [node["html"] for node in it["nodes"]]) for it in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 400


@pytest.mark.parametrize("dark", [False, True])
def test_the_canvas_has_the_page_s_colours(served, open_page, dark):
    page = open_page(served.home + "/game?" + served.address.split("?")[1], dark=dark)
    page.get_by_role("img", name=MIDDLE).first.wait_for(timeout=PATIENCE)
    wanted = [[0x6F, 0xB1, 0xF0], [0xF0, 0x99, 0x5A]] if dark else [[0x2B, 0x6C, 0xB0], [0xC8, 0x61, 0x1A]]
    assert page.locator(".board > canvas").evaluate(HAS_COLOURS, wanted) == [True, True]


HAS_COLOURS = """(canvas, wanted) => {
  const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data
  const found = new Set()
  for (let i = 0; i < data.length; i += 4) found.add(data.slice(i, i + 3).join())
  return wanted.map((it) => found.has(it.join()))
}"""
