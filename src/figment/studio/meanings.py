"""What the trainer's words mean, for somebody who has never trained a network: by a stretch of each that no other has."""

from collections.abc import Sequence

MEANINGS = (
    (
        "too early to tell",
        "Five readings of the game are taken before anything is said of it: single ones waver too much.",
    ),
    (
        "the generator draws",
        "Collapse: whatever code it gets, the generator draws one picture or a few. It has found something that the"
        " discriminator takes for real and stays with it. It seldom mends by itself.",
    ),
    (
        "has drawn much the same from the start",
        "Its pictures have never been varied: it has not begun to learn. Often the steps are too large or too small.",
    ),
    ("the pictures are noise", "Neighbouring pixels differ far more than in real pictures: nothing has taken shape."),
    ("have no detail", "Neighbouring pixels hardly differ: the pictures are blurred, though they should have shape by now."),
    (
        "a pattern of 4×4 pixels",
        "Some ways to enlarge what is between two layers leave a pattern of chequers, the same all over each picture.",
    ),
    (
        "all clips stand still",
        "From one frame to the next hardly anything changes, far less than in real clips: the numbers of the code that move"
        " while a clip plays have next to no effect.",
    ),
    (
        "frames flicker",
        "From one frame to the next far more changes than in real clips: they don't hang together, though each by itself may"
        " be a good picture.",
    ),
    (
        "by heart",
        "The discriminator ranks pictures that it was trained on above others of the same kind that were held back. What it"
        " then tells the generator is about those pictures, and no longer about what makes a picture real.",
    ),
    (
        "can't tell fakes from reals",
        "The discriminator guesses. Either the pictures are that good, which the sheet shows, or it is too weak to lead.",
    ),
    (
        "no better than a guess",
        "Its loss is what somebody would have who always says ½: its answers hardly differ from picture to picture, so the"
        " generator learns slowly.",
    ),
    (
        "is certain of nearly every picture",
        "Where the discriminator is sure of every fake, small changes of a picture change nothing in its answer, and the"
        " generator isn't told what would be better.",
    ),
    (
        "no progress over a third",
        "Neither score, composition nor detail has gained over the last third of the images, and the pictures are still far"
        " from reals: more of the same will hardly help.",
    ),
    ("still forming", "The pictures have little variety or detail yet. Early on that is as it should be."),
    (
        "tells nearly all fakes",
        "The discriminator ranks nearly every real above nearly every fake. That alone is no illness: the best short runs end"
        " so. What counts is whether the pictures still gain by it.",
    ),
    (
        "in balance",
        "Pictures have taken shape, nothing is wrong, and the discriminator doesn't tell nearly all fakes: each net still has"
        " something to learn from the other.",
    ),
)  # fmt: skip


TABLE = [{"words": words, "means": means} for words, means in MEANINGS]


def meanings(sentences: Sequence[str]) -> list[dict[str, str | None]]:
    """Each sentence with what it means; None for one that nothing is known of, as of another version's."""
    return [
        {"text": text, "means": next((means for words, means in MEANINGS if words in text), None)} for text in sentences
    ]
