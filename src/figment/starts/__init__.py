"""Starting nets that figment brings along: pairs of nets that have learnt to draw pictures which figment drew itself.

Here stands which there are; a file is read by nets/start_file.py, asked.py has what --from takes, and planning/starting.py
says where one is taken unasked. It may import data, common and errors. A new one is a file, NAME.safetensors, beside this one
and a row of STARTS.
"""

from pathlib import Path
from typing import NamedTuple

from figment.errors import InputError


class Start(NamedTuple):
    """A pair of nets that is shipped: its file's name, and what it was trained on, in words."""

    name: str
    learnt: str

    @property
    def file(self) -> Path:
        return Path(__file__).with_name(f"{self.name}.safetensors")


STARTS = (Start("portraits", "40,000 portraits that figment drew itself"),)  # the first is what --from start takes


def shipped() -> Start:
    """The starting nets to be taken. Raises InputError where none are shipped."""
    for start in STARTS:
        if start.file.is_file():
            return start
    raise InputError("--from start: this figment brings no starting nets along: name a run, or leave it out.")
