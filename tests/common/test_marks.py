"""figment's own mark in a picture's bytes, and no other program's."""

import io

import numpy as np
import pytest
from PIL import Image

from figment.common.marks import has_own_mark
from figment.media.images import encode
from figment.media.provenance import xmp
from figtest.pictures import noise


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_the_mark_is_found_in_every_format_that_figment_writes(kind):
    pixels = noise(300, 300)
    assert has_own_mark(encode(pixels, kind))
    assert has_own_mark(encode(pixels, kind, "compositeWithTrainedAlgorithmicMedia"))
    assert not has_own_mark(encode(pixels, kind, None))


def test_marks_of_other_programs_are_none_of_ours():
    other = xmp("trainedAlgorithmicMedia").replace(b'x:xmpmeta xmlns:x="adobe:ns:meta/"', b'x:xmpmeta x:xmptk="Other"')
    buffer = io.BytesIO()
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(buffer, "JPEG", xmp=other)
    assert b"trainedAlgorithmicMedia" in buffer.getvalue()
    assert not has_own_mark(buffer.getvalue())
