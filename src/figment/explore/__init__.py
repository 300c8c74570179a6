"""What the codes of a generator mean: each experiment gives a result of arrays and numbers, whose .finding() is worded and drawn.

It may import attributes, features, similarity, metrics, data, media and what lies below. Start at interpolation.py.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from figment.experiments import functions

if TYPE_CHECKING:
    from figment.explore.code_arithmetic import arithmetic
    from figment.explore.direction_search import directions
    from figment.explore.groups import group_meeting, numbered_group
    from figment.explore.interpolation import interpolate
    from figment.explore.motion_transfer import motion
    from figment.explore.nearest_training import neighbours
    from figment.explore.projection import given_pictures, pictures_of_bank, project
    from figment.explore.walk import write_walk

__all__ = [
    "arithmetic", "directions", "given_pictures", "group_meeting", "interpolate", "motion", "neighbours", "numbered_group",
    "pictures_of_bank", "project", "write_walk",
]  # fmt: skip

_BESIDE = {
    "given_pictures": "figment.explore.projection:given_pictures",  # files to project
    "group_meeting": "figment.explore.groups:group_meeting",  # samples by conditions, for arithmetic and directions
    "numbered_group": "figment.explore.groups:numbered_group",  # samples by their numbers, for the same
    "pictures_of_bank": "figment.explore.projection:pictures_of_bank",  # held-out and training pictures to project
    "write_walk": "figment.explore.walk:write_walk",  # a video of figment walk
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'figment.explore' has no attribute {name!r}")
    module, function = (functions("explore") | _BESIDE)[name].split(":")
    return getattr(import_module(module), function)


def __dir__() -> list[str]:
    return __all__
