"""Where things lie."""

from pathlib import Path

ROOT = Path(__file__).parents[3]  # the repository
DATA = ROOT.parent / "shared" / "data"  # real pictures, where there are any: tests that need them skip without
