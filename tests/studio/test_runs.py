"""What is found below the folders, and in a browser the page of it."""

import os
import shutil

import pytest

from figment.studio.runs import listed
from figment.studio.studio import Missing, Studio, found_in
from figtest.runs import build, tick
from figtest.studios import started


def test_runs_are_found_and_named_by_nothing_that_a_path_is_made_of(tmp_path):
    build(tmp_path)
    (tmp_path / "runs" / "elsewhere").symlink_to("/")  # not followed
    (place,) = found_in(tmp_path)
    assert (place.where, place.kind) == ("runs/x-1", "run")
    assert place.id.isalnum()
    assert found_in(tmp_path / "runs" / "x-1")[0].id == place.id


def test_a_deleted_run_is_missing(tmp_path):
    run = build(tmp_path)
    studio = Studio((tmp_path,))
    (place,) = studio.places()
    run.facts_file.unlink()
    with pytest.raises(Missing):
        studio.run(place.id)


@pytest.mark.parametrize(("file", "tells"), [("recipe.json", "every choice"), ("run.json", "how far")])
def test_a_run_that_lacks_one_of_its_two_files_is_told_so(tmp_path, file, tells):
    run = build(tmp_path)
    (run.folder / file).unlink()
    (tmp_path / "runs" / "other").mkdir()
    (tmp_path / "runs" / "other" / "run.json").write_text("{}")  # another program's
    studio = Studio((tmp_path / "runs",))
    assert listed(studio)["runs"] == []  # it may just be being made
    for folder in (run.folder, tmp_path / "runs" / "other"):
        os.utime(folder, (1, 1))
    (row,) = listed(studio)["runs"]
    assert (row["name"], row["standing"], row["lacks"]) == ("x-1", "unreadable", file)
    assert row["problem"].startswith(f"This run has no {file}, which tells ")
    assert tells in row["problem"]
    with pytest.raises(Missing, match=file):
        studio.run(row["id"])
    shutil.rmtree(run.folder)
    assert listed(studio)["runs"] == []


def test_the_list_has_the_run_and_its_sheet(ask, shelf):
    (row,) = ask.get("/api/runs").json()["runs"]
    assert (row["where"], row["state"], row["images"], row["sheet"]) == ("x-1", "finished", 10240, 10240)
    answer = ask.get(f"/api/runs/{row['id']}/sheets/640")
    assert answer.content == (shelf / "x-1" / "pictures" / "000000640.png").read_bytes()
    for images in ("641", "x", "-1", "0x10", "٣"):
        assert ask.get(f"/api/runs/{row['id']}/sheets/{images}").status_code == 404


def test_the_page_shows_them(served, open_page):
    page = open_page(served.address)
    page.get_by_role("link", name="x-1", exact=True).wait_for()
    assert "token" not in page.url
    picture = page.get_by_role("img", name="Newest samples of x-1")
    picture.evaluate("it => it.decode()")  # raises where there is none, or it is damaged
    assert picture.evaluate("it => it.naturalWidth") > 0


EVIL = "<img src=x onerror=alert(1)>"


def test_no_name_in_a_run_becomes_markup(tmp_path, open_page):
    """The page's own rules would tell, too: open_page fails for scripts and requests that they refuse."""
    run = build(tmp_path, ticks=1, snapshots=(0,), source=EVIL, **{"from": {"asked": "x", "name": EVIL}})
    run.log(tick(10240, 1.0, diagnosis=[f"<script>{EVIL}</script>"]))
    shutil.copytree(run.folder, run.folder.with_name("<b>damaged<"))
    (run.folder.with_name("<b>damaged<") / "run.json").write_text('{"format": 1, "state": "<script>"}')
    run.folder.rename(run.folder.with_name(EVIL))
    with started(tmp_path / "runs") as studio:
        page = open_page(studio.address)
        page.get_by_role("link", name=EVIL, exact=True).wait_for()
        page.get_by_text(f"<script>{EVIL}</script>").wait_for()
        page.get_by_text("is damaged").wait_for()
        assert page.locator("main script, main b img, main img[src=x]").count() == 0
        page.get_by_role("button", name=f"Delete {EVIL}").click()
        page.get_by_role("heading", name=f"Delete {EVIL}?").wait_for()
        page.keyboard.press("Escape")
        assert not page.get_by_role("dialog").is_visible()
        page.close()  # it would go on asking a studio that is gone
