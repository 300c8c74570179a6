"""The Dockerfile: its instructions are known, what it copies and installs is there, and it starts figment."""

import json
import re
import tomllib

from figtest.paths import ROOT

KNOWN = {"FROM", "ARG", "COPY", "RUN", "USER", "ENV", "WORKDIR", "STOPSIGNAL", "ENTRYPOINT", "CMD"}


def instructions() -> list[tuple[str, str]]:
    """Of the Dockerfile, in order, with what each is given."""
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(name, words) for name, words in (line.split(" ", 1) for line in lines)]


def test_it_installs_figment_and_starts_it() -> None:
    found, project = instructions(), tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert {name for name, _ in found} <= KNOWN
    assert found[0][0] == "FROM"
    python = re.fullmatch(r"python:(3\.\d+)-slim", found[0][1])  # a fixed version, as hadolint's DL3006 and DL3007 ask
    assert python is not None
    assert f"Programming Language :: Python :: {python[1]}" in project["classifiers"]
    installs = [words for name, words in found if name == "RUN" and "pip install" in words]
    assert installs
    for words in installs:
        assert "--no-cache-dir" in words  # DL3042
        for extra in re.findall(r"\[([a-z0-9,]+)\]", words):
            assert set(extra.split(",")) <= project["optional-dependencies"].keys()
    (entry,) = (json.loads(words) for name, words in found if name == "ENTRYPOINT")
    assert entry[0] in project["scripts"]
    assert [words for name, words in found if name == "USER"][-1] != "root"  # DL3002
    (folder,) = (words for name, words in found if name == "WORKDIR")
    assert folder.startswith("/")  # DL3000


def test_what_it_copies_has_what_it_installs() -> None:
    assert (ROOT / "constraints.txt").is_file()
    assert ("COPY", ". /figment") in instructions()
