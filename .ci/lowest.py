"""The lowest versions that pyproject.toml allows, a line each, as constraints for pip.

python .ci/lowest.py > constraints.txt

torch is the one of constraints.txt: where figment is tested there is one build of it for CPUs, and another is gigabytes.
"""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
# What the tests need. Not hub: huggingface_hub asks for a newer click than figment; constraints.txt has its lowest. Nor study.
EXTRAS = ("parquet", "heic", "onnx", "test")
# Extras are left out: a file of constraints takes none.
REQUIREMENT = re.compile(r"(?P<name>[\w-]+)(\[[\w,-]+\])?>=(?P<lowest>[\d.]+)(,<[\d.]+)?")


def lowest(project: dict) -> dict[str, str]:
    """Each package that a project needs, with the lowest version it is said to work with. Raises ValueError where none is."""
    asked = [*project["dependencies"], *(text for extra in EXTRAS for text in project["optional-dependencies"][extra])]
    versions = {}
    for text in asked:
        if text.startswith(project["name"]):  # extras of its own
            continue
        match = REQUIREMENT.fullmatch(text)
        if match is None:
            raise ValueError(f"{text}: say from which version on it works: NAME>=VERSION")
        versions[match["name"]] = match["lowest"]
    return versions


def main() -> None:
    versions = lowest(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"])
    tested = dict(line.split("==") for line in (ROOT / "constraints.txt").read_text("utf-8").split())
    for name, version in (versions | {"torch": tested["torch"]}).items():
        print(f"{name}=={version}")


if __name__ == "__main__":
    main()
