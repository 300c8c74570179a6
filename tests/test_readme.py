"""The README's commands are the ones that are run, and what it names is there."""

import re
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def test_ci_runs_the_readme_s_test_command() -> None:
    commands = re.findall(r"```bash\n(.*?)\n```", README, re.S)[:2]
    assert "figment train --for 3m" in commands[0]
    assert commands[1] in (ROOT / ".ci" / "run").read_text().splitlines()


def test_an_environment_is_activated_by_files_that_it_has(tmp_path: Path) -> None:
    venv.create(tmp_path / ".venv")
    named = set(re.findall(r"\.venv/bin/[aA]ctivate(?:\.\w+)?", README))
    assert len(named) == 3  # bash and zsh, fish, PowerShell
    assert [file for file in named if not (tmp_path / file).is_file()] == []


def test_the_tree_has_every_room() -> None:
    tree = (ROOT / "CONTRIBUTING.md").read_text().split("src/figment/\n")[1].split("```")[0]
    for place in (ROOT / "src" / "figment").iterdir():
        room = f"{place.name}/" if place.is_dir() else place.name
        assert room in tree or place.name.startswith("__") or room in ("py.typed", "templates/"), room


@pytest.mark.parametrize(
    "page", ["README.md", "CONTRIBUTING.md", *(f"docs/{p.name}" for p in (ROOT / "docs").glob("*.md"))]
)
def test_links_and_pictures_lead_somewhere(page: str) -> None:
    file = ROOT / page
    links = re.findall(r"\]\(([^)#]+)\)", file.read_text())
    assert all((file.parent / link).exists() for link in links if not link.startswith("http"))
    assert "{{" not in file.read_text()
