"""figment: a folder of pictures in, a generator of new ones out.

    import figment
    run = figment.train("faces", time="20m")            # → runs/faces-1
    pictures = figment.load(run.folder).sample(64, seed=0)   # uint8 (64, C, H, W)

The public names below are looked up when they are first used, so that `import figment` costs nothing.
"""

import os
from importlib import import_module
from types import FunctionType
from typing import TYPE_CHECKING, Any

from figment.version import __version__ as __version__

if TYPE_CHECKING:
    from figment import explain, explore
    from figment.comparing.comparison import Comparison, compare
    from figment.errors import InputError
    from figment.generator import Generator, load
    from figment.media.picture import Picture
    from figment.metrics.measurement import measure
    from figment.metrics.result import Measurement
    from figment.recipe import Recipe
    from figment.run import Run, open_run
    from figment.start import resume, train
    from figment.studies.conduct import study
    from figment.training.tensorboard import TensorBoard


# GNU's OpenMP lets a waiting thread spin for minutes: a core that other work holds then slows training twentyfold. With
# this many turns it soon sleeps, and nothing is lost where the cores are free (LOG 26). torch reads it when it is loaded.
os.environ.setdefault("GOMP_SPINCOUNT", "20000")

_HOMES = {
    "train": "start",  # pictures → run
    "resume": "start",  # run → the same run, further on
    "measure": "metrics.measurement",  # run or pictures → Measurement
    "compare": "comparing.comparison",  # runs → Comparison
    "study": "studies.conduct",  # pictures and factors → StudyResults
    "load": "generator",  # run or generator file → Generator
    "open_run": "run",  # run folder → Run
    "TensorBoard": "training.tensorboard",  # a callback for train and resume
    "Comparison": "comparing.comparison",
    "Measurement": "metrics.result",
    "Picture": "media.picture",
    "Generator": "generator",
    "Run": "run",
    "Recipe": "recipe",
    "InputError": "errors",
}
_ROOMS = ("explore", "explain")  # the experiments: figment.explore.interpolate(…), figment.explain.evidence(…)
__all__ = [
    "Comparison", "Generator", "InputError", "Measurement", "Picture", "Recipe", "Run", "TensorBoard", "compare", "explain",
    "explore", "load", "measure", "open_run", "resume", "study", "train",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return import_module(f"figment.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module 'figment' has no attribute {name!r}")
    found = getattr(import_module(f"figment.{_HOMES[name]}"), name)
    if not isinstance(found, FunctionType):
        return found
    from figment.common.in_python import speaking_python

    return speaking_python(found)  # the command line takes it from its home, in whose errors options are named


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
