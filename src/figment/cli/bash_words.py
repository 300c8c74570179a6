"""Completion in bash of words with an equals sign, such as --set objective=hinge: bash parts them there, click doesn't know."""

import os
from collections.abc import Sequence

from click.shell_completion import BashComplete, CompletionItem, split_arg_string


class BashWords(BashComplete):
    """click's completion for bash, with such words put together again; bash is given what comes behind the sign."""

    name = "bash"
    before = ""  # of the word that is completed, up to the sign

    def get_completion_args(self) -> tuple[list[str], str]:
        words, current = joined(split_arg_string(os.environ["COMP_WORDS"]), int(os.environ["COMP_CWORD"]))
        head, sign, _ = current.rpartition("=")
        self.before = head + sign
        return words[1:], current

    def format_completion(self, item: CompletionItem) -> str:
        return f"{item.type},{item.value.removeprefix(self.before)}"


def joined(words: Sequence[str], place: int) -> tuple[list[str], str]:
    """The words before the one at a place, and that one, "" where it isn't begun; around equals signs put together."""
    whole: list[str] = []
    for number, word in enumerate(words[: place + 1]):
        if number and "=" in (word, words[number - 1]):
            whole[-1] += word
        else:
            whole.append(word)
    return (whole[:-1], whole[-1]) if place < len(words) else (whole, "")
