"""What --from takes beside a run and a file, and which of all that there isn't: told before torch is read."""

from os.path import abspath, exists, expanduser, isdir

from figment.common.addresses import absent
from figment.common.called import check_run
from figment.data.sources.hub_parts import PREFIX
from figment.errors import InputError

SHIPPED, NOTHING = "start", "none"


def check_asked(text: str) -> None:
    """Raise InputError where --from names no file and no run; what is on the hub is seen when it is fetched."""
    if text in (SHIPPED, NOTHING) or text.startswith(PREFIX):
        return
    path = abspath(expanduser(text))
    if not text or not exists(path):
        mend = "name a run folder, a generator.safetensors, hf:OWNER/NAME, start or none"
        raise InputError(f"--from {absent(text, mend)}")
    if isdir(path):
        check_run(path)
