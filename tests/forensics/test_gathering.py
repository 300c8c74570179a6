import numpy as np
import pytest
from PIL import Image

from figment.common.progress import Silent
from figment.errors import InputError
from figment.forensics.gathering import gathered
from figment.media.images import write
from figment.reals import bank_of
from figtest.detectors import textures
from figtest.whole_runs import whole_run


class Heard(Silent):
    def __init__(self):
        self.said = []

    def say(self, sentence):
        self.said.append(sentence)


def folder_of(place, pictures, suffix="png", name="{i:03d}"):
    place.mkdir(parents=True)
    for i, picture in enumerate(pictures):
        Image.fromarray(picture.transpose(1, 2, 0)).save(place / f"{name.format(i=i, half=i // 2)}.{suffix}")
    return str(place)


def gather(real, fake, n=100, size=None, group=None, display=None):
    return gathered(real, fake, n, 0, size, group, "cpu", None, display or Silent())


@pytest.fixture
def run(tmp_path):
    run = whole_run(tmp_path / "of-run")
    run.generator_file.write_bytes(run.snapshot_file(10240).read_bytes())
    return run


def test_a_run_gives_its_samples_and_its_held_out_pictures(run):
    made, real = gather((), [str(run.folder)], n=20)
    bank = bank_of(run, Silent())
    assert (made.is_fake, real.is_fake) == (True, False)
    assert made.pictures.shape == (20, 3, 16, 16)
    assert sorted(real.groups) == sorted(bank.names[row] for row in bank.held_out)
    assert len(set(made.groups)) == 20


def test_two_seeds_share_no_sample(run):
    groups = [set(gathered((), [str(run.folder)], 20, s, None, None, "cpu", None, Silent())[0].groups) for s in (0, 1)]
    assert not groups[0] & groups[1]


def test_all_come_in_the_smallest_size_of_the_made_ones(run, tmp_path):
    real = folder_of(tmp_path / "real", textures(30, 0, 40))
    other = folder_of(tmp_path / "other", textures(30, 1, 24))
    found = gather([real], [other, str(run.folder)])
    assert {one.pictures.shape[1:] for one in found} == {(3, 16, 16)}
    assert {one.pictures.shape[1:] for one in gather([real], [other])} == {(3, 24, 24)}
    assert {one.pictures.shape[1:] for one in gather([real], [other], size=(20, 30))} == {(3, 20, 30)}


def test_several_places_share_the_number(tmp_path):
    places = [folder_of(tmp_path / str(i), textures(40, i)) for i in range(3)]
    assert [len(one.pictures) for one in gather(places[:1], places[1:], n=30)] == [15, 15, 30]


def test_groups_are_those_of_the_option_and_else_the_pictures(tmp_path):
    real = folder_of(tmp_path / "real", textures(40, 0), name="person{half}_{i}")
    fake = folder_of(tmp_path / "fake", textures(40, 1))
    made, known = gather([real], [fake], group="^(person[0-9]+)_")
    assert sorted(known.groups) == sorted(f"person{i // 2}" for i in range(40))
    assert len(set(made.groups)) == 40
    with pytest.raises(InputError, match="matches no picture's name"):
        gather([real], [fake], group="^(nobody)_")


def test_jpegs_against_pngs_go_both_through_jpeg(tmp_path):
    fake, heard = folder_of(tmp_path / "fake", textures(30, 1)), Heard()
    real = folder_of(tmp_path / "real", textures(30, 0), "jpg")
    made, _ = gather([real], [fake], display=heard)
    plain, _ = gather([folder_of(tmp_path / "png", textures(30, 0))], [fake], display=heard)
    assert (made.pictures != plain.pictures).any()
    assert [sentence for sentence in heard.said if "JPEG" in sentence] == [
        "one kind's files are JPEGs: both go through JPEG 90 first"
    ]


def test_kinds_that_were_reduced_differently_are_told(tmp_path):
    heard = Heard()
    real, fake = folder_of(tmp_path / "real", textures(30, 0, 96)), folder_of(tmp_path / "fake", textures(30, 1))
    gather([real], [fake], display=heard)
    assert any(
        "made pictures are stored 1 times as large as they are looked at, real ones 4 times" in s for s in heard.said
    )


def test_what_figment_made_is_no_real_picture(tmp_path):
    real, fake, heard = (
        folder_of(tmp_path / "real", textures(30, 0)),
        folder_of(tmp_path / "fake", textures(30, 1)),
        Heard(),
    )
    write(tmp_path / "real" / "made.png", textures(1, 9)[0].transpose(1, 2, 0))
    assert [len(one.pictures) for one in gather([real], [fake], display=heard)] == [30, 30]
    assert any("1 are left out of the real ones: figment made them" in sentence for sentence in heard.said)


def test_all_are_grey_where_some_are(tmp_path):
    run = whole_run(tmp_path / "of-run", choices={"channels": 1})
    run.generator_file.write_bytes(run.snapshot_file(10240).read_bytes())
    real = folder_of(tmp_path / "real", textures(30, 0))
    for one in gather([real], [str(run.folder)]):
        assert (one.pictures[:, :1] == one.pictures).all()


def test_what_cant_be_used_is_told(tmp_path):
    place = folder_of(tmp_path / "real", textures(30, 0))
    small = folder_of(tmp_path / "small", textures(30, 0, 12))
    for real, fake, told in (
        ([place], [], "--fake: name"),
        ([], [place], "--real: "),
        ([place], [small], "show too little"),
        ([place], [str(tmp_path / "none")], "none"),
    ):
        with pytest.raises(InputError, match=told):
            gather(real, fake)


def test_the_order_is_the_seeds(tmp_path):
    place = folder_of(tmp_path / "real", textures(40, 0))
    first, again = (gather([place], [place], n=10)[1].groups for _ in range(2))
    other = gathered([place], [place], 10, 1, None, None, "cpu", None, Silent())[1].groups
    assert first == again != other
    assert np.mean([a == b for a, b in zip(first, other, strict=True)]) < 0.5
