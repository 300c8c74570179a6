"""Which pictures of a public set belong together, on a stand-in of CelebA's layout that a server on this machine has."""

import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from figment.common.cache import cache_folder
from figment.data.bank.prepare import prepare
from figment.data.public.catalog import PUBLIC_SETS
from figment.data.public.sets import fetch, fetch_groups
from figment.data.sources.groups import grouping
from figment.data.sources.open import open_source
from figment.errors import InputError
from figtest.banks import held_out_names
from figtest.command import command
from figtest.downloads import sha256
from figtest.pictures import noise_folder
from figtest.servers import mirroring

PICTURES = 120
PERSON = {f"{number:06d}.jpg": str(1 + number * 37 % 24) for number in range(1, PICTURES + 1)}  # five each


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the server, with the two files of a small CelebA, whose checksums the catalog takes for right."""
    folder = tmp_path / "mirror" / "celeba"
    folder.mkdir(parents=True)
    pictures = noise_folder(tmp_path / "noise", PICTURES + 1, name="{:06d}.jpg")
    with zipfile.ZipFile(folder / "img_align_celeba.zip", "w") as archive:
        for name in PERSON:
            archive.write(pictures / name, f"img_align_celeba/{name}")
    (folder / "identity_CelebA.txt").write_text("".join(f"{name} {person}\n" for name, person in PERSON.items()))
    entry = PUBLIC_SETS["celeba"]

    def known(remote):
        content = (folder / remote.name).read_bytes()
        return replace(remote, size=len(content), checksum=f"sha256:{sha256(content)}")

    together = tuple(replace(one, file=known(one.file)) for one in entry.together)
    small = replace(entry, files=tuple(map(known, entry.files)), together=together)
    monkeypatch.setitem(PUBLIC_SETS, "celeba", small)
    return folder


@pytest.fixture(autouse=True)
def requests(tmp_path: Path, mirror: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    with mirroring(mirror.parent, tmp_path / "cache", monkeypatch) as asked:
        yield asked


def test_celeba_s_people_come_with_its_pictures(requests: list[str]):
    source = open_source("celeba", lambda text: True)
    assert requests == ["/celeba/img_align_celeba.zip", "/celeba/identity_CelebA.txt"]
    found = dict(zip(source.listing.names, grouping("person").of(source), strict=True))
    assert found == {f"img_align_celeba/{name}": person for name, person in PERSON.items()}
    assert len(requests) == 2
    assert source.display == "celeba"


def test_whole_people_are_held_out():
    bank = prepare(open_source("celeba", lambda text: True), 8, group="person")
    held = {PERSON[name.rpartition("/")[2]] for name in held_out_names(bank)}
    trained = {PERSON[bank.names[i].rpartition("/")[2]] for i in bank.train}
    assert held
    assert held.isdisjoint(trained)
    assert len(held | trained) == 24
    # The bank of the set as a file is the same one, where nothing is grouped.
    alone = prepare(cache_folder() / "sets" / "celeba" / "img_align_celeba.zip", 8)
    assert prepare(open_source("celeba"), 8).folder == alone.folder


def test_pictures_without_their_people_are_still_pictures(mirror: Path, requests: list[str]):
    (mirror / "identity_CelebA.txt").rename(mirror / "away.txt")
    said: list[str] = []
    fetch("celeba", lambda text: True, None, said.append)
    assert len(said) == 1
    assert said[0].startswith("identity_CelebA.txt could not be downloaded")
    assert said[0].endswith("Only --group person needs it.")
    source = open_source("celeba")
    assert len(source.listing.names) == PICTURES
    with pytest.raises(InputError, match=r"identity_CelebA\.txt could not be downloaded.*by hand and put it at"):
        grouping("person").of(source)
    (mirror / "away.txt").rename(mirror / "identity_CelebA.txt")
    assert set(grouping("person").of(source)) == set(PERSON.values())  # it is asked for again
    assert fetch_groups("celeba", "person").read_text().startswith("000001.jpg 14\n")


def test_people_that_aren_t_the_official_ones_are_refused(mirror: Path):
    file = mirror / "identity_CelebA.txt"
    file.write_text(file.read_text().replace("000001.jpg 14", "000001.jpg 15"))
    said: list[str] = []
    fetch("celeba", lambda text: True, None, said.append)
    assert "wrong bytes (sha256" in said[0]
    assert not (cache_folder() / "sets" / "celeba" / "identity_CelebA.txt").exists()


def test_facts_of_the_official_file_have_their_form():
    (one,) = PUBLIC_SETS["celeba"].together
    assert one.file is not None
    assert one.file.name == "identity_CelebA.txt"
    assert all(url.startswith("https://") for url in one.file.urls)
    assert PUBLIC_SETS["lfw"].together[0].pattern


@pytest.mark.usefixtures("without_report")
def test_a_smaller_set_is_sampled_and_trained_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
):
    monkeypatch.chdir(tmp_path)
    sample = ["data", "sample", "celeba", "--people", 12, "--each", 3, "--out", "faces", "--accept-licence"]
    assert command(*sample) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "36 pictures of 12 people from celeba in faces (seed 0)"
    names = sorted(file.name for file in (tmp_path / "faces").iterdir())
    assert all(PERSON[name.partition("_")[2]] == name.partition("_")[0] for name in names)
    assert command(*sample) == 2
    assert "--out faces exists and isn't empty: name a new folder." in capsys.readouterr().err
    assert sorted(file.name for file in (tmp_path / "faces").iterdir()) == names
    assert said[1] == r"Next: figment train faces --group '^(\d+)_'"
    small = ["--size", 16, "--set", "width=4", "--set", "batch=16", "--recipe", "dcgan", "--images", 32]
    assert command("train", "faces", *small, "--group", r"^(\d+)_") == 0
    assert command("train", "celeba", *small, "--group", "person") == 0
    assert command("resume", "runs/celeba-1", "--images", 16) == 0
    assert "has changed" not in capsys.readouterr().out


def test_the_list_tells_of_people(capsys: pytest.CaptureFixture):
    assert command("data", "list", "--licence", "no redistribution") == 0
    assert "knows each picture's person: --group person" in capsys.readouterr().out
