"""Patterns: what a shell and glob would find, and no more of the disk than anybody can mean."""

import glob
import os
import sys
from pathlib import Path

import pytest

from figment.common import folders
from figment.data.sources import patterns
from figment.data.sources.open import open_source
from figment.data.sources.patterns import expand
from figment.errors import InputError


def touch(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


@pytest.mark.parametrize(
    "pattern",
    [
        "*.tar",
        "**/*.tar",
        "a/**",
        "*/b/*.tar",
        "**/b/**/*.tar",
        "[ab]/*",
        ".*/*.tar",
        "a/?.tar",
        "**",
        "a/b/*.t[ao]r",
        "./a/*",
    ],
)
def test_what_glob_finds_is_found(pattern, tmp_path, monkeypatch):
    touch(tmp_path, "1.tar", "a/2.tar", "a/b/3.tar", "a/b/c/4.tar", "b/5.tar", "b/.6.tar", ".h/7.tar", "a/b/x.txt")
    monkeypatch.chdir(tmp_path)
    # At the end of a pattern ** stands for what lies below: glob counts the folder itself, with all that is in it, too.
    itself = {"a", str(tmp_path), f"{tmp_path}/a"} if pattern.endswith("**") else set()
    usual = {os.path.normpath(name) for name in glob.glob(pattern, recursive=True) if name} - itself
    assert {str(path) for path in expand(pattern)} - itself == usual
    absolute = {os.path.normpath(name) for name in glob.glob(f"{tmp_path}/{pattern}", recursive=True)} - itself
    assert {str(path) for path in expand(f"{tmp_path}/{pattern}")} - itself == absolute


@pytest.mark.parametrize("pattern", ["{}", "x-{}.tar", "{,}", "{ }", "{.,.}", "{,/}", "{}{}", "a/{,}/b"])
def test_braces_around_nothing_are_not_the_current_folder(pattern, tmp_path, monkeypatch):
    touch(tmp_path, *(f"{n}.png" for n in range(40)))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="braces") as caught:
        open_source(pattern)
    assert pattern in str(caught.value)


@pytest.mark.parametrize("text", ["", " "])
def test_an_empty_text_is_not_the_current_folder(text, tmp_path, monkeypatch):
    touch(tmp_path, *(f"{n}.png" for n in range(40)))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="empty"):
        open_source(text)


def test_links_in_circles_come_to_an_end(tmp_path):
    touch(tmp_path, "a/1.tar", "b/2.tar")
    for number in range(6):  # glob would follow them forty deep, in every order
        (tmp_path / "a" / f"l{number}").symlink_to("..")
    assert [path.name for path in expand(f"{tmp_path}/**/*.tar")] == ["1.tar", "2.tar"]


def test_more_than_anybody_can_mean_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(patterns, "MAX_ENTRIES", 50)
    touch(tmp_path, *(f"{n}/{m}.tar" for n in range(7) for m in range(7)))
    with pytest.raises(InputError, match="leads through more than 50 files and folders: give a narrower pattern"):
        expand(f"{tmp_path}/**/*.png")
    assert len(expand(f"{tmp_path}/[0-5]/*.tar")) == 42


@pytest.mark.skipif(sys.platform != "linux", reason="has no /proc")
@pytest.mark.parametrize("pattern", ["/proc/**/*.png", "/sys/**/*.tar", "/proc/self/task/*/fd/*.png"])
def test_what_the_system_makes_up_isnt_walked_through(pattern, monkeypatch):
    looked: list[str] = []
    scandir = os.scandir
    monkeypatch.setattr(folders.os, "scandir", lambda path: looked.append(str(path)) or scandir(path))
    with pytest.raises(InputError, match="matches no file"):
        expand(pattern)
    assert looked == []


@pytest.mark.skipif(sys.platform != "linux", reason="has no /proc")
def test_a_link_into_it_isnt_followed(tmp_path):
    touch(tmp_path, "a/1.tar")
    (tmp_path / "a" / "link").symlink_to("/proc")
    assert [path.name for path in expand(f"{tmp_path}/**/*.tar")] == ["1.tar"]
    touch(tmp_path, *(f"a/{n}.png" for n in range(40)))
    listing = open_source(tmp_path / "a").listing
    assert (len(listing.names), listing.ignored) == (40, 1)
