"""Clips in the studio: a run's films beside its history, moving or held as a person asks; and clips as what a run learns from."""

import io
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from figment.errors import InputError
from figment.explore.direction_file import save_directions, unit_direction
from figment.generator import load
from figment.media.provenance import source_of
from figment.media.video import write_video
from figment.run import Run
from figment.studio.play.asked import Draw, Look, Numbered
from figment.studio.play.clips import looped
from figment.studio.play.drawing import draw
from figment.studio.starting import NewRun, asked
from figment.studio.studio import Studio, found_in
from figtest.films import write_film
from figtest.reels import moving_disc
from figtest.runs import build, played
from figtest.studios import asking, started

OF_CLIPS = dict(frames=16, fps=12, motion_size=4, code_size=10, size=32)
HELD, PLAYS = "it => it.paused", "it => !it.paused && it.currentTime > 0"


def until(film: Any, holds: str) -> None:
    """Wait for what is true of a film; the content policy forbids the page's own way to wait."""
    for _ in range(200):
        if film.evaluate(holds):
            return
        film.page.wait_for_timeout(50)
    raise AssertionError(holds)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run of clips that kept two films."""
    made = build(tmp_path_factory.mktemp("clips"), ticks=10, snapshots=(0, 640, 10240), choices=OF_CLIPS)
    for images in (0, 640):
        write_video(made.film_file(images), moving_disc(24, 68, 68, seed=images), 12)
    return made


@pytest.fixture(scope="module")
def address(run: Run) -> Any:
    with started(run.folder.parent) as it:
        (place,) = found_in(run.folder.parent)
        yield f"{it.home}/watch/{place.id}?{it.address.split('?')[1]}"


def test_a_run_tells_of_its_films_and_gives_them(run: Run, tmp_path: Path) -> None:
    with asking(run.folder.parent) as client:
        (place,) = found_in(run.folder.parent)
        assert client.get(f"/api/runs/{place.id}/state").json()["films"] == [0, 640]
        film = client.get(f"/api/runs/{place.id}/loops/640")
        assert film.headers["content-type"] == "video/mp4"
        (tmp_path / "a.mp4").write_bytes(film.content)
        assert source_of(tmp_path / "a.mp4") == "trainedAlgorithmicMedia"
        part = client.get(f"/api/runs/{place.id}/loops/640", headers={"range": "bytes=0-99"})
        assert (part.status_code, len(part.content)) == (206, 100)
        for images in ("1", "10240", "x", "9" * 30, "²"):
            assert client.get(f"/api/runs/{place.id}/loops/{images}").status_code == 404


def test_a_film_that_leads_out_of_the_run_is_none(tmp_path: Path) -> None:
    made = build(tmp_path / "a", choices=OF_CLIPS)
    (tmp_path / "secret.mp4").write_bytes(b"secret")
    made.film_file(0).symlink_to(tmp_path / "secret.mp4")
    with asking(made.folder.parent) as client:
        (place,) = found_in(made.folder.parent)
        assert client.get(f"/api/runs/{place.id}/state").json()["films"] == []
        assert client.get(f"/api/runs/{place.id}/loops/0").status_code == 404


def test_films_go_round_beside_the_history(address: str, open_page: Any) -> None:
    """By slider and keyboard: the last film before each moment; held and played again."""
    page = open_page(address)
    film = page.locator(".moving video")
    page.get_by_text("In motion after 640 images").wait_for()
    until(film, PLAYS)
    assert film.evaluate("it => [it.loop, it.muted, it.videoWidth]") == [True, True, 68]
    button = page.get_by_role("button", name="Hold the film")
    button.focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Play the film").wait_for()
    assert film.evaluate(HELD)
    page.keyboard.press("Space")
    page.get_by_role("button", name="Hold the film").wait_for()
    page.get_by_role("slider", name="Moment of the run").focus()
    page.keyboard.press("Home")
    page.get_by_text("In motion after 0 images").wait_for()
    until(page.locator(".moving video"), PLAYS)


def test_who_asks_for_less_motion_starts_films(address: str, open_page: Any) -> None:
    page = open_page(address)
    page.emulate_media(reduced_motion="reduce")
    page.reload()
    page.get_by_role("button", name="Play the film").wait_for()
    assert page.locator(".moving video").evaluate(HELD)
    page.get_by_role("button", name="Play the film").click()
    until(page.locator(".moving video"), PLAYS)


def test_films_and_moving_portraits_can_be_learnt_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for i in range(12):
        write_film(tmp_path / "my-films" / f"{i}.mp4", moving_disc(20, seed=i), 12)
    (tmp_path / "runs").mkdir()
    monkeypatch.chdir(tmp_path)
    with asking(tmp_path / "runs") as client:
        offered = client.get("/api/data").json()
        assert "portraits-moving" in [it["id"] for it in offered["drawn"]]
        (films,) = [it for it in offered["found"] if it["title"] == "my-films"]
        assert films["pictures"] == 12
        look = client.get("/api/look", params={"data": films["id"], "video": "16x12"}).json()
        assert (look["clips"], look["count"], len(look["pictures"])) == (12, 240, 24)
        assert client.get("/api/look", params={"data": films["id"], "video": "16"}).status_code == 400
        unsaid = client.get("/api/look", params={"data": films["id"]})
        assert unsaid.status_code == 400
        assert "films" in unsaid.text
        assert client.get("/api/look", params={"data": "portraits-moving"}).json()["clips"] == 1000
    studio = Studio([tmp_path / "runs"])
    words = asked(studio, NewRun(data="portraits-moving", video="8x12"))
    assert words[0] == "portraits-moving"
    assert words[words.index("--video") + 1] == "8x12"
    assert "auto" in asked(studio, NewRun(data=films["id"], video="auto"))
    with pytest.raises(InputError, match="--video 8: give frames"):
        asked(studio, NewRun(video="8"))


def test_the_page_offers_clips(address: str, open_page: Any) -> None:
    page = open_page(address.replace("/watch/" + address.split("/watch/")[1].split("?")[0], "/new"))
    page.get_by_role("radio", name="portraits-moving").check()
    page.get_by_text("1,000 clips, 36,000 frames").wait_for()
    page.get_by_text("More: name, size").click()
    page.get_by_role("combobox", name="What is learnt").select_option("16x12")
    page.get_by_text("1,000 clips, 36,000 frames").wait_for()


# ---- Play --------------------------------------------------------------------------------------------------------

MOVES = dict(frames=4, fps=8, motion_size=2, code_size=4)
CLIP = "document.querySelector('[data-moving]')"
FRAME = f"(() => {{ const it = {CLIP}; return [...it.getContext('2d').getImageData(0, 0, it.width, it.height).data].join() }})()"


@pytest.fixture(scope="module")
def moving(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return played(tmp_path_factory.mktemp("moving"), **MOVES)


def test_a_code_moves_as_sample_films_it(moving: Run) -> None:
    """The sheet's frames are those of figment sample --video --loop, moved and drawn in alike; another path moves another way."""
    generator = load(moving.folder)
    vector = torch.tensor([0.0, 1, 0, 1])
    save_directions(moving.directions_file, [unit_direction("smile", vector, "labelled")], generator)
    asked = Draw(
        do="draw", seq=1, codes=[{"number": 2, "seed": 3}], motion={"number": 2, "seed": 3}, truncation=0.5,
        moves={"smile": 2},
    )  # fmt: skip
    facts, sheet = unframed(draw(moving, asked))
    assert (facts["kind"], facts["count"], facts["columns"], facts["fps"]) == ("clip", 16, 4, 8)
    unit = vector / vector.norm()
    wanted = generator.clips(1, 3, start=2, truncation=0.5, loop=True, shift=2 * unit)[0]
    side = wanted.shape[-1]
    frames = sheet.reshape(4, side, 4, side, 3).transpose(0, 2, 4, 1, 3).reshape(16, 3, side, side)
    assert np.abs(frames.astype(int) - wanted.numpy()).max() <= 1  # the rounding that other layouts in memory bring
    other = unframed(draw(moving, asked.model_copy(update={"motion": Numbered(number=3)})))[1]
    assert np.abs(other.astype(int) - sheet).mean() > 0.1


def test_long_loops_show_fewer_frames_a_second(moving: Run) -> None:
    generator = load(moving.folder)
    generator.recipe = generator.recipe.model_copy(update={"frames": 20, "fps": 10.0})
    frames, fps = looped(generator, {}, Look(codes=[Numbered(number=0)]), Numbered(number=1))
    assert (len(frames), fps) == (40, 5)  # of 80, eight seconds
    with pytest.raises(InputError, match="Styles of another picture don't move"):
        looped(generator, {}, Look(codes=[Numbered(number=0)], late=Numbered(number=1)), Numbered(number=1))


def unframed(message: bytes) -> tuple[dict[str, Any], Any]:
    (length,) = struct.unpack_from("<I", message)
    return json.loads(message[4 : 4 + length]), np.asarray(Image.open(io.BytesIO(message[4 + length :])))


@pytest.fixture(scope="module")
def played_at(moving: Run) -> Any:
    """Where it is played; the studio outlives the pages of a test, which would complain of its end."""
    with started(moving.folder.parent) as it:
        yield f"{it.home}/play/{found_in(moving.folder)[0].id}?{it.address.split('?')[1]}&code=3"


def test_the_picture_that_is_played_with_moves(played_at: str, open_page: Any) -> None:
    """Held, played, moved by a slider and along another path; who asks for less motion starts it; pictures don't move."""
    page = open_page(played_at)

    def soon(script: str, arg: Any = None) -> None:
        for _ in range(1000):
            if page.evaluate(script, arg):
                return
            page.wait_for_timeout(30)
        raise AssertionError(script)

    other = f"(before) => {CLIP} && {FRAME} !== before"
    soon(f"!!{CLIP}?.width")
    soon(other, page.evaluate(FRAME))  # it plays
    assert "in motion" in page.locator("[data-stage]").get_attribute("alt")
    page.get_by_role("button", name="Hold the clip").press("Enter")
    page.get_by_role("button", name="Play the clip").wait_for()
    held = page.evaluate(FRAME)
    page.wait_for_timeout(400)
    assert page.evaluate(FRAME) == held
    page.get_by_role("slider").first.fill("3")
    soon(f"!{CLIP}")  # what was held goes: the picture below follows the hand
    page.get_by_role("button", name="Another motion").press("Space")
    soon(f"!!{CLIP}?.width && location.search.includes('motion=')")
    page.get_by_role("button", name="4 × 4 neighbours").click()
    soon(f"!{CLIP}")
    page.emulate_media(reduced_motion="reduce")
    page.goto(played_at)
    page.get_by_role("button", name="Play the clip").wait_for()
    assert not page.evaluate(f"!!{CLIP}")
    page.get_by_role("button", name="Play the clip").click()
    soon(f"!!{CLIP}?.width")
    soon(other, page.evaluate(FRAME))
