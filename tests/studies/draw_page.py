"""Draw the page of a made-up study, to look at: python tests/studies/draw_page.py FOLDER (from the repository's root)."""

import sys
from collections.abc import Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from figment.studies.analysis import analyse
from figment.studies.page import page
from figment.studies.results import Level, StudyResults
from figtest.made_up_studies import made_up
from figtest.scored_runs import scored_run

OBJECTIVES = {"bce": 0.0, "hinge": 1.0, "ml": 21.0, "mse": 60.0}


def truth(levels: Mapping[str, Level]) -> float:
    """What each choice does to the KID: narrow nets are bad, with dropout worse; hinge is as good as BCE."""
    narrow = {16: 12.0, 24: 3.0, 32: 0.0}[int(str(levels["width"]))]
    return (
        60 + OBJECTIVES[str(levels["objective"])] + narrow + (15 if levels["width"] == 16 and levels["dropout"] else 0)
    )


def example() -> StudyResults:
    """The article's study, made up: mean squares collapse mostly."""
    return made_up(
        truth, collapses=lambda levels, seed: levels["objective"] == "mse" and (seed, levels["width"]) != (1, 32)
    )


def draw(folder: Path) -> Path:
    """The page in a folder, with a tiny run for every cell."""
    study = example()
    (folder / "cells").mkdir(parents=True)
    for cell in study.cells:
        scored_run(folder / "cells", Path(cell.run).name, snapshots=(640 * (1 + cell.number),), seed=cell.seed)
    place = folder / "study.html"
    place.write_text(page(analyse(study), folder))
    return place


if __name__ == "__main__":
    print(draw(Path(sys.argv[1])))
