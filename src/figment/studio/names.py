"""Names that a run may be given from a page: such as every system can have, and that are never taken for a path or an option."""

import re

from figment.errors import InputError

NAME = re.compile(r"\w(?:[\w. -]{0,98}\w)?")
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)  # on Windows


def check_name(name: str) -> str:
    """The name. Raises InputError where it isn't one."""
    if not NAME.fullmatch(name) or RESERVED.fullmatch(name) or len(name.encode()) > 200:
        raise InputError(
            "A name has letters, digits, spaces, dots, dashes and underscores, begins and ends with a letter or a digit, "
            "and has at most 100 characters."
        )
    return name
