"""What long work tells and asks of whoever started it."""

from collections.abc import Callable

Progress = Callable[[int, int], None]  # what is done, of how much (0: nobody knows)
Say = Callable[[str], None]  # a sentence for a person
Agree = Callable[[str], bool]  # whether a person agrees to what the text says
Stage = Callable[[str], Progress]  # a new stage of the work by its title; gives what to tell its progress


def counted(progress: Progress | None, of: int) -> Callable[[int], None]:
    """What is to be told how many more are done: it tells progress how many are done in all."""
    so_far = 0

    def done(more: int) -> None:
        nonlocal so_far
        so_far += more
        if progress:
            progress(so_far, of)

    return done
