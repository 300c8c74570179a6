"""The public functions of figment.explain are looked up when they are first used."""

import subprocess
import sys

import pytest

import figment
from figment.experiments import functions


def test_the_public_functions_are_the_experiments_and_what_goes_with_them() -> None:
    names = dir(figment.explain)
    assert set(functions("explain")) <= set(names)
    assert {"forget_boxed", "neighbour_test"} <= set(names)
    for name in names:
        function = getattr(figment.explain, name)
        assert callable(function)
        assert function.__name__ == name
    with pytest.raises(AttributeError, match="nonsense"):
        figment.explain.nonsense  # noqa: B018


def test_nothing_heavy_is_imported_before_a_function_is_asked_for() -> None:
    code = "import sys, figment; figment.explain, figment.explore; assert not {'torch', 'numpy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
