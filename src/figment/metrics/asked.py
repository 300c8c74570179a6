"""What of a measurement is asked for: all of it, a quick look, or parts by name."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from figment.common.text import shown, suggestion
from figment.errors import InputError
from figment.metrics.scores import KINDS

COPYING, ATTRIBUTES, CLIPS = "copying", "attributes", "clips"
CLIP_COPYING = "clip_copying"  # goes with copying
PARTS = (*KINDS, COPYING, ATTRIBUTES, CLIPS)
DEFAULT_SAMPLES = 5000
MAX_REALS = 50_000  # that samples are compared with; so many are FID's custom
# A quick look: of so few pictures FD and KID still place a generator on the scale of degraded reals.
QUICK_PARTS, QUICK_SAMPLES, QUICK_REALS = ("fd", "kid"), 500, 2000


@dataclass(frozen=True)
class Asked:
    """What is measured. parts: names of PARTS; samples, reals: how many of each at most; how: the options that say so."""

    parts: frozenset[str]
    samples: int
    reals: int
    how: str = ""

    @property
    def left_out(self) -> dict[str, str]:
        """Parts that aren't measured, and why."""
        reason = f"left out by {self.how}, without which all is measured"
        return {part: reason for part in PARTS if part not in self.parts}


def asked_for(only: str | Collection[str] = (), quick: bool = False, n: int | None = None) -> Asked:
    """What --only, --quick and -n ask for. Raises InputError for a part that there isn't, or no samples."""
    named = _names(only)
    if n is not None and n < 1:
        raise InputError(f"-n {n}: give the number of samples, such as {DEFAULT_SAMPLES}")
    for name in named:
        if name not in PARTS:
            raise InputError(f"--only {shown(name)}: no such score{suggestion(name, PARTS)}")
    options = [*(["--quick"] if quick else []), *(["--only"] if named else [])]
    return Asked(
        frozenset(named or (QUICK_PARTS if quick else PARTS)),
        n or (QUICK_SAMPLES if quick else DEFAULT_SAMPLES),
        QUICK_REALS if quick else MAX_REALS,
        " and ".join(options),
    )


def _names(only: str | Collection[str]) -> Sequence[str]:
    parts = only.split(",") if isinstance(only, str) else only
    return [name for part in parts if (name := part.strip())]
