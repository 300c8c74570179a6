"""What a person sees: a live panel on a terminal, plain lines in a pipe."""

import base64
import io
import re
import sys
import webbrowser

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from figment.common import bars, browser, terminals
from figment.display import preview, terminal
from figment.media.images import grid

EVENT = {
    "event": "tick", "images": 64_000, "seconds": 80.0, "loss_discriminator": 0.9, "loss_generator": 1.5,
    "separation": 0.91, "memorising": None, "p_fake_real": 0.25, "p_fake_held_out": None, "p_fake_fake": 0.75,
    "spread": 0.8, "images_per_second": 800.0, "diagnosis": ["the two nets are in balance"],
}  # fmt: skip


def followed(is_terminal: bool, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(bars, "LINE_SECONDS", 0.0)
    out = io.StringIO()
    shown = terminal.Terminal(Console(file=out, force_terminal=is_terminal, width=140, highlight=False))
    preparing = shown.stage("preparing pictures")
    for done in (0, 50, 100):
        preparing(done, 100)
    shown.begin(None, 160.0, 0, 0.0)
    for i in range(5):
        shown.progress(i * 16_000, i * 20.0)
    shown.tick(EVENT)
    shown.say("a [bold]plain[/bold] sentence")
    shown.end()
    return out.getvalue()


def test_plain_lines_of_a_stage_foretell_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter(range(0, 1000, 15))
    monkeypatch.setattr(bars, "monotonic", lambda: next(now))
    out = io.StringIO()
    preparing = bars.Bars(Console(file=out, width=140, highlight=False)).stage("preparing pictures")
    for done in (0, 20, 40, 60, 100):
        preparing(done, 100)
    first, *others = out.getvalue().splitlines()
    assert first == "preparing pictures: 0 of 100"
    assert all(line.endswith(" left") for line in others[:3])
    assert others[-1] == "preparing pictures: 100 of 100"


def test_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    said = followed(False, monkeypatch)
    assert "\x1b" not in said
    assert "64.0 kimg seen" in said
    assert "1 min 20 s left" in said
    assert "P(fake) reals 0.25  fakes 0.75" in said
    assert "held-out" not in said
    assert "the two nets are in balance" in said
    assert "a [bold]plain[/bold] sentence" in said


def test_live_panel(monkeypatch: pytest.MonkeyPatch) -> None:
    said = followed(True, monkeypatch)
    assert "\x1b" in said
    for words in ("training", "0.910 AUC", "the two nets are in balance"):
        assert words in said


def test_the_same_words_are_not_said_twice_but_what_has_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bars, "LINE_SECONDS", 0.0)
    out = io.StringIO()
    shown = terminal.Terminal(Console(file=out, width=140, highlight=False, soft_wrap=True))
    shown.begin(None, 160.0, 0, 0.0)
    shown.tick(EVENT | {"detail": 0.34})
    shown.tick(EVENT | {"detail": 0.58})
    shown.tick(EVENT | {"detail": 0.59})
    shown.tick(EVENT | {"detail": 0.59, "diagnosis": ["the generator draws about 3 different pictures"]})
    lines = [line for line in out.getvalue().splitlines() if "detail" in line]
    assert [line.count("in balance") for line in lines] == [1, 0, 0, 0]
    assert lines[1].endswith("more detail: .34 → .58 of the reals'")
    assert lines[2].endswith("detail 0.59")
    assert lines[3].endswith("the generator draws about 3 different pictures")


def test_the_last_reading_is_told_at_the_end_but_not_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    shown = terminal.Terminal(Console(file=out, width=140, highlight=False, soft_wrap=True))
    shown.begin(None, 160.0, 0, 0.0)
    for line_seconds, images in ((0.0, 64_000), (1000.0, 65_000)):
        monkeypatch.setattr(bars, "LINE_SECONDS", line_seconds)
        shown.tick(EVENT | {"images": images})
    assert "65.0 kimg" not in out.getvalue()
    shown.end()
    shown.end()
    assert [out.getvalue().count(seen) for seen in ("64.0 kimg", "65.0 kimg")] == [1, 1]


def test_between_readings_far_apart_a_line_tells_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    for module in (bars, terminal):
        monkeypatch.setattr(module, "monotonic", lambda: clock[0])
    out = io.StringIO()
    shown = terminal.Terminal(Console(file=out, width=140, highlight=False, soft_wrap=True))
    shown.begin(100_000, None, 0, 0.0)
    for second in range(90):
        clock[0] = float(second)
        shown.progress(second * 100, clock[0])
        if second == 40:
            shown.tick(EVENT)
    plain, reading, other = out.getvalue().splitlines()
    assert plain == "30 s  3.0 kimg seen  100 images/s  16 min 10 s left"
    assert "AUC" in reading
    assert other.startswith("1 min 10 s  7.0 kimg seen")


def test_no_probabilities_where_the_objective_has_none() -> None:
    event = EVENT | {"p_fake_real": None, "p_fake_fake": None, "memorising": 0.6}
    names = [name for name, _ in terminal.readable(event)]
    assert names == ["losses", "separation", "memorising", "spread"]


@pytest.mark.parametrize("budget", [(10, None), (None, 60.0)])
def test_nothing_is_left_below_zero(monkeypatch: pytest.MonkeyPatch, budget: tuple[int | None, float | None]) -> None:
    """Whole steps go beyond a budget: 12,800 images of 10 with 100 steps of D, or 80 seconds of 60."""
    monkeypatch.setattr(bars, "LINE_SECONDS", 0.0)
    out = io.StringIO()
    shown = terminal.Terminal(Console(file=out, width=140, highlight=False))
    shown.begin(*budget, 0, 0.0)
    shown.tick(EVENT)
    shown.end()
    assert out.getvalue().count(" 0 s left") == 1
    assert "-" not in out.getvalue()


def test_a_stage_that_is_broken_off_leaves_the_terminal_as_it_was() -> None:
    out = io.StringIO()
    shown = terminal.Terminal(Console(file=out, force_terminal=True, width=100))
    shown.stage("looking at pictures")(3, 10)
    shown.end()
    assert shown.bar is None
    shown.stage("another")(10, 10)
    assert shown.bar is None


def test_augmentation_and_processes_are_told_where_there_are_any() -> None:
    names = dict(terminal.readable(EVENT | {"augment_p": 0.25, "processes": 4}))
    assert (names["augmentation"], names["processes"]) == ("p 0.25", "4")
    for event in (EVENT, EVENT | {"augment_p": 0.0, "processes": 1}):
        assert not {"augmentation", "processes"} & dict(terminal.readable(event)).keys()


def test_hints_are_told_with_the_diagnosis(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(EVENT, "diagnosis", ["the two nets are in balance", "γ looks too small: try --set gamma=2"])
    for is_terminal in (False, True):
        assert "γ looks too small: try --set gamma=2" in followed(is_terminal, monkeypatch)


class Watched(io.StringIO):
    """A stream that a person looks at."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("stream", "term"), [(io.StringIO, "xterm"), (Watched, "dumb")])
def test_only_a_terminal_that_can_be_written_over_is_live(stream: type, term: str, monkeypatch) -> None:
    """FORCE_COLOR has a log file coloured by tools that ask for it; a dumb terminal shows what it is sent."""
    monkeypatch.setattr(sys, "stdout", out := stream())
    monkeypatch.setattr(bars, "LINE_SECONDS", 0.0)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", term)
    shown = terminal.Terminal()
    shown.stage("preparing pictures")(1, 3)
    shown.begin(640, None, 0, 0.0)
    shown.progress(16, 1.0)
    shown.tick(EVENT)
    assert "preparing pictures: 1 of 3\n" in out.getvalue()
    assert "64.0 kimg seen" in out.getvalue()
    shown.end()
    assert "\x1b" not in out.getvalue()


RED, BLUE = (np.broadcast_to(np.uint8(rgb)[:, None, None], (3, 16, 16)) for rgb in ((255, 0, 0), (0, 0, 255)))
SHEET = grid(np.stack([RED, BLUE, *[RED] * 6, BLUE, RED, *[BLUE] * 54]))  # red and blue, above blue and red


def at_terminal(
    monkeypatch: pytest.MonkeyPatch, width: int = 120, height: int = 40, colours: str = "truecolor"
) -> tuple:
    """A training on a terminal, and what it was sent."""
    for name in ("TMUX", "KITTY_WINDOW_ID", "TERM_PROGRAM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    console = Console(file=out, force_terminal=True, width=width, height=height, color_system=colours)
    shown = terminal.Terminal(console)
    shown.begin(None, 160.0, 0, 0.0)
    return shown, lambda: out.buffer.getvalue().decode()


def test_the_newest_pictures_stand_in_the_panel_as_half_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    shown, sent = at_terminal(monkeypatch)
    shown.snapshot(640, SHEET, (16, 16))
    shown.tick(EVENT)
    shown.end()
    assert sent().count(preview.UPPER_HALF) >= preview.COLUMNS * preview.ROWS
    assert "0.910 AUC" in sent()
    lines = preview.half_blocks(preview.corner(SHEET, (16, 16), 2)).split("\n")
    assert [line.cell_len for line in lines] == [preview.COLUMNS] * preview.ROWS
    for line, place, colour in ((0, 0, "#ff0000"), (0, -1, "#0000ff"), (-1, 0, "#0000ff"), (-1, -1, "#ff0000")):
        style = [span.style for span in lines[line].spans][place]
        assert (style.color.name, style.bgcolor.name) == (colour, colour)


@pytest.mark.parametrize("lack", [{"width": 99}, {"height": 20}, {"colours": "standard"}])
def test_without_room_or_colours_there_are_no_pictures(lack: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    shown, sent = at_terminal(monkeypatch, **lack)
    shown.snapshot(640, SHEET, (16, 16))
    shown.tick(EVENT)
    shown.end()
    assert preview.UPPER_HALF not in sent()


def test_no_pictures_go_into_a_pipe() -> None:
    out = io.StringIO()
    shown = terminal.Terminal(Console(file=out, width=140))
    shown.begin(None, 160.0, 0, 0.0)
    shown.snapshot(640, SHEET, (16, 16))
    shown.end()
    assert out.getvalue() == ""


def test_kitty_is_given_the_picture_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    shown, sent = at_terminal(monkeypatch)
    monkeypatch.setenv("KITTY_WINDOW_ID", "1")
    shown.snapshot(640, np.random.default_rng(0).integers(0, 256, SHEET.shape, np.uint8), (16, 16))
    shown.end()
    parts = re.findall(r"\x1b_G(.*?)m=([01]);(.*?)\x1b\\", sent())
    assert [more for _, more, _ in parts] == ["1"] * (len(parts) - 1) + ["0"]
    assert all(len(content) <= 4096 for _, _, content in parts)
    picture = Image.open(io.BytesIO(base64.b64decode("".join(content for _, _, content in parts))))
    assert picture.size == (4 * 18 - 2,) * 2
    assert parts[0][0] == f"a=T,U=1,f=100,q=2,i={0x1F16E7},c={preview.COLUMNS},r={preview.ROWS},"
    assert (
        "38;2;31;22;231m\U0010eeee\u0305\u0305\U0010eeee\u0305\u030d" in sent()
    )  # id by colour; row and column by marks
    assert sent().count("\U0010eeee") % (preview.COLUMNS * preview.ROWS) == 0
    assert preview.UPPER_HALF not in sent()
    monkeypatch.setenv("TMUX", "1")  # would swallow the picture
    assert not preview.shows_placeholders()


def test_the_live_page_is_told_and_opened_where_it_is_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda address: opened.append(address) or True)
    monkeypatch.setattr(browser.sys, "platform", "linux")
    page = tmp_path / "my run" / "live.html"
    for opens, windows in ((False, True), (True, True), (True, False)):
        for name in browser.WINDOWS_ELSEWHERE:
            monkeypatch.delenv(name, raising=False)
        if windows:
            monkeypatch.setenv("DISPLAY", ":0")
        out = io.StringIO()
        terminal.Terminal(Console(file=out, width=40, soft_wrap=True), opens).watch(page)
        assert out.getvalue().startswith(f"live page  {page}\n")
        assert ("no browser can be opened from here" in out.getvalue()) == (opens and not windows)
    assert opened == [page.as_uri()]


def test_sentences_break_between_words_in_a_narrow_terminal() -> None:
    words = "the generator has drawn much the same from the start: spread .02 of the reals' " * 3
    out = io.StringIO()
    terminal.Terminal(Console(file=out, force_terminal=True, width=80, highlight=False, soft_wrap=True)).say(words)
    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert " ".join(lines).split() == words.split()
    long = "x" * 100
    assert terminals.wrapped(f"  a {long} b", 80) == f"  a\n  {long}\n  b"
    assert terminals.wrapped("short", 80) == "short"


def test_sentences_are_printed_to_the_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", out := io.StringIO())
    terminal.Terminal().say("a:smile:b [/red] \x1b[2J")
    assert out.getvalue() == "a:smile:b [/red] \\x1b[2J\n"


def test_titles_of_stages_are_shown_to_the_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    shown = terminal.Terminal(Console(file=out, force_terminal=True, width=100))
    shown.stage("preparing [/red] {x} \x1b[2J")(3, 10)
    shown.end()
    assert "preparing [/red] {x} \\x1b[2J" in out.getvalue()
