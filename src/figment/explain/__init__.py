"""What the nets of a run do, and how: each experiment gives a result of arrays and numbers, whose .finding() is worded and drawn.

It may import attributes, features, similarity, metrics, data, media and what lies below. Start at evidence_maps.py.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from figment.experiments import functions

if TYPE_CHECKING:
    from figment.explain.evidence_maps import evidence
    from figment.explain.filter_patches import filters
    from figment.explain.forgetting import forget
    from figment.explain.forgetting_boxes import forget_boxed
    from figment.explain.labelled import labelled_pictures
    from figment.explain.linear_probe import features
    from figment.explain.memorising import memorised
    from figment.explain.nearest_neighbour import neighbour_test

__all__ = [
    "evidence", "features", "filters", "forget", "forget_boxed", "labelled_pictures", "memorised", "neighbour_test",
]  # fmt: skip

_WITHOUT_COMMAND = {
    "forget_boxed": "figment.explain.forgetting_boxes:forget_boxed",  # forget, by boxes instead of attributes
    "labelled_pictures": "figment.explain.labelled:labelled_pictures",  # of a bank: for features and neighbour_test
    "neighbour_test": "figment.explain.nearest_neighbour:neighbour_test",  # features, of a generator's examples
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'figment.explain' has no attribute {name!r}")
    module, function = (functions("explain") | _WITHOUT_COMMAND)[name].split(":")
    return getattr(import_module(module), function)


def __dir__() -> list[str]:
    return __all__
