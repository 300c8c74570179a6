"""What pyproject.toml says of versions is what .ci/lowest tries."""

import importlib.util
import re
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from figtest.paths import ROOT

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("lowest", ROOT / ".ci" / "lowest.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_package_says_from_which_version_on_it_works(
    script: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    script.main()
    pinned = dict(line.split("==") for line in capsys.readouterr().out.split())
    asked = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["parquet"], "pytest>="]
    assert {re.split("[>=]", text)[0] for text in asked} <= pinned.keys()
    assert (pinned["click"], pinned["av"]) == ("8.2", "16.0")  # below these figment doesn't start, or has no wheel
    assert (
        pinned["torch"]
        == dict(line.split("==") for line in Path(ROOT / "constraints.txt").read_text().split())["torch"]
    )


def test_a_package_without_a_lowest_version_is_refused(script: ModuleType) -> None:
    extras = {extra: [] for extra in script.EXTRAS}
    with pytest.raises(ValueError, match="rich: say from which version on it works"):
        script.lowest({"name": "figment-gan", "dependencies": ["rich"], "optional-dependencies": extras})
