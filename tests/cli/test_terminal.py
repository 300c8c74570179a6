"""What a person sees: a live panel on a terminal, plain lines in a pipe."""

import io
import sys

import pytest
from rich.console import Console

from figment.cli import terminal

EVENT = {
    "event": "tick", "images": 64_000, "seconds": 80.0, "loss_discriminator": 0.9, "loss_generator": 1.5,
    "separation": 0.91, "memorising": None, "p_fake_real": 0.25, "p_fake_held_out": None, "p_fake_fake": 0.75,
    "spread": 0.8, "images_per_second": 800.0, "diagnosis": ["the two nets are in balance"],
}  # fmt: skip


def followed(is_terminal: bool, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(terminal, "LINE_SECONDS", 0.0)
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
    monkeypatch.setattr(terminal, "LINE_SECONDS", 0.0)
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


def test_no_probabilities_where_the_objective_has_none() -> None:
    event = EVENT | {"p_fake_real": None, "p_fake_fake": None, "memorising": 0.6}
    names = [name for name, _ in terminal.readable(event)]
    assert names == ["losses", "separation", "memorising", "spread"]


@pytest.mark.parametrize("budget", [(10, None), (None, 60.0)])
def test_nothing_is_left_below_zero(monkeypatch: pytest.MonkeyPatch, budget: tuple[int | None, float | None]) -> None:
    """Whole steps go beyond a budget: 12,800 images of 10 with 100 steps of D, or 80 seconds of 60."""
    monkeypatch.setattr(terminal, "LINE_SECONDS", 0.0)
    out = io.StringIO()
    shown = terminal.Terminal(Console(file=out, width=140, highlight=False))
    shown.begin(*budget, 0, 0.0)
    shown.tick(EVENT)
    shown.end()
    assert out.getvalue().count(" 0 s left") == 2
    assert "-" not in out.getvalue()


def test_rate_is_of_the_last_seconds() -> None:
    rate = terminal.Rate()
    for second in range(100):
        rate.at(float(second), second * 10)
    assert rate.at(100.0, 990 + 50) == pytest.approx((1040 - 800) / 20, rel=0.1)


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
    monkeypatch.setattr(terminal, "LINE_SECONDS", 0.0)
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
