"""Compare as a person uses it: runs chosen, the same codes, a table, and a blind test by the arrow keys."""

import pytest

from figment.studio.studio import found_in
from figtest.scored_runs import look, scored_run
from figtest.studios import started
from figtest.whole_runs import whole_run


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("compared")


@pytest.fixture(scope="module")
def studio(folder):
    scored_run(folder, "near", looks=[look(5000, 80.0), look(10240, 40.0)])
    scored_run(folder, "far", looks=[look(5000, 90.0), look(10240, 70.0)], choices={"lr": 0.001})
    whole_run(folder / "whole")
    with started(folder) as it:
        yield it


def test_runs_are_chosen_compared_and_judged_blindly(studio, open_page):
    page = open_page(studio.address.replace("/?", "/compare?"))
    page.get_by_label("near", exact=True).check()
    page.get_by_label("far", exact=True).check()
    page.get_by_text("which differ in lr").wait_for()
    page.get_by_label("What differs").get_by_role("row", name="recipe: lr").wait_for()
    page.get_by_label("Scores", exact=True).get_by_text("FD-lite0 while it trained").first.wait_for()
    codes = page.get_by_label("The same codes")
    codes.get_by_role("img", name="Samples 0 to 7 of near after 10,240 images").wait_for()
    codes.get_by_role("slider").focus()
    page.keyboard.press("Home")
    codes.get_by_role("img", name="Samples 0 to 7 of far after 640 images").wait_for()
    codes.get_by_role("button", name="Other codes").click()
    codes.get_by_role("img", name="Samples 8 to 15 of near after 640 images").wait_for()
    page.get_by_label("Curves").get_by_label("over minutes of training").check()
    page.get_by_role("img", name="Variety, over minutes").wait_for()

    test = page.get_by_label("Blind test", exact=True).first
    test.get_by_label("Question").select_option("better")
    test.get_by_label("Number of pairs").select_option("10")
    test.get_by_role("button", name="Begin").click()
    test.get_by_role("button", name="The left picture").focus()
    for number in range(1, 11):
        test.get_by_text(f"Pair {number} of 10").wait_for()
        page.wait_for_timeout(150)
        page.keyboard.press("ArrowLeft" if number % 2 else "ArrowRight")
    test.get_by_text("By chance alone it is as uneven or more").wait_for()
    assert "runs=" in page.url


def test_without_the_real_pictures_it_says_why(studio, open_page):
    page = open_page(studio.address.replace("/?", "/compare?"), dark=True)
    page.get_by_label("near", exact=True).check()
    page.get_by_label("far", exact=True).check()
    test = page.get_by_label("Blind test", exact=True).first
    test.get_by_role("button", name="Begin").click()
    test.get_by_text("aren't at").wait_for()
    page.complaints.clear()  # the browser tells of the answer that refused it


def test_a_run_that_is_gone_is_left_out(studio, folder, open_page):
    near, far = (it.id for it in found_in(folder) if it.where.startswith(("near", "far")))
    page = open_page(studio.address.replace("/?", f"/compare?runs={near},0123456789ab,{far}&"))
    page.get_by_text("Left out: a run that is gone.").wait_for()
    page.get_by_text("which differ in lr").wait_for()
