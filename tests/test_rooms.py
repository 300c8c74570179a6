"""The house: a room imports only rooms on floors below its own, and no files import one another in a circle."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from figtest.paths import ROOT

# From the top floor down. Rooms that share a floor don't import each other. `figment` is the package's own __init__.
FLOORS = [
    {"__main__"},
    {"cli"},
    {"figment"},
    {"studio"},
    {"studies"},
    {"start"},
    {"config_file"},
    {"planning", "comparing"},
    {"explore", "explain", "reporting", "sharing", "display", "forensics"},
    {"training"},
    {"workbench"},
    {"metrics"},
    {"reals"},
    {"inspection"},
    {"similarity"},
    {"features"},
    {"attributes"},
    {"generator", "finding", "stores"},
    {"discriminator"},
    {"run"},
    {"run_files"},
    {"motion"},
    {"codes", "presets", "nets", "media", "starts"},
    {"recipe"},
    {"data"},
    {"plane"},
    {"game"},
    {"augment"},
    {"metadata"},
    {"cached"},
    {"common"},
    {"errors", "version", "experiments"},
]
FLOOR = {room: floor for floor, rooms in enumerate(reversed(FLOORS)) for room in rooms}


def modules(source: Path) -> dict[str, Path]:
    """Every module of a package's folder, by its dotted name; a package by its own."""
    names = {file: ".".join(file.relative_to(source.parent).with_suffix("").parts) for file in source.rglob("*.py")}
    return {name.removesuffix(".__init__"): file for file, name in names.items()}


def imported(file: Path, known: dict[str, Path]) -> set[str]:
    """The modules of ours that a file imports, wherever it does: at its head, in a function, for types."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module in known:
            found |= {f"{node.module}.{name.name}" for name in node.names} & known.keys() or {node.module}
        elif isinstance(node, ast.Import):
            found |= {name.name for name in node.names} & known.keys()
    return found


def room(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else parts[0]


def upward(source: Path) -> list[str]:
    """Imports of a room above, beside, or on no floor at all."""
    known = modules(source)
    arrows = [(name, other) for name, file in sorted(known.items()) for other in sorted(imported(file, known))]
    return [f"{a} imports {b}" for a, b in arrows if room(a) != room(b) and not FLOOR[room(a)] > FLOOR[room(b)]]


def circle(source: Path) -> list[str]:
    """Modules that import one another in a circle, the first of them again at its end; none where there is none."""
    known = modules(source)
    arrows = {name: sorted(imported(file, known)) for name, file in known.items()}
    done: set[str] = set()

    def search(name: str, path: list[str]) -> Iterator[list[str]]:
        if name in path:
            yield [*path[path.index(name) :], name]
        elif name not in done:
            for other in arrows[name]:
                yield from search(other, [*path, name])
            done.add(name)

    return next((found for name in sorted(arrows) for found in search(name, [])), [])


FIGMENT = ROOT / "src" / "figment"


def test_every_room_has_a_floor() -> None:
    assert {room(name) for name in modules(FIGMENT)} == set(FLOOR)


def test_no_arrow_goes_up() -> None:
    assert upward(FIGMENT) == []


def test_no_files_import_in_a_circle() -> None:
    assert circle(FIGMENT) == []


def test_nothing_imports_the_command_line() -> None:
    known = modules(FIGMENT)
    users = {name for name, file in known.items() if any(room(other) == "cli" for other in imported(file, known))}
    assert {room(name) for name in users} <= {"cli", "__main__"}


def test_data_are_read_without_torch() -> None:
    rooms = [name for name in modules(FIGMENT) if room(name) == "data"]
    code = f"import sys\nfor name in {rooms}: __import__(name)\nsys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_planted_arrows_are_found(tmp_path: Path) -> None:
    source = tmp_path / "figment"
    files = {
        "__init__.py": "", "errors.py": "", "run.py": "from figment.errors import InputError",
        "metrics/__init__.py": "", "metrics/kid.py": "from figment import run", "training/__init__.py": "",
        "training/loop.py": "def fit():\n    from figment.metrics import kid", "training/ema.py": "",
    }  # fmt: skip
    for name, text in files.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(text)
    assert upward(source) == circle(source) == []
    (source / "metrics" / "kid.py").write_text("def kid():\n    from figment.training.loop import fit")
    assert upward(source) == ["figment.metrics.kid imports figment.training.loop"]
    assert circle(source) == ["figment.metrics.kid", "figment.training.loop", "figment.metrics.kid"]
    (source / "errors.py").write_text("import figment.run")
    assert "figment.errors imports figment.run" in upward(source)
