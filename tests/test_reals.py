"""Files that are named to a command: read as a run's own pictures are."""

import numpy as np
import pytest
from PIL import Image

from figment.data.decoding.depth import Range, Ranges
from figment.data.decoding.fit import Target
from figment.errors import InputError
from figment.reals import read_files


def test_deep_pictures_are_scaled_as_those_of_the_run(tmp_path):
    files = []
    for high in (400, 1000):
        files.append(tmp_path / f"{high}.png")
        Image.fromarray(np.full((8, 8), high, np.uint16)).save(files[-1])
    target, said = Target(8, 8, 1), []
    known = Ranges([Range("16-bit PNG", 0, 4000)])
    assert read_files(files, target, said.append, known)[:, 0, 0, 0].tolist() == [25, 62]
    # By themselves they have one scale too.
    assert read_files(files, target, said.append)[:, 0, 0, 0].tolist() == [100, 249]
    assert not said


def test_what_is_no_picture_is_named(tmp_path):
    (tmp_path / "a.png").write_bytes(b"x")
    with pytest.raises(InputError, match=r"a\.png can't be used"):
        read_files([tmp_path / "a.png"], Target(8, 8), print)
