"""What the verdict says, and when: no praise that wasn't measured, no headline for what can't be seen."""

from dataclasses import replace

import numpy as np
import pytest

from figment.metrics.originality import Copying, Pair, listed
from figment.similarity.nearest import Neighbours

ALL = dict.fromkeys(("hardly changed", "recoloured", "turned", "in a half"), 1.0)


@pytest.fixture
def clean() -> Copying:
    near = Neighbours(np.zeros(400, np.int64), np.zeros(400, bool), np.ones(400))
    return Copying(
        generated=400, train=900, held_out=300, space="pixels", copied_share=0.0, copied_interval=(0, 0.009),
        copied_share_held_out=0.0, copied_p=1.0, highest_held_out=-0.5, copies=[], levels={}, detectable=ALL, nearest=near,
        held_out_distances=np.ones(300), nearer_share=0.01, nearer_p=0.5, test_z=0.1, p_value=0.5, ct=0.1, lean=0.3,
        auth_pct=60.0, auth_pct_held_out=60.0, closest=[], unsaid=[],
    )  # fmt: skip


def with_copies(found: Copying, *kinds: str, p: float = 1e-9) -> Copying:
    pairs = [Pair(i, i, False, 1.5, None, kind) for i, kind in enumerate(kinds)]
    return replace(found, copies=pairs, copied_share=len(pairs) / found.generated, copied_p=p)


def test_no_copies_goes_as_far_as_what_was_looked_for(clean: Copying) -> None:
    text = clean.verdict()
    assert text.startswith("No copies: none of 400 samples is one of 900 training pictures (at most 0.9 % of all are")
    assert "nearly all found, be they hardly changed, recoloured, turned or in a half." in text
    some = replace(clean, detectable={**ALL, "turned": 0.8, "in a half": 0.1}).verdict()
    assert "nearly all that are hardly changed and recoloured and not all that are turned (80 %)" in some
    assert "; those that are in a half (10 %) would mostly go unseen." in some
    poor = replace(clean, detectable=dict.fromkeys(ALL, 0.2)).verdict()
    assert poor.startswith("No exact copies: ")
    assert "only near-exact copies can be told" in poor
    unknown = replace(clean, detectable={}).verdict()
    assert "isn't known" in unknown


def test_copies_are_told_by_their_kinds(clean: Copying) -> None:
    text = with_copies(clean, "whole", "whole", "left half", "lower half", "blend").verdict()
    assert text.startswith(
        "Copies: 5 of 400 samples (1.25 %) are training pictures, 2 whole, mirrored or hardly changed, "
    )
    assert "2 in a half and 1 blended with another; among held-out pictures 0 of 300." in text
    assert "don't lean" not in text  # which would sound as if they were none
    assert (
        with_copies(clean, "centre")
        .verdict()
        .startswith("Copies: 1 of 400 samples (0.25 %) is a training picture, in the")
    )


def test_a_strong_lean_heads_the_verdict_where_no_copy_is_sure(clean: Copying) -> None:
    leaning = replace(clean, lean=6.2)
    assert leaning.verdict().startswith("It leans to its training pictures: as a whole samples lie nearer to them")
    assert "(z 6.2)" in leaning.verdict()
    assert leaning.verdict().count("6.2") == 1
    assert "No copies: none" in leaning.verdict()
    assert leaning.in_short() == "it leans to its training pictures"
    assert with_copies(leaning, "whole", "whole").verdict().startswith("Copies: 2")
    assert with_copies(leaning, "whole", "whole").verdict().endswith("rather than to held-out ones (z 6.2).")
    weak = replace(clean, lean=3.0).verdict()
    assert weak.startswith("No copies")
    assert weak.endswith("rather than to held-out ones (z 3.0).")


def test_what_could_be_chance_is_no_copy(clean: Copying) -> None:
    unsure = replace(with_copies(clean, "whole", p=0.3), highest_held_out=2.0, copied_share_held_out=1 / 300)
    assert unsure.verdict().startswith("No sure sign of copying: 1 of 400 samples (0.25 %) could pass")
    assert unsure.in_short() == "a few could be copies"
    assert with_copies(clean, "whole").in_short() == "1 of 400 are copies"
    assert clean.in_short() == "nothing copied"
    assert replace(clean, detectable={"turned": 0.4}).in_short() == "nothing copied as far as could be told"


def test_lists_in_words() -> None:
    assert [listed(["a", "b", "c"][:count]) for count in (1, 2, 3)] == ["a", "a and b", "a, b and c"]
