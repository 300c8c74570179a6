"""Pages to print: pictures are as large as the paper allows, and lie where the layout says."""

import math

import numpy as np
import pytest

from figment.media.contact_sheet import MARGIN_MM, PAPERS, columns_on, contact_sheet, laid_out, pixels

PICTURES = np.stack([np.full((3, 10, 20), 20 * i, np.uint8) for i in range(7)])


def test_a_millimetre_is_a_300th_of_an_inch_s_share():
    assert pixels(25.4) == 300
    assert [pixels(mm) for mm in PAPERS["a4"]] == [2480, 3508]


@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize(("height", "width"), [(64, 64), (64, 96)])
def test_no_number_of_columns_prints_them_larger(paper, height, width):
    for n in (1, 7, 35, 64):
        columns = columns_on(paper, n, height, width)
        best = laid_out(paper, math.ceil(n / columns), columns, height, width)
        for other in range(1, n + 1):
            assert laid_out(paper, math.ceil(n / other), other, height, width).side <= best.side
        across = best.corner[1] + columns * (best.side[1] + best.gap) - best.gap
        down = best.corner[0] + math.ceil(n / columns) * (best.side[0] + best.gap) - best.gap
        margin = pixels(MARGIN_MM)
        assert margin <= best.corner[1] <= across <= best.size[1] - margin + 1
        assert margin <= best.corner[0] <= down <= best.size[0] - margin


def test_pictures_lie_where_the_layout_says():
    page = laid_out("a5", 2, 4, 10, 20)
    sheet = contact_sheet([("", PICTURES[:4]), ("", PICTURES[4:])], [], "a5")
    assert sheet.shape == (*page.size, 3)
    for i in range(7):
        top = page.corner[0] + i // 4 * (page.side[0] + page.gap)
        left = page.corner[1] + i % 4 * (page.side[1] + page.gap)
        assert (sheet[top : top + page.side[0], left : left + page.side[1]] == 20 * i).all()
    assert (sheet[: page.corner[0]] == 255).all()


def test_names_titles_and_a_foot_are_written_beside_the_pictures():
    bare = contact_sheet([("", PICTURES[:3]), ("", PICTURES[3:6])], [], "a5")
    told = contact_sheet([("ant", PICTURES[:3]), ("bee", PICTURES[3:6])], ["0", "1", "2"], "a5", foot="synthetic")
    assert told.shape == bare.shape
    dark = (told < 128).all(2)
    assert dark[:, : told.shape[1] // 8].any()  # names
    assert dark[-pixels(MARGIN_MM) - 40 : -pixels(MARGIN_MM)].any()  # the foot
