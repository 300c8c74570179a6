"""Folders that aren't what they seem, and masks: left out, counted and told, in folders and archives alike."""

import io
import os
import tarfile
import zipfile
from pathlib import Path

import pytest

from figment.data.bank.prepare import prepare
from figment.data.sources.aside import (
    BIN,
    LIBRARY,
    MASKS,
    OWN_RUN,
    SMALLER,
    THUMBNAILS,
    Aside,
    names_masks,
    told_places,
)
from figment.data.sources.open import open_source
from figment.errors import InputError
from figtest.pictures import noise_folder


def store(kind: str, path: Path, names: list[str]) -> Path:
    """Files that hold a byte, in a folder or archive."""
    if kind == "folder":
        for name in names:
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(b"x")
    elif kind == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name in names:
                archive.writestr(name, b"x")
    else:
        with tarfile.open(path, "w") as archive:
            for name in names:
                member = tarfile.TarInfo(name)
                member.size = 1
                archive.addfile(member, io.BytesIO(b"x"))
    return path


CASES = {  # what lies there; what is taken of it; what is left out
    "a NAS": (
        ["a.jpg", "b/c.jpg", "@eaDir/a.jpg/SYNOPHOTO_THUMB_M.jpg", "b/@eaDir/c.jpg/SYNOPHOTO_THUMB_M.jpg", "#recycle/d.jpg"],
        ["a.jpg", "b/c.jpg"],
        [Aside("#recycle", BIN, 1), Aside("@eaDir", THUMBNAILS, 2)],
    ),
    "a disk of Windows": (
        ["a.jpg", "$Recycle.Bin/S-1-5/$R1.jpg", "System Volume Information/x.jpg", "lost+found/#1.jpg"],
        ["a.jpg"],
        [
            Aside("$Recycle.Bin", BIN, 1),
            Aside("System Volume Information", "the system's own", 1),
            Aside("lost+found", "the system's own", 1),
        ],
    ),
    "Lightroom": (
        ["a.jpg", "Catalog Previews.lrdata/0/00.jpg"],
        ["a.jpg"],
        [Aside("Catalog Previews.lrdata", "previews of Lightroom", 1)],
    ),
    "a photo library": (
        ["P.photoslibrary/originals/1/a.jpg", "P.photoslibrary/resources/derivatives/1/a.jpg"],
        ["P.photoslibrary/originals/1/a.jpg"],
        [Aside("resources", LIBRARY, 1)],
    ),
    "figment's own runs": (
        ["a.jpg", *(f"runs/a-1/{name}" for name in ("recipe.json", "run.json", "pictures/0.png", "samples/1.png", "2.png"))],
        ["a.jpg"],
        [Aside("runs/a-1", OWN_RUN, 3)],
    ),
    "no run": (["a.jpg", "x/recipe.json", "x/b.png"], ["a.jpg", "x/b.png"], []),
    "masks behind a point": (
        ["0.jpg", "0.seg.png", "1.jpg", "1.seg.png", "2.mask.png"],
        ["0.jpg", "1.jpg", "2.mask.png"],
        [Aside("*.seg.png", MASKS, 2)],
    ),
    "masks behind a line": (
        ["a.png", "a_mask.png", "a_mask_1.png", "b_Mask.png"],
        ["a.png", "b_Mask.png"],
        [Aside("*_mask.png", MASKS, 2)],
    ),
    "masks in a folder": (
        ["images/a.jpg", "images/b.jpg", "masks/a.png", "masks/b.png"],
        ["images/a.jpg", "images/b.jpg"],
        [Aside("masks", MASKS, 2)],
    ),
    "masks of parts": (
        ["images/train/a.jpg", "images/val/b.jpg", "annotations/train/a.png", "annotations/val/b_mask.png"],
        ["images/train/a.jpg", "images/val/b.jpg"],
        [Aside("annotations", MASKS, 2)],
    ),
    "parts with masks": (
        ["train/images/a.jpg", "train/masks/a.png"], ["train/images/a.jpg"], [Aside("train/masks", MASKS, 1)],
    ),
    "thumbnails below": (["a.jpg", "thumbs/a.jpg"], ["a.jpg"], [Aside("thumbs", SMALLER, 1)]),
    "a class of that name": (["mask/1.jpg", "no_mask/1.jpg"], ["mask/1.jpg", "no_mask/1.jpg"], []),
    "thumbnails that are the set": (["thumbnails/1.jpg", "README.md"], ["thumbnails/1.jpg"], []),
    "waste": (["trash/1.jpg", "glass/1.jpg"], ["glass/1.jpg", "trash/1.jpg"], []),
}  # fmt: skip


@pytest.mark.parametrize("kind", ["folder", "zip", "tar"])
@pytest.mark.parametrize("case", CASES)
def test_what_is_none_of_the_set_is_left_out_and_counted(case, kind, tmp_path):
    names, taken, aside = CASES[case]
    listing = open_source(store(kind, tmp_path / f"set.{kind}", names)).listing
    assert (listing.names, listing.aside) == (taken, aside)


def test_hidden_folders_of_a_known_kind_are_told_of(tmp_path):
    store("folder", tmp_path, ["a.jpg", ".thumbnails/a.jpg", ".Trash-1000/files/b.jpg", ".git/c.jpg"])
    listing = open_source(tmp_path).listing
    assert listing.aside == [Aside(".Trash-1000", BIN, 1), Aside(".thumbnails", "thumbnails of a desktop", 1)]
    assert listing.ignored == 1


def test_a_library_is_known_by_its_own_name(tmp_path):
    library = store("folder", tmp_path / "P.photoslibrary", ["originals/a.jpg", "resources/derivatives/a.jpg"])
    assert open_source(library).listing.names == ["originals/a.jpg"]


def test_a_folder_that_is_named_is_taken_whatever_it_is(tmp_path):
    for name in ("@eaDir", "run"):
        folder = store("folder", tmp_path / name, ["recipe.json", "run.json", "a.png"])
        assert open_source(folder).listing.names == ["a.png"]


def test_a_folder_of_nothing_else_says_what_there_is(tmp_path):
    path = store("folder", tmp_path / "pics", ["@eaDir/a.jpg"])
    with pytest.raises(InputError, match=r"no pictures of its own, but 1 in @eaDir \(thumbnails of a NAS\)"):
        _ = open_source(path).listing


def test_an_archive_beside_runs_is_still_what_the_folder_holds(tmp_path):
    run = [f"runs/a-1/{name}" for name in ("recipe.json", "run.json", *(f"pictures/{n}.png" for n in range(40)))]
    folder = store("folder", tmp_path / "data", run)
    store("zip", folder / "pics.zip", ["a.png"])
    assert open_source(folder).listing.names == ["pics.zip/a.png"]


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="needs a user whom permissions bind")
def test_a_folder_of_the_systems_that_may_not_be_read_is_no_fault(tmp_path):
    (tmp_path / "lost+found").mkdir(mode=0)
    (tmp_path / "a.png").write_bytes(b"x")
    assert open_source(tmp_path).listing.skipped == []


def test_runs_among_the_pictures_change_nothing_and_are_told_each_time(tmp_path):
    data = noise_folder(tmp_path / "pics", 40)
    first = prepare(data, 8)
    (data / "runs" / "pics-1").mkdir(parents=True)
    for name in ("recipe.json", "run.json"):
        (data / "runs" / "pics-1" / name).write_text("{}")
    noise_folder(data / "runs" / "pics-1" / "pictures", 5, side=9)
    again = prepare(data, 8)
    assert again.folder == first.folder
    assert "Left out" not in first.summary()
    assert "Left out: 5 in runs/pics-1 (a run of figment)." in again.summary()


def test_many_places_are_told_in_one_sentence():
    found = [Aside(f"runs/a-{number}", OWN_RUN, 10) for number in range(5)] + [Aside("@eaDir", THUMBNAILS, 70)]
    assert told_places(found) == [
        "70 in @eaDir (thumbnails of a NAS)",
        "50 in runs/a-0, runs/a-1, runs/a-2 and 2 more places (a run of figment)",
    ]


def test_columns_of_masks_by_their_names():
    masks = ["mask", "Segmentation", "depth_map", "annotation", "semantic_mask", "label_image"]
    assert [name for name in [*masks, "image", "masked_image", "photo", "depths_of_sea"] if names_masks(name)] == masks
