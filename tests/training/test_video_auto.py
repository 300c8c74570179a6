"""--video auto among several processes: the first looks at the films, the others take its answer."""

from pathlib import Path
from typing import Any

import pytest

from figment.start import looked_at
from figment.training.distributed import World
from figtest.films import write_film
from figtest.reels import moving_disc


def test_the_first_process_looks_and_says_why(tmp_path: Path) -> None:
    for i in range(3):
        write_film(tmp_path / f"{i}.mp4", moving_disc(60, seed=i), 24)
    said: list[str] = []
    assert looked_at("auto", str(tmp_path), {}, World.alone(), said.append) == "16x12"
    assert said[0].startswith("--video auto: 16x12, since films run at 24 frames a second")
    assert looked_at("8x12", str(tmp_path), {}, World.alone(), said.append) == "8x12"
    assert looked_at(None, str(tmp_path), {}, World.alone(), said.append) is None
    assert len(said) == 1


def test_the_others_look_at_nothing() -> None:
    class Second:
        def share_text(self, what: str, tell: Any) -> str:
            return "8x10"

    second: Any = Second()
    assert looked_at(" AUTO", "no such films", {}, second, pytest.fail) == "8x10"
