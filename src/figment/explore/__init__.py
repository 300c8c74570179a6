"""What the codes of a generator mean: each experiment gives a result of arrays and numbers, whose .finding() is worded and drawn.

It may import attributes, features, similarity, metrics, data, media and what lies below. Start at interpolation.py.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from figment.experiments import functions

if TYPE_CHECKING:
    from figment.explore.code_arithmetic import arithmetic
    from figment.explore.direction_search import directions
    from figment.explore.interpolation import interpolate
    from figment.explore.nearest_training import neighbours
    from figment.explore.projection import project

__all__ = ["arithmetic", "directions", "interpolate", "neighbours", "project"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'figment.explore' has no attribute {name!r}")
    module, function = functions("explore")[name].split(":")
    return getattr(import_module(module), function)


def __dir__() -> list[str]:
    return __all__
