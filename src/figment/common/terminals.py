"""Where a person looks: whether a stream is a terminal, whether this is a notebook."""

import sys
import textwrap
from typing import Any


def is_terminal(stream: Any) -> bool:
    """Whether a person looks at it, whatever FORCE_COLOR says: False for what is closed or missing, too."""
    try:
        return bool(stream.isatty())
    except (AttributeError, OSError, ValueError):
        return False


def in_notebook() -> bool:
    """Whether what is shown goes into the page of a notebook (Jupyter, Colab, VS Code); an IPython shell is a terminal."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and hasattr(shell, "kernel")


def wrapped(line: str, columns: int) -> str:
    """A line in lines of so many columns, broken between words and indented alike; words that are longer stay whole."""
    if len(line) <= columns:
        return line
    indent = line[: len(line) - len(line.lstrip())]
    return "\n".join(
        textwrap.wrap(
            line, max(columns, 20), subsequent_indent=indent, break_long_words=False, break_on_hyphens=False,
            replace_whitespace=False, expand_tabs=False,
        )
    )  # fmt: skip
