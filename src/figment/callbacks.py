"""What long work tells and asks of whoever started it."""

from collections.abc import Callable

Progress = Callable[[int, int], None]  # what is done, of how much (0: nobody knows)
Say = Callable[[str], None]  # a sentence for a person
Agree = Callable[[str], bool]  # whether a person agrees to what the text says
Stage = Callable[[str], Progress]  # a new stage of the work by its title; gives what to tell its progress
