"""Whoever reads a plan on the page New run is told of its controls, not of a command line's options."""

import re
from pathlib import Path

import pytest

from figment.studio import app
from figment.studio.in_page import CONTROLS, STARTS, in_page
from figment.studio.starting import NewRun, asked
from figment.studio.studio import Studio


@pytest.mark.parametrize(
    ("sentence", "says"),
    [
        ("this budget ends before: give it --for 55m or more", "this budget ends before: give it “Budget: time, 55m” or more"),
        ("give it --images 50k or more", "give it “Budget: images seen, 50k” or more"),
        ("or known nets to start from: --from RUN", "or known nets to start from: “Begin with: those of a run”"),
        ("better known; --from none turns it off", "better known; “Begin with: nets that have learnt nothing” turns it off"),
        ("from nothing (--from none) pictures", "from nothing (“Begin with: nets that have learnt nothing”) pictures"),
        ("--size 17: no.", "“Size in pixels: 17”: no."),
        ("--fit 'x' isn't a way", "“Pictures of other shapes: 'x'” isn't a way"),
        ("or train without labels (--no-labels)", "or train without labels (“Learn the labels: not chosen”)"),
        ("--set precision=bf16 may be faster", "precision=bf16 (set on the command line) may be faster"),
        ("leave it out with --drop small, or", "leave it out with drop small (an option of the command line), or"),
        ("--for soon: no time: write it as 90s.", "“Budget: time, soon”: no time: write it as 90s."),
        ("go on with figment resume RUN --for 3m: there", "go on with figment resume RUN --for 3m: there"),
        ("or name a folder on another disk with --out. It", "or start the studio on a folder of another disk. It"),
        ("generator      331,248 parameters: 100 → 128", "generator      331,248 parameters: 100 → 128"),
    ],
)  # fmt: skip
def test_options_are_said_as_the_pages_controls(sentence: str, says: str) -> None:
    assert in_page(sentence) == says


def test_the_controls_that_are_named_are_on_the_page() -> None:
    sources = Path(app.__file__).with_name("web") / "src"
    files = [
        *sources.glob("newrun/*.tsx"),
        *(sources / name for name in ("pages/new.tsx", "runlist/budget.tsx", "play/film.tsx")),
    ]
    page = "".join(file.read_text("utf-8") for file in files)
    flat = re.sub(r"\s+", " ", page.replace("{' '}", " ").replace("{classes}", " "))
    for control in {part for words in CONTROLS.values() for part in words.split(": ")} | set(STARTS.values()):
        assert control.removesuffix(" a run") in flat, control


def test_how_pictures_are_fitted_is_asked_for_as_the_command_has_it(tmp_path: Path) -> None:
    studio = Studio((tmp_path,))
    assert "--fit" not in asked(studio, NewRun())
    told = asked(studio, NewRun(fit="pad"))
    assert told[told.index("--fit") + 1] == "pad:#ffffff"
